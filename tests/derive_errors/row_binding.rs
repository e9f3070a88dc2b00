use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients")]
struct Nothing {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, unbound_row)]
struct Both {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = org_id, row = id)]
struct Twice {
    id: i64,
    org_id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = (id, id))]
struct TwiceTheSame {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = ())]
struct Empty {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = "id")]
struct Quoted {
    id: i64,
    #[encrypt]
    name: String,
}

fn main() {}
