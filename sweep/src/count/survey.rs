//! What the database holds, counted by the database: rows by column and key.

use super::prefix::{Parts, any_bytes};
use crate::plan::{SealedForm, key_named_by};
use crate::sql::{Cell, Client, Engine, SqlError, Table, TableColumn, all_of, identifier, quoted};
use fieldseal::keys::KeyId;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// The values of one column, by what they look like. Nothing is opened: what looks sealed may not
/// be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// Rows.
    pub rows: u64,
    /// Values that are NULL.
    pub null: u64,
    /// Values that can't be sealed ones.
    pub not_sealed: u64,
    /// Values that look sealed, by the id of the key that they name.
    pub by_key: BTreeMap<KeyId, u64>,
    /// The length of the longest value, in bytes or characters.
    pub longest: u64,
}

impl Survey {
    /// Counts a column in one pass over the table, on the server: those that look sealed in that
    /// form.
    ///
    /// # Errors
    ///
    /// [`SqlError`].
    pub fn of(
        client: &mut dyn Client,
        table: &Table,
        column: &TableColumn,
        form: SealedForm,
    ) -> Result<Self, SqlError> {
        let engine = client.engine();
        let Parts { bytes, text, length } = Parts::of(engine, column);
        let (bytes, text) = match form {
            SealedForm::Bytes => (bytes, None),
            SealedForm::Base64 => (None, text),
            SealedForm::Either => (any_bytes(engine, column).or(bytes), text),
        };
        let prefix = match (bytes, text) {
            (Some(bytes), Some(text)) => format!("coalesce({bytes}, {text})"),
            (Some(only), None) | (None, Some(only)) => only,
            // The column holds numbers or dates. The NULL has a type because PostgreSQL can't group
            // by a constant without one.
            (None, None) if engine == Engine::Postgres => "NULL::text".to_owned(),
            (None, None) => "NULL".to_owned(),
        };
        let name = identifier(engine, &column.name);
        let sql = format!(
            "SELECT {name} IS NULL, {prefix}, count(*), max({length}) FROM {} GROUP BY 1, 2",
            all_of(engine, &quoted(engine.dialect(), &table.name))
        );
        let mut survey = Self::default();
        client.query(&sql, &[], &mut |row| {
            survey.count(&row);
            ControlFlow::Continue(())
        })?;
        Ok(survey)
    }

    fn count(&mut self, row: &[Cell]) {
        let [is_null, prefix, rows, longest] = row else { return };
        let rows = rows.count();
        self.rows += rows;
        self.longest = self.longest.max(longest.count());
        if is_null.integer() == Some(1) {
            self.null += rows;
        } else if let Some(id) = key_named_by(prefix) {
            *self.by_key.entry(id).or_default() += rows;
        } else {
            self.not_sealed += rows;
        }
    }

    /// Values that look sealed.
    #[must_use]
    pub fn sealed(&self) -> u64 {
        self.by_key.values().sum()
    }

    /// Values under that key.
    #[must_use]
    pub fn under(&self, id: KeyId) -> u64 {
        self.by_key.get(&id).copied().unwrap_or(0)
    }
}
