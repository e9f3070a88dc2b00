CREATE TABLE patients (
    id INTEGER PRIMARY KEY NOT NULL,
    full_name BLOB NOT NULL,
    diagnosis BLOB,
    email TEXT NOT NULL,
    ssn TEXT,
    wards TEXT NOT NULL,
    flags TEXT,
    city TEXT NOT NULL
);
CREATE TABLE visits (id INTEGER PRIMARY KEY NOT NULL, note BLOB NOT NULL, remark BLOB);
