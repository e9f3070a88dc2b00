//! Models beside columns that aren't what they say.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use fieldseal::Dialect;
use fieldseal::schema::column_check;
use fieldseal::{Column, Schema, Suite};
use fieldseal_databases::Database;

const fn column(name: &'static str) -> Column {
    Column::new("patients", name).unbound_row()
}

const SCHEMA: Schema = Schema::new(
    "patients",
    &[
        column("exact").with_size(100),
        column("larger").with_size(100),
        column("smaller").with_size(101),
        column("bytes_in_text").with_size(100),
        column("text").base64().with_size(100),
        column("text_in_bytes").base64().with_size(100),
        column("short_text").base64().with_size(101),
        column("searched").with_suite(Suite::Aes256Siv).base64().with_size(100),
        column("searched_wrongly").with_suite(Suite::Aes256Siv).base64().with_size(100),
        column("unsized"),
        column("it's missing").with_size(100),
    ],
)
.with_model("Patient");

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    problem: String,
}

/// The columns with a problem, and the problem.
fn problems(lines: Vec<Line>) -> Vec<(String, String)> {
    let mut problems: Vec<_> = lines
        .into_iter()
        .map(|line| {
            let (column, problem) = line.problem.split_once(": ").unwrap();
            (column.strip_prefix("patients.").unwrap().to_owned(), problem.to_owned())
        })
        .collect();
    problems.sort();
    problems
}

fn names(problems: &[(String, String)]) -> Vec<&str> {
    problems.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn on_mysql() {
    let database = Database::mysql();
    let conn = &mut MysqlConnection::establish(&database.url).unwrap();
    conn.batch_execute(
        "CREATE TABLE patients (exact VARBINARY(100), larger BLOB, smaller VARBINARY(100), bytes_in_text VARCHAR(100),
         text VARCHAR(100), text_in_bytes VARBINARY(100), short_text VARCHAR(100),
         searched VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin, searched_wrongly TEXT, unsized BLOB)",
    )
    .unwrap();
    let found = problems(sql_query(column_check(Dialect::Mysql, &[SCHEMA])).load(conn).unwrap());
    let expected =
        ["bytes_in_text", "it's missing", "searched_wrongly", "short_text", "smaller", "text_in_bytes", "unsized"];
    assert_eq!(names(&found), expected, "{found:?}");
    assert!(found[4].1.contains("holds 100") && found[4].1.contains("size = 101"), "{found:?}");
    assert!(found[6].1.contains("size = 65535"), "{found:?}");
}

#[test]
fn on_postgres() {
    let database = Database::postgres();
    let conn = &mut PgConnection::establish(&database.url).unwrap();
    conn.batch_execute(
        "CREATE TABLE patients (exact bytea, larger bytea, smaller bytea, bytes_in_text text, text varchar(100),
         text_in_bytes bytea, short_text varchar(100), searched text, searched_wrongly text, unsized bytea)",
    )
    .unwrap();
    let found = problems(sql_query(column_check(Dialect::Postgres, &[SCHEMA])).load(conn).unwrap());
    assert_eq!(names(&found), ["bytes_in_text", "it's missing", "short_text", "text_in_bytes"], "{found:?}");
    assert!(found[0].1.contains("it is text") && found[0].1.contains("bytea"), "{found:?}");
}

#[test]
fn on_sqlite() {
    let database = Database::sqlite();
    let conn = &mut SqliteConnection::establish(&database.url).unwrap();
    let columns: Vec<_> =
        SCHEMA.columns.iter().map(Column::sql_name).filter(|name| *name != "it's missing").collect();
    conn.batch_execute(&format!("CREATE TABLE patients ({})", columns.join(", "))).unwrap();
    let found = problems(sql_query(column_check(Dialect::Sqlite, &[SCHEMA])).load(conn).unwrap());
    assert_eq!(names(&found), ["it's missing"], "{found:?}");
}

#[test]
fn nothing_to_check_is_no_problem() {
    let database = Database::postgres();
    let conn = &mut PgConnection::establish(&database.url).unwrap();
    assert!(sql_query(column_check(Dialect::Postgres, &[])).load::<Line>(conn).unwrap().is_empty());
}
