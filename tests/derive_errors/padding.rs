use fieldseal::{Encrypt, Sealed};

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Patient {
    id: i64,
    #[encrypt(hide_null)]
    a: Option<String>,
    #[encrypt(hide_null, pad = 32)]
    b: String,
    #[encrypt(hide_null, pad = 32)]
    c: Option<Sealed<String>>,
    #[encrypt(pad = 1)]
    d: String,
    #[encrypt(pad = 65_537)]
    e: String,
    #[encrypt(pad = -8)]
    f: String,
}

fn main() {}
