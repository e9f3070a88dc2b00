use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Patient {
    id: i64,
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Plain {
    id: i64,
    #[encrypt(plain)]
    name: String,
    #[encrypt(plain, sql_name = "n", pad = 8)]
    note: String,
}

fn main() {}
