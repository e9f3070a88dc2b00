use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", rows = id, row = id)]
struct OnStruct {
    id: i64,
    #[encrypt(padding = 32)]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Searchable {
    id: i64,
    #[encrypt(search(normalize = "trim, lowercase"))]
    email: String,
}

#[derive(Encrypt)]
#[encrypt(pad = 32, json, table = "patients", row = id)]
struct FieldAttributesOnTheStruct {
    id: i64,
    #[encrypt(row = id)]
    name: String,
    #[encrypt(table = "patients", scope = org)]
    note: String,
}

fn main() {}
