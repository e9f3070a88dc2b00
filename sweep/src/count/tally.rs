//! What the database holds under a few keys, in one aggregate.

use super::prefix::{Parts, first_bytes, prefixes};
use crate::plan::SealedForm;
use crate::sql::{Cell, Class, Client, SqlError, TableColumn, all_of, identifier, quoted};
use fieldseal::keys::KeyId;

/// A column in one aggregate, without an order: the fast way, where only a few keys matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) null: u64,
    /// Values that look sealed under a primary key.
    pub(super) primary: u64,
    /// Values that look sealed under one of the other keys.
    pub(super) other: u64,
}

/// The keys that a tally counts by.
pub(super) struct Listed {
    pub(super) primary: Vec<KeyId>,
    pub(super) other: Vec<KeyId>,
}

impl Tally {
    pub(super) fn of(
        client: &mut dyn Client,
        table: &str,
        column: &TableColumn,
        form: SealedForm,
        keys: &Listed,
    ) -> Result<Self, SqlError> {
        let engine = client.engine();
        let name = identifier(engine, &column.name);
        let bytes = matches!(column.class, Class::Any | Class::Bytes).then(|| first_bytes(engine, &name));
        let prefix = if form == SealedForm::Base64 { Parts::of(engine, column).text } else { bytes };
        let count = |keys: &Vec<KeyId>| match &prefix {
            Some(prefix) if !keys.is_empty() => {
                let listed: Vec<_> = keys.iter().flat_map(|id| prefixes(engine, *id, form)).collect();
                format!("count(CASE WHEN {prefix} IN ({}) THEN 1 END)", listed.join(", "))
            }
            _ => "0".to_owned(),
        };
        let sql = format!(
            "SELECT count(*), count({name}), {}, {} FROM {}",
            count(&keys.primary),
            count(&keys.other),
            all_of(engine, &quoted(engine.dialect(), table))
        );
        let row = client.row(&sql, &[])?.unwrap_or_default();
        let at = |at: usize| row.get(at).map_or(0, Cell::count);
        Ok(Self { rows: at(0), null: at(0) - at(1).min(at(0)), primary: at(2), other: at(3) })
    }
}
