//! A key record is refused, or it comes back from what it is written as.

use super::input::Input;
use fieldseal::keys::{KeyRecord, KeyState, RecordColumns};

/// `data` is 0 and a record in JSON, or 1 and the columns of a SQL store.
pub fn check(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let record = match input.u8() % 2 {
        0 => serde_json::from_slice(input.rest()).ok(),
        _ => columns(input),
    };
    let Some(record) = record else { return false };
    comes_back_from_json(&record);
    comes_back_from_columns(&record);
    true
}

pub(super) fn comes_back_from_json(record: &KeyRecord) {
    let json = serde_json::to_string(record).expect("a record is JSON");
    assert_eq!(serde_json::from_str::<KeyRecord>(&json).ok().as_ref(), Some(record), "{json}");
}

pub(super) fn comes_back_from_columns(record: &KeyRecord) {
    // SQL has no unsigned integers: a revision that doesn't fit is refused when it is written.
    let Ok(revision) = i64::try_from(record.revision) else { return };
    let wrapped = record.wrapped_json();
    let columns = RecordColumns::new()
        .id(record.id.get().into())
        .scope(record.scope.as_str())
        .state(record.state.name())
        .commitment(record.commitment.as_bytes())
        .wrapped(&wrapped)
        .created(record.created)
        .revision(revision);
    assert_eq!(KeyRecord::from_columns(&columns).as_ref(), Ok(record));
}

/// `id ‖ created ‖ revision`, eight bytes each, `state` by number or by name, `scope`,
/// `commitment`, `wrapped`.
fn columns(mut input: Input<'_>) -> Option<KeyRecord> {
    let (id, created, revision) = (input.i64(), input.i64(), input.i64());
    let state = match KeyState::ALL.get(usize::from(input.u8())) {
        Some(state) => state.name(),
        None => std::str::from_utf8(input.short()).ok()?,
    };
    let scope = std::str::from_utf8(input.short()).ok()?;
    let commitment = input.short();
    let wrapped = std::str::from_utf8(input.rest()).ok()?;
    let columns = RecordColumns::new().id(id).scope(scope).state(state).commitment(commitment);
    let columns = columns.wrapped(wrapped).created(created).revision(revision);
    let record = KeyRecord::from_columns(&columns).ok()?;
    assert_eq!((i64::from(record.id.get()), record.created), (id, created));
    assert_eq!((record.scope.as_str(), record.state.name()), (scope, state));
    assert_eq!(
        (record.commitment.as_bytes().as_slice(), i64::try_from(record.revision)),
        (commitment, Ok(revision))
    );
    Some(record)
}
