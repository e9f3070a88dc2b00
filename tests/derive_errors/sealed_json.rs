use fieldseal::{Encrypt, Sealed};

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Patient {
    id: i64,
    #[encrypt(json)]
    history: Sealed<Vec<String>>,
}

fn main() {}
