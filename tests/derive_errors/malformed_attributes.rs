use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt]
struct Bare {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt = "patients"]
struct Equals {
    id: i64,
    #[encrypt = "name"]
    name: String,
}

#[derive(Encrypt)]
#[encrypt("patients", row = id)]
struct Unnamed {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = patients, row, scope(id), rusqlite = true, keyring = "Keys", crate)]
struct Values {
    id: i64,
    #[encrypt(json = true, pad = "32", hide_null(), column = name, suite = aes, sql_name)]
    name: Option<String>,
}

#[derive(Encrypt)]
#[encrypt(table = "", row = id)]
struct Names {
    id: i64,
    #[encrypt(column = "")]
    name: String,
}

fn main() {}
