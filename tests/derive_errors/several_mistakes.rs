use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(tabel = "patients", scope = org, rusqlite = "yes")]
struct Patient {
    id: i64,
    #[encrypt(pad = 1)]
    name: String,
    #[encrypt(suite = "des", jsn)]
    note: String,
    #[encrypt(hide_null)]
    city: Option<String>,
}

fn main() {}
