use fieldseal::Encrypt;

#[derive(Debug, Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Patient {
    id: i64,
    #[encrypt]
    name: String,
}

struct Opaque;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Undebuggable {
    id: i64,
    plain: Opaque,
    #[encrypt]
    name: String,
}

fn main() {}
