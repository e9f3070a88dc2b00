use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Patient<'a> {
    id: i64,
    #[encrypt]
    name: &'a str,
    #[encrypt]
    note: Option<&'a [u8]>,
    #[encrypt]
    city: Option<Option<String>>,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, read_only, write_only)]
struct Neither {
    id: i64,
    #[encrypt]
    name: String,
}

fn main() {}
