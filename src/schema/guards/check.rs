//! Whether the guards are in the database: one query, for whichever library the program has.

use super::strays::Strays;
use super::{Event, Guard};
use crate::quoting::{identifier, literal, quoted};
use crate::store::Dialect;

/// An SQL query that says of each guard whether it's in the database. Its rows have two texts: `guard`, the name, and `problem`,
/// which is NULL where all is well; otherwise the guard is missing, disabled (PostgreSQL), or was made for another model or
/// another [`KeyCheck`](crate::KeyCheck).
///
/// A trigger of a guard in the connection's own schema that isn't among these is listed too: a column that isn't sealed any more is refused its
/// plaintext by it.
///
/// On MySQL only users with the right TRIGGER on a table see its triggers.
///
/// ```
/// # use fieldseal::{Column, KeyCheck, Schema, guard_check, guards, store::Dialect};
/// # const SCHEMA: Schema = Schema { model: "Patient", table: "patients", sql_table: "patients",
/// #     row: &[], scope: None, columns: &[Column::new("patients", "name").unbound_row()] };
/// let guards = guards(Dialect::Postgres, &[SCHEMA], &KeyCheck::InStore);
/// let query = guard_check(Dialect::Postgres, &guards);
/// // let guards: Vec<(String, Option<String>)> = sqlx::query_as(sqlx::AssertSqlSafe(query)).fetch_all(&pool).await?;
/// # assert!(query.contains("fieldseal_guard_patients_name_"));
/// ```
#[must_use]
pub fn guard_check(dialect: Dialect, guards: &[Guard]) -> String {
    let strays = listed(dialect, guards);
    if guards.is_empty() {
        return strays;
    }
    let triggers = guards.iter().flat_map(|guard| Event::ALL.map(|event| expected(dialect, guard, event)));
    let triggers = triggers.collect::<Vec<_>>().join(" UNION ALL ");
    let tagged = match dialect {
        Dialect::Sqlite => "instr(e.made, e.tag) > 0",
        Dialect::Postgres => "strpos(e.made, e.tag) > 0",
        Dialect::Mysql => "LOCATE(e.tag, e.made) > 0",
    };
    let said = |what: &str| joined(dialect, &["e.sealed".to_owned(), literal(dialect, what)]);
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
        text(dialect, "e.name"),
        text(dialect, &problem),
    )
}

/// One trigger as a row: the body that it has in the database, empty if it's disabled.
fn expected(dialect: Dialect, guard: &Guard, event: Event) -> String {
    let constant = |text: &str| literal(dialect, text);
    let trigger = constant(&format!("{}{}", guard.name, event.suffix()));
    let schema = guard.table.rsplit_once('.').map(|(schema, _)| schema);
    let made = match dialect {
        Dialect::Sqlite => {
            let schema = schema.map(|schema| format!("{}.", identifier(dialect, schema))).unwrap_or_default();
            // A trigger goes with its table when that is renamed.
            let table = guard.table.rsplit('.').next().unwrap_or_default();
            format!(
                "(SELECT d.sql FROM {schema}sqlite_master d WHERE d.type = 'trigger' AND d.name = {trigger} \
                 AND d.tbl_name = {} COLLATE NOCASE)",
                constant(table)
            )
        }
        Dialect::Postgres => format!(
            "(SELECT CASE WHEN d.tgenabled IN ('O', 'A') THEN p.prosrc ELSE '' END FROM pg_catalog.pg_trigger d \
             JOIN pg_catalog.pg_proc p ON p.oid = d.tgfoid WHERE d.tgrelid = to_regclass({}) AND d.tgname = {trigger})",
            constant(&quoted(dialect, &guard.table))
        ),
        Dialect::Mysql => format!(
            "(SELECT d.action_statement FROM information_schema.triggers d WHERE d.trigger_schema = {} \
             AND d.trigger_name = {trigger} AND d.event_object_table = {})",
            schema.map_or_else(|| "DATABASE()".to_owned(), constant),
            constant(guard.table.rsplit('.').next().unwrap_or_default())
        ),
    };
    format!(
        "SELECT {} AS name, {} AS sealed, {} AS tag, {made} AS made",
        constant(&guard.name),
        constant(&format!("{}.{}", guard.table, guard.column)),
        constant(&guard.tag)
    )
}

/// Guards that aren't among these, as rows of the check.
fn listed(dialect: Dialect, guards: &[Guard]) -> String {
    let Strays { name, table, source } = Strays::of(dialect, guards);
    let what = ": this guard's column is none of the models': remove it, unless it is another program's";
    format!(
        "SELECT {} AS guard, {} AS problem FROM {source}",
        text(dialect, name),
        text(dialect, &joined(dialect, &[table.to_owned(), literal(dialect, what)])),
    )
}

/// Texts one after the other.
pub(super) fn joined(dialect: Dialect, texts: &[String]) -> String {
    match dialect {
        Dialect::Mysql => format!("CONCAT({})", texts.join(", ")),
        Dialect::Sqlite | Dialect::Postgres => texts.join(" || "),
    }
}

/// A text of the result. MySQL puts no texts of two collations under each other, and the session's may be any.
pub(super) fn text(dialect: Dialect, sql: &str) -> String {
    match dialect {
        Dialect::Mysql => format!("CONVERT({sql} USING utf8mb4) COLLATE utf8mb4_general_ci"),
        Dialect::Sqlite | Dialect::Postgres => sql.to_owned(),
    }
}
