//! Guards of columns that aren't sealed any more.

use super::Guard;
use crate::dialect::{Dialect, KnownGuards};

/// An SQL query for the guards in the connection's own schema that aren't among these: those of
/// columns that aren't sealed any more, and those of another program. Its rows have two texts:
/// `guard`, the trigger's name (on PostgreSQL the function's too), and `remove`, the statement that
/// removes it, in the order in which they have to be run.
///
/// ```
/// # use fieldseal::guards::{KeyCheck, guards, stray_guards};
/// # use fieldseal::{Column, Dialect, Schema};
/// # const NAME: Column = Column::new("patients", "name").unbound_row();
/// # const SCHEMA: Schema = Schema::new("patients", &[NAME]);
/// let guards = guards(Dialect::Postgres, &[SCHEMA], &KeyCheck::InStore);
/// let query = stray_guards(Dialect::Postgres, &guards);
/// // let query = sqlx::query_as::<_, (String, String)>(sqlx::AssertSqlSafe(query));
/// // for (_, remove) in query.fetch_all(&pool).await? { … }
/// # assert!(query.contains("DROP TRIGGER"));
/// ```
#[must_use]
pub fn stray_guards(dialect: Dialect, guards: &[Guard]) -> String {
    (dialect.guards().strays)(&KnownGuards::of(guards))
}
