CREATE TABLE patients (
    id BIGINT PRIMARY KEY,
    full_name BLOB NOT NULL,
    diagnosis VARBINARY(255),
    email VARCHAR(255) NOT NULL,
    ssn TEXT,
    wards JSON NOT NULL,
    flags JSON,
    city TEXT NOT NULL
);
CREATE TABLE visits (id BIGINT PRIMARY KEY, note BLOB NOT NULL, remark BLOB);
