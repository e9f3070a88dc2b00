//! The SQL that makes the key store's table.

/// The SQL of a migration.
pub(crate) struct Scripts {
    /// Makes the table and its indexes, if they aren't there.
    pub(crate) up: &'static str,
    /// Drops it.
    pub(crate) down: &'static str,
}
