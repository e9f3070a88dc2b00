use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, rusqlite)]
struct Twice {
    id: i64,
    #[encrypt(plain, sql_name = "name")]
    nick: String,
    #[encrypt]
    name: String,
}

/// What is only read may be read twice.
#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, rusqlite, read_only)]
struct ReadTwice {
    id: i64,
    #[encrypt(plain, sql_name = "name")]
    stored: Vec<u8>,
    #[encrypt]
    name: String,
}

fn main() {}
