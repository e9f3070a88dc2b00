use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, rusqlite, stored = StoredPatient)]
struct NotForSqlx {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, sqlx, stored = StoredChange, write_only)]
struct NeverLoaded {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, sqlx, stored = SameName)]
struct SameName {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, sqlx, read_only, stored = StoredPatient)]
struct Patient<'a> {
    id: &'a str,
    #[encrypt]
    name: String,
    #[sqlx(flatten)]
    ward: Ward,
    #[sqlx(try_from = "i64")]
    room: Room,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, sqlx, stored)]
struct WithoutName {
    id: i64,
    #[encrypt(stored = Name)]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, sqlx, stored = "StoredPatient")]
struct WithText {
    id: i64,
    #[encrypt]
    name: String,
}

fn main() {}
