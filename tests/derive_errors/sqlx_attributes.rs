use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, scope = org_id, sqlx)]
#[sqlx(rename_all = "camelCase")]
struct Patient {
    #[sqlx(default)]
    id: i64,
    #[sqlx(skip)]
    org_id: i64,
    #[encrypt]
    #[sqlx(json)]
    name: String,
    #[encrypt]
    #[sqlx(try_from = "String")]
    email: String,
    #[encrypt(sql_name = "full_address")]
    #[sqlx(rename = "address")]
    address: String,
    #[sqlx(flatten)]
    ward: Ward,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, sqlx)]
struct Misspelt {
    id: i64,
    #[encrypt]
    #[sqlx(renamed = "full_name")]
    name: String,
    #[encrypt]
    #[sqlx(rename = full_email)]
    email: String,
    #[sqlx(json(null))]
    history: Option<Vec<Visit>>,
    #[sqlx(json(nullable), try_from = "Vec<Visit>")]
    visits: Option<Visits>,
    #[sqlx(try_from = "not a type")]
    ward: i64,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, rusqlite)]
struct ForAnotherLibrary {
    id: i64,
    #[encrypt]
    #[sqlx(rename = "full_name")]
    name: String,
}

fn main() {}
