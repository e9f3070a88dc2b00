use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Patient {
    id: i64,
    #[encrypt]
    name: String,
    #[encrypt(column = "name")]
    full_name: String,
}

fn main() {}
