//! Against MySQL and MariaDB, where parameters are `?`.

use fieldseal::sqlx::BindRow;
use fieldseal::value::StoredBytes;
use fieldseal::{Error, ErrorKind};
use sqlx::MySqlPool;
use sqlx_macros_of_models::{Patient, StoredPatient, StoredVisit, Visit, patient};

async fn pool() -> sqlx::Result<MySqlPool> {
    MySqlPool::connect(&std::env::var("DATABASE_URL").expect("DATABASE_URL")).await
}

#[tokio::test]
async fn rows_are_loaded_by_query_as() -> sqlx::Result<()> {
    let pool = pool().await?;
    let rows = [patient(1, true), patient(2, false)];
    for row in &rows {
        let insert = sqlx::query("INSERT INTO patients VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
        insert.bind_row(row)?.execute(&pool).await?;
    }
    let all: Vec<Patient> = sqlx::query_as!(
        StoredPatient,
        r#"SELECT id, full_name AS name, diagnosis, email, ssn, city,
                  wards AS "wards: sqlx::types::Json<Vec<String>>", flags AS "flags: sqlx::types::Json<serde_json::Value>"
           FROM patients WHERE id < ? ORDER BY id"#,
        3_i64
    )
    .try_map(Patient::try_from)
    .fetch_all(&pool)
    .await?;
    assert!(all == rows);
    Ok(())
}

#[tokio::test]
async fn values_are_written_and_read_by_query() -> sqlx::Result<()> {
    let pool = pool().await?;
    sqlx::query!(
        "INSERT INTO visits (id, note, remark) VALUES (?, ?, ?)",
        201_i64,
        Visit::seal_note(&201, "rest"),
        Visit::seal_remark(&201, None)
    )
    .execute(&pool)
    .await?;
    let row = sqlx::query!("SELECT note, remark FROM visits WHERE id = 201").fetch_one(&pool).await?;
    let (note, remark): (&StoredBytes, &Option<StoredBytes>) = (&row.note, &row.remark);
    assert_eq!(Visit::open_note(&201, note).unwrap(), "rest");
    assert_eq!(Visit::open_remark(&201, remark.as_ref()).unwrap(), None);
    let visit = sqlx::query_as!(StoredVisit, "SELECT * FROM visits WHERE id = 201");
    let visit: Visit = visit.try_map(Visit::try_from).fetch_one(&pool).await?;
    assert!(visit == Visit { id: 201, note: "rest".to_owned(), remark: None });

    let update = sqlx::query!("UPDATE patients SET full_name = ?", Patient::seal_name(&1, &"x".repeat(300)));
    let error = update.execute(&pool).await.expect_err("an error");
    let found = Error::find_in(&error).map(|error| error.kind().clone());
    assert!(matches!(found, Some(ErrorKind::TooLongForColumn { size: 255, .. })), "{error:?}");
    Ok(())
}

#[tokio::test]
async fn mariadb_returns_what_was_inserted() -> sqlx::Result<()> {
    let insert = "INSERT INTO visits (id, note, remark) VALUES (?, ?, ?) RETURNING *";
    let visit = Visit { id: 301, note: "rest".to_owned(), remark: None };
    let returned: Visit = sqlx::query_as(insert).bind_row(&visit)?.fetch_one(&pool().await?).await?;
    assert!(returned == visit);
    Ok(())
}
