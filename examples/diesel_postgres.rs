//! A model on diesel and PostgreSQL, from its table to a rotated key.
//!
//! `cargo run --example diesel_postgres --features diesel-postgres,diesel/postgres --
//! postgres://user@localhost/database`, or with the URL in `DATABASE_URL`. It needs libpq. The
//! table is a temporary one: nothing is left in the database.

use diesel::prelude::*;
use fieldseal::envelope::Envelope;
use fieldseal::{Encrypt, Keyring, Scope, kms, store};

diesel::table! {
    patients (id) {
        id -> BigInt,
        name -> Binary,
        diagnosis -> Nullable<Binary>,
        email -> Binary,
        city -> Text,
    }
}

const PATIENTS: &str = "CREATE TEMPORARY TABLE patients (
    id BIGINT PRIMARY KEY, name BYTEA NOT NULL, diagnosis BYTEA, email BYTEA NOT NULL, city TEXT NOT NULL)";

#[derive(Encrypt, Identifiable)]
#[encrypt(table = "patients", row = id)]
#[diesel(table_name = patients)]
struct Patient {
    id: i64,
    #[encrypt]
    name: String,
    #[encrypt(pad = 32)]
    diagnosis: Option<String>,
    #[encrypt(suite = "aes-256-siv", unbound_row)] // can be searched
    email: String,
    city: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url =
        std::env::args().nth(1).or(std::env::var("DATABASE_URL").ok()).ok_or("which database? give its URL")?;
    let conn = &mut PgConnection::establish(&url)?;

    // In production `create` once, somewhere safe, and `open` from then on; or AwsKms of
    // fieldseal-kms-aws.
    let kms = kms::Local::open_or_create("target/example-kek.json")?;
    let keys = store::Diesel::connecting(move || PgConnection::establish(&url)); // the wrapped data keys, in the same database
    keys.create_table()?;
    let keyring = Keyring::start(kms, keys)?;
    keyring.admin().ensure_scope(&Scope::APPLICATION)?;
    fieldseal::install(keyring.clone())?;

    diesel::sql_query(PATIENTS).execute(conn)?;
    diesel::insert_into(patients::table).values(&[patient(1, "Ada"), patient(2, "Grace")]).execute(conn)?;
    let mut ada = patients::table.find(1).select(Patient::as_select()).first(conn)?;
    println!("loaded:   {} has {:?}; printed it's {ada:?}", ada.name, ada.diagnosis);
    let key = what_is_stored(conn)?;

    // A new data key. What was sealed before stays readable, and a row that is written again is
    // under the new one.
    keyring.admin().rotate(&Scope::APPLICATION)?;
    ada.diagnosis = None;
    diesel::update(&ada).set(&ada).execute(conn)?;
    assert_ne!(what_is_stored(conn)?, key);

    // Grace's row is still under the old key: a lookup asks for her address under each.
    let emails = Patient::seal_email_under_each_key("grace@example.org");
    let grace = patients::table.filter(patients::email.eq_any(emails)).select(Patient::as_select()).first(conn)?;
    println!("found:    {} of {}, patient {}, by {}", grace.name, grace.city, grace.id, grace.email);
    Ok(())
}

fn patient(id: i64, name: &str) -> Patient {
    let email = format!("{}@example.org", name.to_lowercase());
    Patient { id, name: name.into(), diagnosis: Some("influenza".into()), email, city: "London".into() }
}

/// Prints Ada's name as the database holds it, and returns the number of its key.
fn what_is_stored(conn: &mut PgConnection) -> Result<u32, Box<dyn std::error::Error>> {
    let stored: Vec<u8> = patients::table.find(1).select(patients::name).first(conn)?;
    let key = Envelope::parse(&stored)?.key_id.get();
    println!("stored:   {} bytes under data key {key}: {:02x?} …", stored.len(), &stored[..16]);
    Ok(key)
}
