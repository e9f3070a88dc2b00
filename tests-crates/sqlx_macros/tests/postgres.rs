//! Against PostgreSQL.

type Db = sqlx::Postgres;
type Pool = sqlx::Pool<Db>;

mod dollars;

/// The one way that only PostgreSQL has.
#[tokio::test]
async fn a_lookup_binds_an_array() -> sqlx::Result<()> {
    use sqlx_macros_of_models::{Patient, Visit, patient};
    let pool = dollars::pool().await?;
    dollars::insert(&pool, &patient(501, true)).await?;
    let notes = vec![Visit::seal_note(&501, "a"), Visit::seal_note(&502, "b")];
    sqlx::query!(
        "INSERT INTO visits (id, note) SELECT * FROM unnest($1::bigint[], $2::bytea[])",
        &[501_i64, 502],
        notes as _
    )
    .execute(&pool)
    .await?;
    let visits =
        sqlx::query!("SELECT id, note FROM visits WHERE id IN (501, 502) ORDER BY id").fetch_all(&pool).await?;
    assert_eq!(Visit::open_note(&502, &visits[1].note).unwrap(), "b");
    // Base64 can't be bound as an array of bytes.
    let emails = Patient::seal_email_under_each_key("501@example.org");
    let [email] = &emails[..] else { panic!("one key") };
    let found =
        sqlx::query_scalar!("SELECT id FROM patients WHERE email = $1", email as _).fetch_one(&pool).await?;
    assert_eq!(found, 501);
    Ok(())
}
