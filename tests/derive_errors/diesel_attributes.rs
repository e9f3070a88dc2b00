use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
#[diesel(table_name = patients)]
struct Patient {
    #[diesel(skip_insertion)]
    id: i64,
    #[encrypt]
    #[diesel(embed)]
    name: String,
    #[encrypt]
    #[diesel(serialize_as = String, deserialize_as = String)]
    note: String,
    #[encrypt]
    #[diesel(select_expression = lower(patients::city))]
    city: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
#[diesel(table_name = patients)]
#[diesel(table_name = persons)]
struct TwoTables {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct NoTable {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct FieldAttributeOnly {
    id: i64,
    #[encrypt]
    #[diesel(column_name = full_name)]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
#[diesel(table_name = patients)]
struct EmbeddedRow {
    #[diesel(embed)]
    id: i64,
    #[encrypt]
    name: String,
}

fn main() {}
