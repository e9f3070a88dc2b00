use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, size = 20)]
struct Patient {
    id: i64,
    #[encrypt(size = 4294967296)]
    name: String,
    #[encrypt(size = "255")]
    email: String,
    #[encrypt(size)]
    phone: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, base64)]
struct Texts {
    id: i64,
    #[encrypt(base64)]
    name: String,
    #[encrypt(base64 = "url")]
    email: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Plain {
    id: i64,
    #[encrypt]
    name: String,
    #[encrypt(plain, size = 255, base64)]
    city: String,
}

fn main() {}
