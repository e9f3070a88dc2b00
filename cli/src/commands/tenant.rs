//! Tenants by their names.

use crate::error::Error;
use fieldseal::Scope;
use fieldseal::keys::{KeyRecord, KeyState};

/// The scope of a tenant, by its name.
pub(super) fn parse(name: &str) -> Result<Scope, Error> {
    Scope::tenant(name).map_err(|error| Error::usage("that is no tenant's name").why(error.to_string()))
}

/// Refuses a tenant that was forgotten: a key for it would begin it anew, which has to be asked for
/// in another way.
pub(super) fn check_not_forgotten(scope: &Scope, records: &[KeyRecord]) -> Result<(), Error> {
    let mut of_scope = records.iter().filter(|record| record.scope == *scope).peekable();
    if of_scope.peek().is_none() || of_scope.any(|record| record.state != KeyState::Destroyed) {
        return Ok(());
    }
    Err(Error::refused(format!("{scope} was forgotten: all of its keys are destroyed"))
        .why("nothing that was sealed for it can be read again")
        .hint("delete its rows; only if it begins anew, `fieldseal init --scope NAME` makes it a key"))
}
