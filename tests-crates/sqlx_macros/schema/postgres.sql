CREATE TABLE patients (
    id BIGINT PRIMARY KEY,
    full_name BYTEA NOT NULL,
    diagnosis BYTEA,
    email TEXT NOT NULL,
    ssn TEXT,
    wards JSONB NOT NULL,
    flags JSONB,
    city TEXT NOT NULL
);
CREATE TABLE visits (id BIGINT PRIMARY KEY, note BYTEA NOT NULL, remark BYTEA);
