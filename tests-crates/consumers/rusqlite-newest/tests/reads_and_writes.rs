//! What is written can be read, and errors arrive, as with the older rusqlite of the library's own
//! tests.

use fieldseal::value::StoredBytes;
use fieldseal::{Error, ErrorKind, Keyring, Scope, kms, store};
use rusqlite::Connection;
use rusqlite_newest::{Patient, all, insert};

#[test]
fn reads_and_writes() {
    let dir = tempfile::tempdir().unwrap();
    let conn = &Connection::open(dir.path().join("patients.db")).unwrap();
    conn.execute_batch("CREATE TABLE patients (id INTEGER PRIMARY KEY, org TEXT, name BLOB, diagnosis BLOB)")
        .unwrap();
    let patient = Patient { id: 1, org: "north".to_owned(), name: "Ада".to_owned(), diagnosis: None };
    let error = insert(conn, &patient).unwrap_err();
    assert_eq!(*Error::find_in(&error).unwrap().kind(), ErrorKind::NotInstalled);

    // The key store is in the same database, through the library's own adapter.
    let kms = kms::Local::open_or_create(dir.path().join("kek.json")).unwrap();
    let keys = store::Rusqlite::open(dir.path().join("patients.db")).unwrap();
    keys.create_table().unwrap();
    let keyring = Keyring::start(kms, keys).unwrap();
    keyring.admin().ensure_scope(&Scope::tenant("north").unwrap()).unwrap();
    fieldseal::install(keyring).unwrap();

    let second = Patient { id: 2, diagnosis: Some("flu".to_owned()), ..patient.clone() };
    insert(conn, &patient).unwrap();
    insert(conn, &second).unwrap();
    assert!(all(conn).unwrap() == [patient, second]);

    let stored: StoredBytes =
        conn.query_row("SELECT name FROM patients WHERE id = 2", [], |row| row.get(0)).unwrap();
    assert_eq!(Patient::open_name("north", &2, &stored).unwrap(), "Ада");
    conn.execute("UPDATE patients SET name = (SELECT name FROM patients WHERE id = 1)", []).unwrap();
    let error = all(conn).err().unwrap();
    assert_eq!(*Error::find_in(&error).unwrap().kind(), ErrorKind::Rejected);
}
