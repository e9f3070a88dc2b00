//! The guards that a command is for.

use crate::commands::sweep::Selection;
use crate::error::Error;
use crate::target::{KeyStoreAt, Target};
use fieldseal::Dialect;
use fieldseal::guards::{Guard, KeyCheck, guards};
use fieldseal::keys::{KeyRecord, KeyState};

/// The guards of the chosen columns.
pub(super) fn wanted(
    chosen: &Selection,
    keys: &KeyCheck,
    dialect: Dialect,
    target: &Target,
) -> Result<Vec<Guard>, Error> {
    let chosen = chosen.of(target)?;
    let schemas: Vec<_> = chosen.iter().map(|(schema, _)| *schema).collect();
    let is_chosen = |guard: &Guard| {
        chosen.iter().any(|(schema, columns)| {
            schema.sql_table == guard.table && columns.iter().any(|column| column.sql_name() == guard.column)
        })
    };
    Ok(guards(dialect, &schemas, keys).into_iter().filter(is_chosen).collect())
}

/// The keys that the key store lets through. `records` is only called if the store isn't in the
/// program's database.
pub(crate) fn of_store(
    target: &Target,
    records: impl FnOnce() -> Result<Vec<KeyRecord>, Error>,
) -> Result<KeyCheck, Error> {
    match (target.key_store_at(), target.database()) {
        (Ok(KeyStoreAt::Table(store)), Ok(database)) if store.is(&database) => Ok(KeyCheck::InStore),
        // Guards are only printed, for a database that isn't reached from here.
        (Err(_), Err(_)) => Ok(KeyCheck::InStore),
        _ => {
            let closed = |state| matches!(state, KeyState::Retired | KeyState::Destroyed);
            let records = records()?.into_iter().filter(|record| closed(record.state));
            Ok(KeyCheck::Refusing(records.map(|record| record.id).collect()))
        }
    }
}
