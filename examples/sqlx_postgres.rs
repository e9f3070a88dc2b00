//! Two clinics in one table, on sqlx and PostgreSQL: each has keys of its own.
//!
//! `cargo run --example sqlx_postgres --features sqlx-postgres --
//! postgres://user@localhost/database`, or with the URL in `DATABASE_URL`. The table is a temporary
//! one: nothing is left in the database.

use fieldseal::sqlx::{BindRow, PushRows};
use fieldseal::{Encrypt, Error, Keyring, Scope, kms, store};
use sqlx::{Connection, PgConnection, Postgres, QueryBuilder};

const PATIENTS: &str = "CREATE TEMPORARY TABLE patients (
    id BIGINT PRIMARY KEY, clinic_id BIGINT NOT NULL, name BYTEA NOT NULL, diagnosis BYTEA, email BYTEA NOT NULL)";

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, scope = clinic_id, sqlx)]
struct Patient {
    id: i64,
    clinic_id: i64,
    #[encrypt]
    name: String,
    #[encrypt(pad = 32)]
    diagnosis: Option<String>,
    #[encrypt(suite = "aes-256-siv", unbound_row)] // can be searched
    email: String,
}

const NORTH: i64 = 1;
const SOUTH: i64 = 2;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url =
        std::env::args().nth(1).or(std::env::var("DATABASE_URL").ok()).ok_or("which database? give its URL")?;
    let mut conn = PgConnection::connect(&url).await?;

    // In production `create` once, somewhere safe, and `open` from then on; or AwsKms of
    // fieldseal-kms-aws.
    let kms = kms::Local::open_or_create("target/example-kek.json")?;
    let keys = store::Sqlx::<Postgres>::new(url.parse()?)?; // the wrapped data keys, in the same database
    keys.create_table()?;
    let keyring = Keyring::start(kms, keys)?;
    for clinic in [NORTH, SOUTH] {
        keyring.admin().ensure_scope(&Scope::tenant(clinic)?)?;
    }
    fieldseal::install(keyring)?;

    sqlx::query(PATIENTS).execute(&mut conn).await?;
    let rows = [patient(1, NORTH, "Ada"), patient(2, NORTH, "Grace"), patient(3, SOUTH, "Ada")];
    let mut insert = QueryBuilder::new("INSERT INTO patients (id, clinic_id, name, diagnosis, email) ");
    insert.push_rows(&rows)?.build().execute(&mut conn).await?;

    let all: Vec<Patient> = sqlx::query_as("SELECT * FROM patients ORDER BY id").fetch_all(&mut conn).await?;
    println!("loaded:   {}, {} and {}; printed the first is {:?}", all[0].name, all[1].name, all[2].name, all[0]);
    let stored: String =
        sqlx::query_scalar("SELECT name::text FROM patients WHERE id = 1").fetch_one(&mut conn).await?;
    println!("stored:   {}…", &stored[..40]);

    // A lookup within one clinic: an address that both have is sealed under another key in each.
    let emails = Patient::seal_email_under_each_key(&NORTH, "ada@example.org");
    let select = "SELECT * FROM patients WHERE clinic_id = $1 AND email = ANY($2)";
    let mut ada: Patient = sqlx::query_as(select).bind(NORTH).bind(emails).fetch_one(&mut conn).await?;
    println!("found:    patient {} by {}", ada.id, ada.email);

    ada.diagnosis = None;
    let update = "UPDATE patients SET diagnosis = $1 WHERE id = $2 RETURNING *";
    let ada: Patient =
        sqlx::query_as(update).bind_columns(&ada, &["diagnosis", "id"])?.fetch_one(&mut conn).await?;
    println!("updated:  {} has {:?}", ada.name, ada.diagnosis);

    // A value that is carried into another clinic's row is refused: it's under another key, and
    // bound to its row.
    let carry = "UPDATE patients SET name = (SELECT name FROM patients WHERE id = 1) WHERE id = 3";
    sqlx::query(carry).execute(&mut conn).await?;
    let refused = sqlx::query_as::<_, Patient>("SELECT * FROM patients WHERE id = 3").fetch_one(&mut conn).await;
    let error = refused.err().ok_or("it opened")?;
    println!("carried:  {}", Error::find_in(&error).ok_or("not fieldseal's error")?);
    Ok(())
}

fn patient(id: i64, clinic_id: i64, name: &str) -> Patient {
    let email = format!("{}@example.org", name.to_lowercase());
    Patient { id, clinic_id, name: name.into(), diagnosis: Some("influenza".into()), email }
}
