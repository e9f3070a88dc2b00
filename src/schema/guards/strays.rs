//! Guards of columns that aren't sealed any more.

use super::check::{joined, text};
use super::{Event, Guard, PREFIX};
use crate::quoting::literal;
use crate::store::Dialect;

/// An SQL query for the guards in the connection's own schema that aren't among these: of columns that aren't sealed any more, or of another
/// program's. Its rows have two texts: `guard`, the trigger's name (on PostgreSQL the function's too), and `remove`, the
/// statement that removes it, in the order in which they have to be run.
///
/// ```
/// # use fieldseal::{Column, KeyCheck, Schema, guards, stray_guards, store::Dialect};
/// # const SCHEMA: Schema = Schema { model: "Patient", table: "patients", sql_table: "patients",
/// #     row: &[], scope: None, columns: &[Column::new("patients", "name").unbound_row()] };
/// let guards = guards(Dialect::Postgres, &[SCHEMA], &KeyCheck::InStore);
/// let query = stray_guards(Dialect::Postgres, &guards);
/// // for (_, remove) in sqlx::query_as::<_, (String, String)>(sqlx::AssertSqlSafe(query)).fetch_all(&pool).await? { … }
/// # assert!(query.contains("DROP TRIGGER"));
/// ```
#[must_use]
pub fn stray_guards(dialect: Dialect, guards: &[Guard]) -> String {
    let Strays { name, source, .. } = Strays::of(dialect, guards);
    let query = |name: &str, remove: &str, source: &str| {
        format!("SELECT {} AS guard, {} AS remove FROM {source}", text(dialect, name), text(dialect, remove))
    };
    let quoted = |mark: &str| {
        let [drop, once, twice] =
            [&format!("DROP TRIGGER {mark}"), mark, &mark.repeat(2)].map(|text| literal(dialect, text));
        joined(dialect, &[drop, format!("replace({name}, {once}, {twice})"), once])
    };
    match dialect {
        Dialect::Sqlite => query(name, &quoted("\""), &source),
        Dialect::Mysql => query(name, &quoted("`"), &source),
        // Triggers first: they need the functions.
        Dialect::Postgres => {
            let triggers = query(name, "format('DROP TRIGGER %I ON %s', d.tgname, d.tgrelid::regclass)", &source);
            let known = not_among(dialect, "p.proname::text", guards.iter().map(|guard| guard.name.clone()));
            let functions = format!(
                "pg_catalog.pg_proc p WHERE p.prorettype = 'pg_catalog.trigger'::regtype AND p.pronargs = 0 \
                 AND pg_catalog.pg_function_is_visible(p.oid) AND {}{known}",
                begins_as_a_guard("p.proname::text")
            );
            let functions = query("p.proname::text", "format('DROP FUNCTION %s()', p.oid::regproc)", &functions);
            format!(
                "SELECT guard, remove FROM (SELECT 1 AS step, t.* FROM ({triggers}) t UNION ALL \
                 SELECT 2, f.* FROM ({functions}) f) s ORDER BY step, guard"
            )
        }
    }
}

/// Triggers with the name of a guard that isn't among some.
pub(super) struct Strays {
    /// What is SQL for a trigger's name, and for its table's.
    pub(super) name: &'static str,
    pub(super) table: &'static str,
    /// What follows FROM.
    pub(super) source: String,
}

impl Strays {
    pub(super) fn of(dialect: Dialect, guards: &[Guard]) -> Self {
        let (name, table, source) = match dialect {
            Dialect::Sqlite => ("d.name", "d.tbl_name", "sqlite_master d WHERE d.type = 'trigger'"),
            Dialect::Postgres => (
                "d.tgname::text",
                "d.tgrelid::regclass::text",
                // A partition's go with the parent's, on which they depend.
                "pg_catalog.pg_trigger d WHERE NOT d.tgisinternal AND pg_catalog.pg_table_is_visible(d.tgrelid) \
                 AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend p WHERE p.classid = 'pg_catalog.pg_trigger'::regclass \
                 AND p.objid = d.oid AND p.deptype IN ('P', 'S', 'I'))",
            ),
            Dialect::Mysql => (
                "d.trigger_name",
                "d.event_object_table",
                "information_schema.triggers d WHERE d.trigger_schema = DATABASE()",
            ),
        };
        let triggers =
            guards.iter().flat_map(|guard| Event::ALL.map(|event| format!("{}{}", guard.name, event.suffix())));
        let known = not_among(dialect, name, triggers);
        Self { name, table, source: format!("{source} AND {}{known}", begins_as_a_guard(name)) }
    }
}

fn begins_as_a_guard(name: &str) -> String {
    format!("substr({name}, 1, {}) = '{PREFIX}'", PREFIX.len())
}

/// A condition to go on with.
fn not_among(dialect: Dialect, name: &str, known: impl Iterator<Item = String>) -> String {
    let known: Vec<_> = known.map(|name| literal(dialect, &name)).collect();
    if known.is_empty() { String::new() } else { format!(" AND {name} NOT IN ({})", known.join(", ")) }
}
