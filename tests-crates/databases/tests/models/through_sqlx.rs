//! sqlx in ordinary code, on each database: rows and some of their columns, pools, transactions,
//! single values, and what an error says. Everything that every library must do is in
//! `testkit/behaviours/src/models`.

use fieldseal::sqlx::{BindRow as _, PushRows as _, SqlxModel as _};
use fieldseal::value::StoredBytes;
use fieldseal::{Encrypt, Error, ErrorKind, Scope};
use fieldseal_databases::Database;
use sqlx::{AssertSqlSafe, Executor as _, QueryBuilder, Row as _};

testkit::test_keyring!(Keys, &[1, 2]);

/// Columns of other names in the code, in the database and in what is sealed.
#[derive(Encrypt, Clone, PartialEq)]
#[encrypt(table = "patients", row = id, scope = org_id, keyring = Keys, sqlx, size = 255)]
struct Patient {
    id: i64,
    org_id: i64,
    #[encrypt(column = "name", sql_name = "full_name")]
    name: String,
    #[encrypt(pad = 32)]
    diagnosis: Option<String>,
    #[encrypt(json, pad = 16, hide_null)]
    history: Option<Vec<String>>,
    #[encrypt(base64, suite = "aes-256-siv", unbound_row)]
    email: String,
    #[encrypt(base64)]
    ssn: Option<String>,
    #[sqlx(rename = "town")]
    city: String,
}

const COLUMNS: [&str; 8] = ["id", "org_id", "full_name", "diagnosis", "history", "email", "ssn", "town"];

fn patient(id: i64) -> Patient {
    Patient {
        id,
        org_id: 1,
        name: format!("Ada {id}"),
        diagnosis: None,
        history: (id % 2 == 1).then(Vec::new),
        email: format!("{id}@example.org"),
        ssn: (id % 2 == 0).then(|| "123".to_owned()),
        city: "London".into(),
    }
}

/// The fieldseal error inside sqlx's.
fn sealed_error<T>(result: Result<T, sqlx::Error>) -> Error {
    let error = result.err().expect("an error");
    Error::find_in(&error).unwrap_or_else(|| panic!("no fieldseal error in {error:?}")).clone()
}

macro_rules! on {
    ($module:ident: $Pool:ident, $Database:ident, $create:ident, $scheme:literal, $bytes:literal, $mark:expr) => {
        mod $module {
            use super::*;
            use sqlx::{$Database as Db, $Pool as Pool};

            /// With placeholders as the database has them.
            fn sql(sql: &str) -> AssertSqlSafe<String> {
                let mark: fn(usize) -> String = $mark;
                let mut pieces = sql.split('?');
                let first = pieces.next().unwrap().to_owned();
                AssertSqlSafe((1..).zip(pieces).fold(first, |sql, (at, piece)| sql + &mark(at) + piece))
            }

            async fn database() -> (Database, Pool) {
                let place = Database::$create();
                let pool = Pool::connect(&format!(concat!($scheme, "{}"), place.url)).await.unwrap();
                let create = concat!(
                    "CREATE TABLE patients (id bigint PRIMARY KEY, org_id bigint NOT NULL, full_name ", $bytes,
                    " NOT NULL, diagnosis ", $bytes, ", history ", $bytes,
                    " NOT NULL, email varchar(255) NOT NULL, ssn text, town text NOT NULL)"
                );
                pool.execute(create).await.unwrap();
                (place, pool)
            }

            async fn all(pool: &Pool) -> Result<Vec<Patient>, sqlx::Error> {
                sqlx::query_as("SELECT * FROM patients ORDER BY id").fetch_all(pool).await
            }

            async fn insert(pool: &Pool, patients: &[Patient]) {
                let mut many = QueryBuilder::<Db>::new(format!("INSERT INTO patients ({}) ", COLUMNS.join(", ")));
                many.push_rows(patients).unwrap().build().execute(pool).await.unwrap();
            }

            #[tokio::test]
            async fn rows_are_bound_in_the_order_of_the_fields() {
                let (_place, pool) = database().await;
                assert_eq!(Patient::COLUMNS, COLUMNS);
                let one = patient(1);
                let insert_one = sql("INSERT INTO patients VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
                sqlx::query::<Db>(insert_one).bind_row(&one).unwrap().execute(&pool).await.unwrap();
                insert(&pool, &[patient(2), patient(3)]).await;
                assert!(all(&pool).await.unwrap() == [patient(1), patient(2), patient(3)]);
            }

            #[tokio::test]
            async fn some_columns_are_bound_by_their_names() {
                let (_place, pool) = database().await;
                insert(&pool, &[patient(1), patient(2)]).await;
                let changed = Patient { name: "Bob".into(), ssn: None, diagnosis: Some("flu".into()), ..patient(2) };
                let update = "UPDATE patients SET full_name = ?, ssn = ? WHERE id = ?";
                let query = sqlx::query::<Db>(sql(update)).bind_columns(&changed, &["full_name", "ssn", "id"]).unwrap();
                assert_eq!(query.execute(&pool).await.unwrap().rows_affected(), 1);
                let expected = Patient { diagnosis: None, ..changed.clone() };
                assert!(all(&pool).await.unwrap() == [patient(1), expected]);
                for unknown in ["name", "city", "FULL_NAME", ""] {
                    let error = sealed_error(sqlx::query::<Db>(sql(update)).bind_columns(&changed, &["id", unknown]));
                    assert_eq!(*error.kind(), ErrorKind::NoSuchColumn(unknown.to_owned()));
                }
            }

            #[tokio::test]
            async fn one_value_is_sealed_and_opened_by_itself() {
                let (_place, pool) = database().await;
                insert(&pool, &[patient(1)]).await;
                let update = "UPDATE patients SET full_name = ?, ssn = ?, email = ?, diagnosis = ? WHERE id = ?";
                let query = sqlx::query::<Db>(sql(update))
                    .bind(Patient::seal_name(&1, &1, "Eve"))
                    .bind(Patient::seal_ssn(&1, &1, Some("7")))
                    .bind(Patient::seal_email(&1, "eve@example.org"))
                    .bind(Patient::seal_diagnosis(&1, &1, None));
                query.bind(1_i64).execute(&pool).await.unwrap();
                let row = sqlx::query("SELECT full_name, email, ssn, diagnosis FROM patients").fetch_one(&pool).await;
                let row = row.unwrap();
                let [name, email, ssn, diagnosis]: [StoredBytes; 4] = [row.get(0), row.get(1), row.get(2), row.get(3)];
                assert_eq!(Patient::open_name(&1, &1, &name).unwrap(), "Eve");
                assert_eq!(Patient::open_email(&1, &email).unwrap(), "eve@example.org");
                assert_eq!(Patient::open_ssn(&1, &1, &ssn).unwrap().as_deref(), Some("7"));
                assert!(diagnosis.is_null());
                assert_eq!(Patient::open_diagnosis(&1, &1, &diagnosis).unwrap(), None);
                assert_eq!(*Patient::open_name(&1, &2, &name).unwrap_err().kind(), ErrorKind::Rejected);
                let (bytes, text): (Vec<u8>, String) = (row.get(0), row.get(1));
                assert!(bytes.len() == 48 && text.len() == (15_usize + 21).div_ceil(3) * 4);
                let found = sqlx::query_scalar(sql("SELECT id FROM patients WHERE email = ?"));
                let found: Vec<i64> = found.bind(Patient::seal_email(&1, "eve@example.org")).fetch_all(&pool).await.unwrap();
                assert_eq!(found, [1]);
            }

            #[tokio::test]
            async fn a_transaction_that_is_rolled_back_leaves_nothing() {
                let (_place, pool) = database().await;
                let one = patient(1);
                let mut transaction = pool.begin().await.unwrap();
                let insert_one = sql("INSERT INTO patients VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
                sqlx::query::<Db>(insert_one).bind_row(&one).unwrap().execute(&mut *transaction).await.unwrap();
                transaction.rollback().await.unwrap();
                assert!(all(&pool).await.unwrap().is_empty());
            }

            #[tokio::test]
            async fn another_rows_value_is_an_error_with_table_and_column() {
                let (_place, pool) = database().await;
                insert(&pool, &[patient(3)]).await;
                pool.execute("UPDATE patients SET id = 9 WHERE id = 3").await.unwrap();
                let result = all(&pool).await;
                let printed = result.as_ref().err().unwrap().to_string();
                assert!(matches!(&result, Err(sqlx::Error::ColumnDecode { index, .. }) if index == "full_name"));
                assert!(printed.contains("patients.name: the value was rejected"), "{printed}");
                let error = sealed_error(result);
                assert_eq!((error.table(), error.column()), (Some("patients"), Some("name")));
                assert_eq!(*error.kind(), ErrorKind::Rejected);
            }

            #[tokio::test]
            async fn what_can_not_be_sealed_is_refused_where_it_is_bound() {
                let (_place, pool) = database().await;
                let stranger = Patient { org_id: 77, ..patient(5) };
                let no_primary = ErrorKind::NoPrimary(Scope::tenant(77).unwrap());
                let insert_one = "INSERT INTO patients VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
                let result = sqlx::query::<Db>(sql(insert_one)).bind_row(&stranger);
                assert!(matches!(result, Err(sqlx::Error::Encode(_))));
                assert_eq!(*sealed_error(result).kind(), no_primary);
                // By itself: sqlx keeps the text of the error until the statement is executed.
                let query = sqlx::query::<Db>(sql("INSERT INTO patients (full_name) VALUES (?)"));
                let error = query.bind(Patient::seal_name(&77, &1, "x")).execute(&pool).await.unwrap_err();
                assert!(error.to_string().contains("has no primary data key"), "{error}");
                assert_eq!(*Patient::seal_name(&77, &1, "x").checked().unwrap_err().kind(), no_primary);
                assert!(all(&pool).await.unwrap().is_empty());
            }
        }
    };
}

on!(sqlite: SqlitePool, Sqlite, sqlite, "sqlite://", "blob", |_| "?".to_owned());
on!(postgres: PgPool, Postgres, postgres, "", "bytea", |at| format!("${at}"));
on!(mysql: MySqlPool, MySql, mysql, "", "blob", |_| "?".to_owned());
