use fieldseal::Encrypt;

struct Visit;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, rusqlite)]
#[diesel(table_name = patients)]
struct Patient {
    id: i64,
    #[encrypt]
    last: Visit,
    #[encrypt]
    first: Option<Visit>,
    #[encrypt]
    name: Vec<String>,
}

diesel::table! {
    patients {
        id -> BigInt,
        last -> Binary,
        first -> Nullable<Binary>,
        name -> Binary,
    }
}

fn main() {}
