use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Patient {
    id: i64,
    #[encrypt(suite = "aes-256-siv")]
    email: String,
    #[encrypt(suite = "aes-128-gcm")]
    name: String,
    #[encrypt(suite = "aes-256-gcm", previous_suite = "aes-256-gcm")]
    note: String,
    #[encrypt(previous_suite = "xaes-256-gcm")]
    city: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", unbound_row)]
struct Unbound {
    id: i64,
    #[encrypt(unbound_row)]
    email: String,
}

fn main() {}
