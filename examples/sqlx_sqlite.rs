//! A model on sqlx and an SQLite file, from its table to a rotated key.
//!
//! `cargo run --example sqlx_sqlite --features sqlx-sqlite,sqlx/sqlite`

use fieldseal::envelope::Envelope;
use fieldseal::sqlx::{BindRow, PushRows};
use fieldseal::{Encrypt, Keyring, Scope, kms, store};
use sqlx::{QueryBuilder, SqlitePool};

const PATIENTS: &str = "CREATE TABLE patients (
    id INTEGER PRIMARY KEY, name BLOB NOT NULL, diagnosis BLOB, email BLOB NOT NULL, city TEXT NOT NULL)";

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, sqlx)]
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

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("app.db");
    let pool = SqlitePool::connect(&format!("sqlite://{}?mode=rwc", database.display())).await?;

    let kms = kms::Local::create(folder.path().join("kek.json"))?;
    let keys = store::Sqlx::like_pool(&pool)?; // the wrapped data keys, in the same database
    keys.create_table()?;
    let keyring = Keyring::start(kms, keys)?;
    keyring.admin().ensure_scope(&Scope::APPLICATION)?;
    fieldseal::install(keyring.clone())?;

    sqlx::query(PATIENTS).execute(&pool).await?;
    let mut insert = QueryBuilder::new("INSERT INTO patients (id, name, diagnosis, email, city) ");
    insert.push_rows(&[patient(1, "Ada"), patient(2, "Grace")])?.build().execute(&pool).await?;
    let mut ada: Patient = sqlx::query_as("SELECT * FROM patients WHERE id = 1").fetch_one(&pool).await?;
    println!("loaded:   {} has {:?}; printed it's {ada:?}", ada.name, ada.diagnosis);
    let key = what_is_stored(&pool).await?;

    // A new data key. What was sealed before stays readable, and a row that is written again is
    // under the new one.
    keyring.admin().rotate(&Scope::APPLICATION)?;
    ada.diagnosis = None;
    let update = "UPDATE patients SET name = $1, diagnosis = $2 WHERE id = $3";
    sqlx::query(update).bind_columns(&ada, &["name", "diagnosis", "id"])?.execute(&pool).await?;
    assert_ne!(what_is_stored(&pool).await?, key);

    // Grace's row is still under the old key: a lookup asks for her address under each.
    let mut select = QueryBuilder::new("SELECT * FROM patients WHERE email IN (");
    let mut emails = select.separated(", ");
    for email in Patient::seal_email_under_each_key("grace@example.org") {
        emails.push_bind(email.checked()?);
    }
    let grace: Patient = select.push(")").build_query_as().fetch_one(&pool).await?;
    println!("found:    {} of {}, patient {}, by {}", grace.name, grace.city, grace.id, grace.email);
    Ok(())
}

fn patient(id: i64, name: &str) -> Patient {
    let email = format!("{}@example.org", name.to_lowercase());
    Patient { id, name: name.into(), diagnosis: Some("influenza".into()), email, city: "London".into() }
}

/// Prints Ada's name as the database holds it, and returns the number of its key.
async fn what_is_stored(pool: &SqlitePool) -> Result<u32, Box<dyn std::error::Error>> {
    let stored: Vec<u8> = sqlx::query_scalar("SELECT name FROM patients WHERE id = 1").fetch_one(pool).await?;
    let key = Envelope::parse(&stored)?.key_id.get();
    println!("stored:   {} bytes under data key {key}: {:02x?} …", stored.len(), &stored[..16]);
    Ok(key)
}
