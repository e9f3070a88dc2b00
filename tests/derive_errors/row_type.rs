use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, rusqlite)]
struct Optional {
    id: Option<i64>,
    #[encrypt]
    name: String,
    #[encrypt]
    note: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, scope = org, rusqlite)]
struct Scoped {
    id: f64,
    org: bool,
    #[encrypt]
    name: String,
    #[encrypt]
    note: String,
}

fn main() {}
