//! Names and constants in SQL, as the sweeps ask for them.

use crate::dialect::Dialect;

/// [`Dialect::quoted`].
#[must_use]
pub(crate) fn quoted(dialect: Dialect, name: &str) -> String {
    dialect.quoted(name)
}

/// [`Dialect::identifier`].
pub(crate) fn identifier(dialect: Dialect, name: &str) -> String {
    dialect.identifier(name)
}

/// [`Dialect::literal`].
#[must_use]
pub(crate) fn literal(dialect: Dialect, text: &str) -> String {
    dialect.literal(text)
}
