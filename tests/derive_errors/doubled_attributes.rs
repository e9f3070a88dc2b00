use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, table = "persons")]
#[encrypt(read_only, read_only)]
struct Patient {
    id: i64,
    #[encrypt(pad = 32, pad = 64)]
    name: String,
    #[encrypt]
    #[encrypt(pad = 32)]
    note: String,
}

fn main() {}
