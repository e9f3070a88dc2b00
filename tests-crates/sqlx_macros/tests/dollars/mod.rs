//! What PostgreSQL and SQLite, where parameters can be `$1`, do alike.

use crate::{Db, Pool};
use fieldseal::sqlx::{BindRow, PushRows};
use fieldseal::value::StoredBytes;
use fieldseal::{Error, ErrorKind};
use sqlx::QueryBuilder;
use sqlx_macros_of_models::{Patient, StoredPatient, StoredVisit, Visit, patient};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub async fn pool() -> sqlx::Result<Pool> {
    Pool::connect(&std::env::var("DATABASE_URL").expect("DATABASE_URL")).await
}

pub async fn insert(pool: &Pool, p: &Patient) -> sqlx::Result<()> {
    let sql = "INSERT INTO patients VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(sql).bind_row(p)?.execute(pool).await.map(drop)
}

/// `query_as!` into a whole model, without a word about its columns' types but for JSON's.
#[tokio::test]
async fn rows_are_loaded_by_query_as() -> sqlx::Result<()> {
    let pool = pool().await?;
    let rows = [patient(1, true), patient(2, false)];
    for row in &rows {
        insert(&pool, row).await?;
    }
    let all: Vec<Patient> = sqlx::query_as!(
        StoredPatient,
        r#"SELECT id, full_name AS name, diagnosis, email, ssn, city,
                  wards AS "wards: sqlx::types::Json<Vec<String>>", flags AS "flags: sqlx::types::Json<serde_json::Value>"
           FROM patients WHERE id < $1 ORDER BY id"#,
        3_i64
    )
    .try_map(Patient::try_from)
    .fetch_all(&pool)
    .await?;
    assert!(all == rows);
    // NULL is NULL, for JSON too.
    let nulls = sqlx::query_scalar!(
        r#"SELECT count(*) AS "nulls!: i64" FROM patients WHERE id < 3 AND diagnosis IS NULL AND ssn IS NULL AND flags IS NULL"#
    );
    assert_eq!(nulls.fetch_one(&pool).await?, 1);
    Ok(())
}

#[tokio::test]
async fn values_are_written_and_read_by_query() -> sqlx::Result<()> {
    let pool = pool().await?;
    let p = patient(101, true);
    sqlx::query!(
        "INSERT INTO patients (id, full_name, diagnosis, email, ssn, wards, city) VALUES ($1, $2, $3, $4, $5, '[]', $6)",
        p.id,
        Patient::seal_name(&p.id, &p.name) as _,
        Patient::seal_diagnosis(&p.id, p.diagnosis.as_deref()) as _,
        Patient::seal_email(&p.email) as _,
        Patient::seal_ssn(&p.id, None) as _,
        p.city
    )
    .execute(&pool)
    .await?;

    // As sqlx loads them by itself: bytes and text.
    let row = sqlx::query!("SELECT full_name, diagnosis, email, ssn FROM patients WHERE id = 101")
        .fetch_one(&pool)
        .await?;
    assert_eq!(Patient::open_name(&101, &row.full_name).unwrap(), p.name);
    assert_eq!(Patient::open_diagnosis(&101, row.diagnosis.as_deref()).unwrap(), p.diagnosis);
    assert_eq!(Patient::open_email(&row.email).unwrap(), p.email);
    assert_eq!(Patient::open_ssn(&101, row.ssn.as_deref()).unwrap(), None);

    // With the type in the query.
    let row = sqlx::query!(
        r#"SELECT full_name AS "name: StoredBytes", diagnosis AS "diagnosis!: StoredBytes", ssn AS "ssn: StoredBytes"
           FROM patients WHERE id = 101"#
    )
    .fetch_one(&pool)
    .await?;
    assert_eq!(Patient::open_name(&101, &row.name).unwrap(), p.name);
    assert_eq!(Patient::open_diagnosis(&101, &row.diagnosis).unwrap(), p.diagnosis);
    assert_eq!(Patient::open_ssn(&101, row.ssn.as_ref()).unwrap(), None);
    assert!(!format!("{row:?}").contains("[1, "), "{row:?}");

    // One value, and one that was NULL.
    let name = sqlx::query_scalar!("SELECT full_name FROM patients WHERE id = 101").fetch_one(&pool).await?;
    assert_eq!(Patient::open_name(&101, &name).unwrap(), p.name);
    sqlx::query!("UPDATE patients SET ssn = $1 WHERE id = $2", Patient::seal_ssn(&101, Some("7")) as _, 101_i64)
        .execute(&pool)
        .await?;
    let ssn = sqlx::query_scalar!("SELECT ssn FROM patients WHERE id = 101").fetch_one(&pool).await?;
    assert_eq!(Patient::open_ssn(&101, ssn.as_deref()).unwrap().as_deref(), Some("7"));
    Ok(())
}

/// With the types in sqlx.toml.
#[tokio::test]
async fn a_table_can_be_configured() -> sqlx::Result<()> {
    let pool = pool().await?;
    sqlx::query!(
        "INSERT INTO visits (id, note, remark) VALUES ($1, $2, $3)",
        201_i64,
        Visit::seal_note(&201, "rest") as _,
        Visit::seal_remark(&201, None) as _
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
    Ok(())
}

#[tokio::test]
async fn errors_are_found() -> sqlx::Result<()> {
    let pool = pool().await?;
    let mut p = patient(301, true);
    insert(&pool, &p).await?;
    sqlx::query!("UPDATE patients SET id = 302 WHERE id = 301").execute(&pool).await?;

    // A value of another row.
    let visit = sqlx::query_as!(
        StoredVisit,
        "SELECT id, full_name AS note, diagnosis AS remark FROM patients WHERE id = 302"
    );
    let error = visit.try_map(Visit::try_from).fetch_one(&pool).await.expect_err("an error");
    assert!(matches!(&error, sqlx::Error::ColumnDecode { index, .. } if index == "note"), "{error:?}");
    assert_eq!(*Error::find_in(&error).expect("fieldseal's").kind(), ErrorKind::Rejected);

    // A value that can't be sealed: the error itself is kept, and nothing is written.
    p.name = "x".repeat(300);
    let update =
        sqlx::query!("UPDATE patients SET full_name = $1 WHERE id = 302", Patient::seal_name(&302, &p.name) as _);
    let error = update.execute(&pool).await.expect_err("an error");
    println!("query!: {error}");
    let found = Error::find_in(&error).map(|error| error.kind().clone());
    assert!(matches!(found, Some(ErrorKind::TooLongForColumn { size: 255, .. })), "{error:?}");

    // sqlx's own `bind` keeps the text of an error, `checked` before it the error.
    let sealed = Patient::seal_name(&302, &p.name);
    let error =
        sqlx::query("UPDATE patients SET full_name = $1 WHERE id = 302").bind(sealed.clone()).execute(&pool).await;
    let error = error.expect_err("an error");
    println!("bind: {error}");
    assert!(Error::find_in(&error).is_none());
    assert!(error.to_string().contains("patients.full_name: the sealed value has"), "{error}");
    assert!(sealed.checked().is_err());
    Ok(())
}

/// `push_values` of sqlx's can't report an error, and its `push_bind` panics.
#[tokio::test]
async fn rows_are_pushed_or_refused() -> sqlx::Result<()> {
    let pool = pool().await?;
    let rows = [patient(601, true), patient(602, false)];
    let mut insert = QueryBuilder::new("INSERT INTO patients ");
    insert.push_rows(&rows)?.build().execute(&pool).await?;
    let sql = "SELECT * FROM patients WHERE id IN (601, 602) ORDER BY id";
    let all: Vec<Patient> = sqlx::query_as(sql).fetch_all(&pool).await?;
    assert!(all == rows);

    let too_long = Patient { name: "x".repeat(300), ..patient(604, true) };
    let Err(error) =
        QueryBuilder::<Db>::new("INSERT INTO patients ").push_rows(&[patient(603, true), too_long]).map(drop)
    else {
        panic!("it was pushed")
    };
    assert!(matches!(Error::find_in(&error).map(Error::kind), Some(ErrorKind::TooLongForColumn { size: 255, .. })));
    let sealed = Patient::seal_name(&1, &"x".repeat(300));
    let pushed = catch_unwind(AssertUnwindSafe(|| {
        QueryBuilder::<Db>::new("").push_bind(sealed);
    }));
    assert!(pushed.is_err());
    Ok(())
}
