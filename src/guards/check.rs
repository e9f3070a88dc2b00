//! Whether the guards are in the database: one query, for whichever library the program has.

use super::Guard;
use crate::dialect::{Dialect, KnownGuards};

/// An SQL query that says of each guard whether it's in the database. Its rows have two texts:
/// `guard`, the name, and `problem`, which is NULL where all is well; otherwise the guard is
/// missing, disabled (PostgreSQL), or was made for another model or another
/// [`KeyCheck`](crate::guards::KeyCheck).
///
/// Triggers of other guards in the connection's own schema are listed too: left on a column that
/// isn't sealed any more, they would refuse its plaintext.
///
/// On MySQL only users with the right TRIGGER on a table see its triggers.
///
/// ```
/// # use fieldseal::guards::{KeyCheck, guard_check, guards};
/// # use fieldseal::{Column, Dialect, Schema};
/// # const NAME: Column = Column::new("patients", "name").unbound_row();
/// # const SCHEMA: Schema = Schema::new("patients", &[NAME]);
/// let guards = guards(Dialect::Postgres, &[SCHEMA], &KeyCheck::InStore);
/// let query = guard_check(Dialect::Postgres, &guards);
/// // let query = sqlx::query_as(sqlx::AssertSqlSafe(query));
/// // let guards: Vec<(String, Option<String>)> = query.fetch_all(&pool).await?;
/// # assert!(query.contains("fieldseal_guard_patients_name_"));
/// ```
#[must_use]
pub fn guard_check(dialect: Dialect, guards: &[Guard]) -> String {
    let strays = listed(dialect, guards);
    if guards.is_empty() {
        return strays;
    }
    let triggers =
        guards.iter().flat_map(|guard| guard.triggers().map(|trigger| expected(dialect, guard, &trigger)));
    let triggers = triggers.collect::<Vec<_>>().join(" UNION ALL ");
    let tagged = dialect.contains("e.made", "e.tag");
    let said = |what: &str| dialect.joined(&["e.sealed".to_owned(), dialect.literal(what)]);
    let problem = format!(
        "CASE count(e.made) WHEN 0 THEN max({}) WHEN 1 THEN max({}) ELSE \
         max(CASE WHEN e.made = '' THEN {} WHEN {tagged} THEN NULL ELSE {} END) END",
        said(": its guard is missing"),
        said(": one of its guard's two triggers is missing"),
        said(": its guard is disabled: ALTER TABLE ... ENABLE TRIGGER"),
        said(": its guard was made for another model, or for other keys: make it anew"),
    );
    format!(
        "SELECT {} AS guard, {} AS problem FROM ({triggers}) e GROUP BY e.name UNION ALL {strays}",
        dialect.result("e.name"),
        dialect.result(&problem),
    )
}

/// One trigger as a row: the body that it has in the database, empty if it's disabled.
fn expected(dialect: Dialect, guard: &Guard, trigger: &str) -> String {
    format!(
        "SELECT {} AS name, {} AS sealed, {} AS tag, {} AS made",
        dialect.literal(&guard.name),
        dialect.literal(&format!("{}.{}", guard.table, guard.column)),
        dialect.literal(&guard.tag),
        (dialect.guards().stored_body)(&guard.table, &dialect.literal(trigger))
    )
}

/// Guards that aren't among these, as rows of the check.
fn listed(dialect: Dialect, guards: &[Guard]) -> String {
    let triggers = &dialect.guards().triggers;
    let what = ": this guard's column is none of the models': remove it, unless it is another program's";
    format!(
        "SELECT {} AS guard, {} AS problem FROM {}",
        dialect.result(triggers.name),
        dialect.result(&dialect.joined(&[triggers.table.to_owned(), dialect.literal(what)])),
        triggers.strays(dialect, &KnownGuards::of(guards))
    )
}
