//! Against SQLite.

type Db = sqlx::Sqlite;
type Pool = sqlx::Pool<Db>;

mod dollars;

use fieldseal::{Encrypt, Error, ErrorKind};
use sqlx_macros_of_models::Keys;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, keyring = Keys, migrating, sqlx, stored = StoredMigrating)]
struct Migrating {
    id: i64,
    #[encrypt]
    #[sqlx(rename = "full_name")]
    name: String,
}

/// SQLite keeps a plaintext TEXT in a BLOB column, and only a value that is taken as it's stored
/// tells.
#[tokio::test]
async fn plaintext_in_a_column_of_blobs_is_taken_as_it_is_stored() -> sqlx::Result<()> {
    let pool = dollars::pool().await?;
    let insert = "INSERT INTO patients VALUES (401, 'Ada', NULL, '', NULL, '[]', NULL, 'London')";
    sqlx::query(insert).execute(&pool).await?;
    let row = sqlx::query_as::<_, Migrating>("SELECT id, full_name FROM patients WHERE id = 401")
        .fetch_one(&pool)
        .await?;
    assert_eq!(row.name, "Ada");

    let row = sqlx::query_as!(
        StoredMigrating,
        r#"SELECT id, full_name AS "name: fieldseal::value::StoredBytes" FROM patients WHERE id = 401"#
    );
    assert_eq!(row.try_map(Migrating::try_from).fetch_one(&pool).await?.name, "Ada");

    let row = sqlx::query_as!(StoredMigrating, "SELECT id, full_name AS name FROM patients WHERE id = 401");
    let error = row.try_map(Migrating::try_from).fetch_one(&pool).await.expect_err("an error");
    println!("{error}");
    assert_eq!(*Error::find_in(&error).expect("fieldseal's").kind(), ErrorKind::NotSealed);
    Ok(())
}
