use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
enum Enum {
    A,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Tuple(i64, #[encrypt] String);

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Unit;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
union Union {
    id: i64,
}

fn main() {}
