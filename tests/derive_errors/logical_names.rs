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

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Nameless {
    #[encrypt(plain, sql_name = "")]
    id: i64,
    #[encrypt(sql_name = "")]
    name: String,
}

fn main() {}
