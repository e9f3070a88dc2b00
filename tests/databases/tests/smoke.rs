use diesel::prelude::*;
use fieldseal::{BindRow, Encrypt, Error, ErrorKind, Scope, Sealed, SqlxModel, StoredBytes};
use fieldseal_databases::Database;
use sqlx::{Executor, MySqlPool, PgPool, QueryBuilder, Row, SqlitePool};

#[path = "../../common/mod.rs"]
mod common;
test_keyring!(Keys, &[1, 2]);

diesel::table! { patients (id) { id -> BigInt, org_id -> BigInt, full_name -> Binary, diagnosis -> Nullable<Binary>, history -> Binary, email -> Text, ssn -> Nullable<Text>, city -> Text, } }

#[derive(Encrypt, Clone, PartialEq)]
#[encrypt(table = "patients", row = id, scope = org_id, keyring = Keys, rusqlite, sqlx, size = 65535)]
#[diesel(table_name = patients)]
struct Patient {
    id: i64,
    org_id: i64,
    #[encrypt(column = "name")]
    #[diesel(column_name = full_name)]
    name: String,
    #[encrypt(pad = 32)]
    diagnosis: Option<String>,
    #[encrypt(json, pad = 16, hide_null)]
    history: Option<Vec<String>>,
    #[encrypt(base64, suite = "aes-256-siv", unbound_row, size = 255)]
    email: String,
    #[encrypt(base64)]
    ssn: Option<String>,
    city: String,
}

fn patient(id: i64) -> Patient {
    Patient {
        id,
        org_id: 1,
        name: format!("Ada {id}"),
        diagnosis: None,
        history: None,
        email: format!("{id}@example.org"),
        ssn: (id % 2 == 0).then(|| "123".to_owned()),
        city: "London".into(),
    }
}

const PG: &str = "CREATE TABLE patients (id bigint primary key, org_id bigint not null, full_name bytea not null, diagnosis bytea, history bytea not null, email text not null, ssn text, city text not null)";
const MY: &str = "CREATE TABLE patients (id bigint primary key, org_id bigint not null, full_name blob not null, diagnosis blob, history blob not null, email varchar(255) not null, ssn text, city text not null)";

macro_rules! smoke {
    ($name:ident, $Pool:ty, $db:expr, $prefix:expr, $schema:expr, $p:expr) => {
        #[tokio::test]
        async fn $name() {
            let db = $db;
            let pool = <$Pool>::connect(&format!("{}{}", $prefix, db.url)).await.unwrap();
            pool.execute($schema).await.unwrap();
            assert_eq!(
                Patient::COLUMNS,
                ["id", "org_id", "full_name", "diagnosis", "history", "email", "ssn", "city"]
            );
            let ada = patient(1);
            let ps = (1..=8)
                .map(|n| if $p == "$" { format!("${n}") } else { "?".into() })
                .collect::<Vec<_>>()
                .join(", ");
            let sql: &'static str = Box::leak(format!("INSERT INTO patients VALUES ({ps})").into_boxed_str());
            sqlx::query(sql).bind_row(&ada).unwrap().execute(&pool).await.unwrap();
            let mut many = QueryBuilder::new("INSERT INTO patients ");
            let rows = [patient(2), patient(3)];
            many.push_values(&rows, |b, row| {
                b.bind_row(row).unwrap();
            });
            many.build().execute(&pool).await.unwrap();
            let all: Vec<Patient> =
                sqlx::query_as("SELECT * FROM patients ORDER BY id").fetch_all(&pool).await.unwrap();
            assert!(all == [patient(1), patient(2), patient(3)]);
            let row =
                sqlx::query("SELECT full_name, email FROM patients WHERE id = 1").fetch_one(&pool).await.unwrap();
            let stored: StoredBytes = row.get("full_name");
            assert_eq!(Patient::open_name(&1, &1, &stored).unwrap(), "Ada 1");
            let text: String = row.get("email");
            assert!(text.starts_with('A'), "{text}");
            let sql: &'static str = if $p == "$" {
                "UPDATE patients SET full_name = $1, ssn = $2 WHERE id = $3"
            } else {
                "UPDATE patients SET full_name = ?, ssn = ? WHERE id = ?"
            };
            sqlx::query(sql)
                .bind(Patient::seal_name(&1, &1, "Eve"))
                .bind(Patient::seal_ssn(&1, &1, None))
                .bind(1_i64)
                .execute(&pool)
                .await
                .unwrap();
            let changed = Patient { name: "Bob".into(), ssn: Some("7".into()), ..patient(2) };
            sqlx::query(sql)
                .bind_columns(&changed, &["full_name", "ssn", "id"])
                .unwrap()
                .execute(&pool)
                .await
                .unwrap();
            let all: Vec<Patient> =
                sqlx::query_as("SELECT * FROM patients ORDER BY id").fetch_all(&pool).await.unwrap();
            assert!(all == [Patient { name: "Eve".into(), ..patient(1) }, changed, patient(3)]);
            sqlx::query("UPDATE patients SET id = 9 WHERE id = 3").execute(&pool).await.unwrap();
            let error = sqlx::query_as::<_, Patient>("SELECT * FROM patients WHERE id = 9")
                .fetch_one(&pool)
                .await
                .err()
                .unwrap();
            println!("{error}");
            assert_eq!(*Error::find_in(&error).unwrap().kind(), ErrorKind::Rejected);
            let stranger = Patient { org_id: 77, ..patient(5) };
            let Err(error) = sqlx::query::<_>(sql)
                .bind_columns(&stranger, &["full_name", "ssn", "id"])
                .map(|q| drop(q.execute(&pool)))
            else {
                panic!()
            };
            assert_eq!(*Error::find_in(&error).unwrap().kind(), ErrorKind::NoPrimary(Scope::tenant(77).unwrap()));
            let _ = Sealed::new(1);
            pool.close().await;
        }
    };
}
smoke!(sqlite, SqlitePool, Database::sqlite(), "sqlite://", PG, "?");
smoke!(pg, PgPool, Database::postgres(), "", PG, "$");
smoke!(my, MySqlPool, Database::mysql(), "", MY, "?");

#[test]
fn pg_diesel() {
    let db = Database::postgres();
    let conn = &mut PgConnection::establish(&db.url).unwrap();
    diesel::sql_query(PG).execute(conn).unwrap();
    let rows = [patient(1), patient(2)];
    diesel::insert_into(patients::table).values(&rows[..]).execute(conn).unwrap();
    let all = patients::table.select(Patient::as_select()).load(conn).unwrap();
    assert!(all == rows);
    let found = patients::table
        .filter(patients::email.eq_any(Patient::seal_email_under_each_key(&1, "1@example.org")))
        .select(Patient::as_select())
        .load(conn)
        .unwrap();
    assert!(found == rows[..1]);
}

#[test]
fn my_diesel() {
    let db = Database::mysql();
    let conn = &mut MysqlConnection::establish(&db.url).unwrap();
    diesel::sql_query(MY).execute(conn).unwrap();
    let rows = [patient(1), patient(2)];
    diesel::insert_into(patients::table).values(&rows[..]).execute(conn).unwrap();
    let all = patients::table.select(Patient::as_select()).load(conn).unwrap();
    assert!(all == rows);
    let found = patients::table
        .filter(patients::email.eq_any(Patient::seal_email_under_each_key(&1, "1@example.org")))
        .select(Patient::as_select())
        .load(conn)
        .unwrap();
    assert!(found == rows[..1]);
}
