CREATE TABLE patients (
    id INTEGER PRIMARY KEY NOT NULL, name BLOB NOT NULL, diagnosis BLOB, email BLOB, city TEXT NOT NULL);
