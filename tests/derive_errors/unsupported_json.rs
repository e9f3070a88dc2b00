use fieldseal::Encrypt;

struct Visit;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, rusqlite)]
struct Patient {
    id: i64,
    #[encrypt(json)]
    last: Visit,
    #[encrypt(json)]
    all: Option<Vec<Visit>>,
}

fn main() {}
