use fieldseal::Encrypt;

diesel::table! {
    patients {
        id -> BigInt,
        name -> Binary,
        note -> Nullable<Binary>,
    }
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
#[diesel(table_name = patients, check_for_backend(diesel::sqlite::Sqlite))]
struct MayBeNull {
    id: i64,
    #[encrypt]
    name: Option<String>,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
#[diesel(table_name = patients, check_for_backend(diesel::sqlite::Sqlite))]
struct NeverNull {
    id: i64,
    #[encrypt]
    note: String,
}

/// Fits: a hidden NULL is in either sort of column, and what is only written may be left out.
#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
#[diesel(table_name = patients, check_for_backend(diesel::sqlite::Sqlite))]
struct Hidden {
    id: i64,
    #[encrypt(pad = 32, hide_null)]
    name: Option<String>,
    #[encrypt(pad = 32, hide_null)]
    note: Option<String>,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, write_only)]
#[diesel(table_name = patients, check_for_backend(diesel::sqlite::Sqlite))]
struct Changes {
    id: i64,
    #[encrypt]
    name: Option<String>,
    #[encrypt]
    note: Option<Option<String>>,
}

fn main() {}
