use fieldseal::Encrypt;

diesel::table! {
    patients {
        id -> BigInt,
    }
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
#[diesel(table_name = patients)]
struct Patient {
    id: i64,
    #[encrypt]
    name: String,
}

fn main() {}
