//! A row's id and scope, made of cells as a model with those kinds makes them.

use crate::sql::Cell;
pub(crate) use fieldseal::__sweep::IdKind;
use fieldseal::{RowId, Scope};

/// One column of the row id, as a model with that kind encodes it.
pub(super) fn with_part(id: RowId, kind: IdKind, cell: &Cell) -> Result<RowId, &'static str> {
    match (kind, cell) {
        (IdKind::Integer, Cell::Integer(integer)) => Ok(id.and(integer)),
        (IdKind::Integer, Cell::Unsigned(integer)) => Ok(id.and(integer)),
        (IdKind::Integer, cell) => {
            let integer: Option<i128> = cell.as_str().and_then(|text| text.parse().ok());
            Ok(id.and(&integer.ok_or("its row id isn't an integer, as the lock file says")?))
        }
        (IdKind::Text, Cell::Text(_)) => Ok(id.and(cell.as_str().ok_or("its row id isn't UTF-8")?)),
        (IdKind::Text, _) => Err("its row id isn't text, as the lock file says"),
        (IdKind::Bytes, Cell::Bytes(bytes)) => Ok(id.and(bytes.as_slice())),
        (IdKind::Bytes, _) => Err("its row id isn't bytes, as the lock file says"),
        (IdKind::Uuid, cell) => {
            Ok(id.and(uuid(cell).ok_or("its row id isn't a UUID, as the lock file says")?.as_slice()))
        }
    }
}

/// A tenant, as a model whose scope has that kind names it. Of bytes it can only be a UUID.
pub(crate) fn scope_of(kind: IdKind, cell: &Cell) -> Result<Scope, &'static str> {
    let text = match (kind, cell) {
        (IdKind::Integer, Cell::Integer(integer)) => integer.to_string(),
        (IdKind::Integer, Cell::Unsigned(integer)) => integer.to_string(),
        (IdKind::Integer, cell) => {
            let integer: Option<i128> = cell.as_str().and_then(|text| text.parse().ok());
            integer.ok_or("its scope isn't an integer, as the lock file says")?.to_string()
        }
        (IdKind::Text, Cell::Text(_)) => cell.as_str().ok_or("its scope isn't UTF-8")?.to_owned(),
        (IdKind::Text, _) => return Err("its scope isn't text, as the lock file says"),
        (IdKind::Bytes | IdKind::Uuid, cell) => {
            let bytes = uuid(cell).ok_or("its scope isn't a UUID, as the lock file says")?;
            hyphenated(&bytes)
        }
    };
    Scope::tenant(text).map_err(|_| "its scope is empty, or too long")
}

/// A UUID as its 16 bytes or as text.
fn uuid(cell: &Cell) -> Option<[u8; 16]> {
    match cell {
        Cell::Bytes(bytes) => bytes.as_slice().try_into().ok(),
        Cell::Text(_) => {
            let digits: String = cell.as_str()?.chars().filter(|character| *character != '-').collect();
            hex::decode(digits).ok()?.try_into().ok()
        }
        _ => None,
    }
}

/// 8-4-4-4-12 hex digits.
fn hyphenated(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&hex::encode([*byte]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(kind: IdKind, cell: Cell) -> Result<RowId, &'static str> {
        with_part(RowId::UNBOUND, kind, &cell)
    }

    #[test]
    fn a_row_has_the_id_that_its_model_gives_it() {
        assert_eq!(id(IdKind::Integer, Cell::Integer(-7)), Ok(RowId::of(&-7)));
        assert_eq!(id(IdKind::Integer, Cell::Unsigned(u64::MAX)), Ok(RowId::of(&u64::MAX)));
        assert_eq!(
            id(IdKind::Integer, Cell::text("170141183460469231731687303715884105727")),
            Ok(RowId::of(&i128::MAX))
        );
        assert_eq!(id(IdKind::Text, Cell::text(" a")), Ok(RowId::of(" a")));
        assert_eq!(id(IdKind::Bytes, Cell::Bytes(vec![0])), Ok(RowId::of([0].as_slice())));
        let uuid = [0xAB; 16];
        for cell in [Cell::Bytes(uuid.to_vec()), Cell::text("abababab-abab-abab-abab-abababababab")] {
            assert_eq!(id(IdKind::Uuid, cell), Ok(RowId::of(uuid.as_slice())));
        }
        for (kind, cell) in [
            (IdKind::Integer, Cell::text("x")),
            (IdKind::Integer, Cell::Null),
            (IdKind::Text, Cell::Integer(1)),
            (IdKind::Text, Cell::Text(vec![0xFF])),
            (IdKind::Bytes, Cell::text("x")),
            (IdKind::Uuid, Cell::Bytes(vec![1])),
            (IdKind::Uuid, Cell::text("x")),
        ] {
            assert!(id(kind, cell).is_err(), "{kind:?}");
        }
    }

    #[test]
    fn a_tenant_is_named_as_its_model_names_it() {
        let uuid = "abababab-abab-abab-abab-abababababab";
        assert_eq!(scope_of(IdKind::Integer, &Cell::Integer(42)), Ok(Scope::tenant(42).unwrap()));
        assert_eq!(scope_of(IdKind::Text, &Cell::text("north")), Ok(Scope::tenant("north").unwrap()));
        assert_eq!(scope_of(IdKind::Uuid, &Cell::Bytes(vec![0xAB; 16])), Ok(Scope::tenant(uuid).unwrap()));
        assert_eq!(scope_of(IdKind::Uuid, &Cell::text(uuid)), Ok(Scope::tenant(uuid).unwrap()));
        for (kind, cell) in [
            (IdKind::Integer, Cell::Null),
            (IdKind::Text, Cell::text("")),
            (IdKind::Text, Cell::Bytes(vec![])),
            (IdKind::Uuid, Cell::Null),
        ] {
            assert!(scope_of(kind, &cell).is_err(), "{kind:?}");
        }
    }
}
