//! Names and texts in SQL, for statements that are written by hand.

use super::Engine;
use fieldseal::Dialect;

/// A name as that database quotes it, with its schema if it has one (`audit.patients`).
///
/// ```
/// use fieldseal::Dialect;
/// use fieldseal_sweep::sql::quoted;
///
/// assert_eq!(quoted(Dialect::Postgres, "audit.patients"), r#""audit"."patients""#);
/// assert_eq!(quoted(Dialect::Mysql, "order"), "`order`");
/// ```
#[must_use]
pub fn quoted(dialect: Dialect, name: &str) -> String {
    dialect.quoted(name)
}

/// A text as that database writes it in SQL.
#[must_use]
pub fn literal(dialect: Dialect, text: &str) -> String {
    dialect.literal(text)
}

/// One name as that database quotes it, dots and all.
pub(crate) fn identifier(engine: Engine, name: &str) -> String {
    engine.dialect().identifier(name)
}
