//! A data key as a key store holds it.

use super::{Binding, Commitment, KekUri, KeyId, KeyState};
use crate::context::Scope;
use crate::format::json;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as DeError};
use serde_json::Value;
use std::fmt;

/// One data key as a key store holds it: wrapped, with what is known of it.
///
/// Id, scope and commitment never change, and are bound into each wrapped copy. The other fields
/// change as the key goes through its life ([`KeyState`]).
///
/// A new key's record is made by [`Self::new`], one that was read by [`Self::from_columns`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct KeyRecord {
    /// The key's id, unique in the store.
    #[serde(with = "id")]
    pub id: KeyId,
    /// The scope whose values the key seals.
    #[serde(with = "scope")]
    pub scope: Scope,
    /// Where it is in its life.
    pub state: KeyState,
    /// What the key must match once it's unwrapped.
    #[serde(with = "commitment")]
    pub commitment: Commitment,
    /// The key under one or more KEKs; empty once it is destroyed.
    #[serde(deserialize_with = "json::objects")]
    pub wrapped: Vec<WrappedKey>,
    /// When the key was made, in Unix seconds.
    pub created: i64,
    /// 1 for a new record, and one more with each change: [`KeyStore::commit`] replaces a record
    /// only if nobody else changed it since it was read.
    ///
    /// [`KeyStore::commit`]: crate::store::KeyStore::commit
    pub revision: u64,
}

/// A row of a SQL key store, column by column and not yet checked
/// ([the format of keys](crate::guide::format_keys), "The key store").
///
/// ```
/// use fieldseal::keys::{KeyRecord, RecordColumns};
///
/// let columns = RecordColumns::new()
///     .id(7)
///     .scope("")
///     .state("retired")
///     .commitment(&[9; 32])
///     .wrapped("[]")
///     .created(1_800_000_000)
///     .revision(3);
/// assert_eq!(KeyRecord::from_columns(&columns)?.revision, 3);
///
/// let refused = KeyRecord::from_columns(&columns.state("lost")).unwrap_err();
/// assert_eq!(refused.column.name(), "state");
/// # Ok::<(), fieldseal::keys::MalformedRecord>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordColumns<'a> {
    id: Option<i64>,
    scope: Option<&'a str>,
    state: Option<&'a str>,
    commitment: Option<&'a [u8]>,
    wrapped: Option<&'a str>,
    created: Option<i64>,
    revision: Option<i64>,
}

impl<'a> RecordColumns<'a> {
    /// No columns yet. One that is never given is malformed.
    #[must_use]
    pub const fn new() -> Self {
        Self { id: None, scope: None, state: None, commitment: None, wrapped: None, created: None, revision: None }
    }

    /// The key's id, from 1 to 4,294,967,295.
    #[must_use]
    pub const fn id(mut self, id: i64) -> Self {
        self.id = Some(id);
        self
    }

    /// The scope's name, empty for the application's.
    #[must_use]
    pub const fn scope(mut self, name: &'a str) -> Self {
        self.scope = Some(name);
        self
    }

    /// The name of the key's state ([`KeyState::name`]).
    #[must_use]
    pub const fn state(mut self, name: &'a str) -> Self {
        self.state = Some(name);
        self
    }

    /// The commitment: 32 bytes.
    #[must_use]
    pub const fn commitment(mut self, bytes: &'a [u8]) -> Self {
        self.commitment = Some(bytes);
        self
    }

    /// The wrapped copies, as [`KeyRecord::wrapped_json`] writes them.
    #[must_use]
    pub const fn wrapped(mut self, json: &'a str) -> Self {
        self.wrapped = Some(json);
        self
    }

    /// When the key was made, in Unix seconds.
    #[must_use]
    pub const fn created(mut self, seconds: i64) -> Self {
        self.created = Some(seconds);
        self
    }

    /// The record's revision, at least 0.
    #[must_use]
    pub const fn revision(mut self, revision: i64) -> Self {
        self.revision = Some(revision);
        self
    }
}

/// A data key wrapped under one KEK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WrappedKey {
    /// The KEK that the key is wrapped under.
    pub kek: KekUri,
    /// The wrapped key, in the provider's own form. At most 64 KiB.
    #[serde(with = "blob")]
    pub blob: Vec<u8>,
}

impl WrappedKey {
    /// A wrapped copy: the KEK that it's under, and the bytes that the provider made of the key.
    #[must_use]
    pub const fn new(kek: KekUri, blob: Vec<u8>) -> Self {
        Self { kek, blob }
    }
}

impl KeyRecord {
    /// The first record of a new key, with the revision 1. `created` is in Unix seconds.
    #[must_use]
    pub fn new(binding: Binding, state: KeyState, wrapped: Vec<WrappedKey>, created: i64) -> Self {
        let Binding { id, scope, commitment } = binding;
        Self { id, scope, state, commitment, wrapped, created, revision: 1 }
    }

    /// The same record in that state. The revision stays as it is.
    #[must_use]
    pub const fn with_state(mut self, state: KeyState) -> Self {
        self.state = state;
        self
    }

    /// The same record with those wrapped copies in place of its own. The revision stays as it is.
    #[must_use]
    pub fn with_wrapped(mut self, wrapped: Vec<WrappedKey>) -> Self {
        self.wrapped = wrapped;
        self
    }

    /// The same record at that revision.
    #[must_use]
    pub const fn with_revision(mut self, revision: u64) -> Self {
        self.revision = revision;
        self
    }

    /// What a KMS binds into each wrapped copy.
    #[must_use]
    pub fn binding(&self) -> Binding {
        Binding { id: self.id, scope: self.scope.clone(), commitment: self.commitment }
    }

    /// The wrapped copies as SQL stores hold them: JSON
    /// ([the format of keys](crate::guide::format_keys), "The key store").
    #[must_use]
    pub fn wrapped_json(&self) -> String {
        #[expect(
            clippy::expect_used,
            reason = "strings and base64 always serialize, and no copies would be a lost key"
        )]
        serde_json::to_string(&self.wrapped).expect("copies are JSON")
    }

    /// A record from the columns of a SQL store ([the format of keys](crate::guide::format_keys),
    /// "The key store").
    ///
    /// # Errors
    ///
    /// The first column that is missing or malformed; its content is never part of the error.
    pub fn from_columns(columns: &RecordColumns<'_>) -> Result<Self, MalformedRecord> {
        let key = columns.id.and_then(|id| u32::try_from(id).ok()).and_then(KeyId::new);
        let bad = |column| MalformedRecord { key, column };
        let scope = columns.scope.and_then(|name| Scope::from_store(name).ok());
        let commitment = columns.commitment.and_then(|bytes| bytes.try_into().ok());
        let wrapped = columns.wrapped.and_then(|json| json::from_objects(json).ok());
        let revision = columns.revision.and_then(|revision| u64::try_from(revision).ok());
        Ok(Self {
            id: key.ok_or(bad(RecordColumn::Id))?,
            scope: scope.ok_or(bad(RecordColumn::Scope))?,
            state: columns.state.and_then(KeyState::from_name).ok_or(bad(RecordColumn::State))?,
            commitment: commitment.map(Commitment::from_bytes).ok_or(bad(RecordColumn::Commitment))?,
            wrapped: wrapped.ok_or(bad(RecordColumn::Wrapped))?,
            created: columns.created.ok_or(bad(RecordColumn::Created))?,
            revision: revision.ok_or(bad(RecordColumn::Revision))?,
        })
    }
}

impl KeyRecord {
    /// A record from an entry of a key-store file, or the first field that is wrong, and the scope
    /// if that can be read.
    pub(crate) fn from_json(entry: Value) -> Result<Self, (MalformedRecord, Option<Scope>)> {
        let bad = |key, column| MalformedRecord { key, column };
        let Value::Object(mut fields) = entry else { return Err((bad(None, RecordColumn::Entry), None)) };
        let mut field = |name| fields.remove(name).unwrap_or_default();
        let (id, scope) = (id::deserialize(field("id")).ok(), scope::deserialize(field("scope")).ok());
        let read = |column: Result<Self, RecordColumn>| column.map_err(|column| (bad(id, column), scope.clone()));
        let (state, commitment) =
            (KeyState::deserialize(field("state")), commitment::deserialize(field("commitment")));
        let wrapped = json::objects(field("wrapped"));
        let (created, revision) = (i64::deserialize(field("created")), u64::deserialize(field("revision")));
        read((|| {
            Ok(Self {
                id: id.ok_or(RecordColumn::Id)?,
                scope: scope.clone().ok_or(RecordColumn::Scope)?,
                state: state.map_err(|_| RecordColumn::State)?,
                commitment: commitment.map_err(|_| RecordColumn::Commitment)?,
                wrapped: wrapped.map_err(|_| RecordColumn::Wrapped)?,
                created: created.map_err(|_| RecordColumn::Created)?,
                revision: if fields.is_empty() {
                    revision.map_err(|_| RecordColumn::Revision)?
                } else {
                    return Err(RecordColumn::Entry);
                },
            })
        })())
    }

    /// Refuses what could be written to a store and then not be read from it.
    pub(crate) fn check_writable(&self) -> Result<(), MalformedRecord> {
        let wrapped = self.wrapped_json();
        let bad = |column| MalformedRecord { key: Some(self.id), column };
        if wrapped.len() > MAX_WRAPPED_JSON {
            return Err(bad(RecordColumn::Wrapped));
        }
        let revision = i64::try_from(self.revision).map_err(|_| bad(RecordColumn::Revision))?;
        let columns = RecordColumns::new()
            .id(self.id.get().into())
            .scope(self.scope.as_str())
            .state(self.state.name())
            .commitment(self.commitment.as_bytes())
            .wrapped(&wrapped)
            .created(self.created)
            .revision(revision);
        Self::from_columns(&columns).map(drop)
    }
}

/// A column of a key record, to say which one is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "they are named after the columns of `docs/format-keys.md`")]
pub enum RecordColumn {
    Id,
    Scope,
    State,
    Commitment,
    Wrapped,
    Created,
    Revision,
    /// In a key-store file, an entry that isn't an object with a record's fields.
    Entry,
}

impl RecordColumn {
    /// The column's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Scope => "scope",
            Self::State => "state",
            Self::Commitment => "commitment",
            Self::Wrapped => "wrapped",
            Self::Created => "created",
            Self::Revision => "revision",
            Self::Entry => "entry",
        }
    }
}

impl fmt::Display for RecordColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A row of a key store that isn't a key record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MalformedRecord {
    /// The key, if its id can be read.
    pub key: Option<KeyId>,
    /// The column that is wrong.
    pub column: RecordColumn,
}

impl MalformedRecord {
    /// For a store that finds a row malformed by itself: the key's id if that can be read, and the
    /// column that is wrong.
    #[must_use]
    pub const fn new(key: Option<KeyId>, column: RecordColumn) -> Self {
        Self { key, column }
    }

    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        if self.key.is_some() && self.column == RecordColumn::Id {
            "compare both records with a backup, and delete the one that isn't in it"
        } else {
            "restore the key store's table or file, or that record, from a backup"
        }
    }

    /// Whether the record's scope can't be told, so that it may be any scope's.
    #[must_use]
    pub fn may_be_of_any_scope(&self) -> bool {
        self.key.is_none() || self.column == RecordColumn::Scope
    }

    /// Of two records with one id.
    pub(crate) const fn twin(id: KeyId) -> Self {
        Self { key: Some(id), column: RecordColumn::Id }
    }
}

impl fmt::Display for MalformedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, column } = self;
        match key {
            // An id that is known is only wrong with others.
            Some(key) if *column == RecordColumn::Id => write!(f, "data key {key} has more than one record"),
            Some(key) => write!(f, "the `{column}` of data key {key} is malformed"),
            None => write!(f, "its `{column}` is malformed"),
        }
    }
}

impl std::error::Error for MalformedRecord {}

/// The largest wrapped copy of a key that is read from a store.
const MAX_BLOB: usize = 64 * 1024;
/// The most that all copies of one key may take as JSON.
pub(crate) const MAX_WRAPPED_JSON: usize = 1024 * 1024;

mod id {
    use super::{DeError, Deserialize, Deserializer, KeyId, Serializer};

    pub(super) fn serialize<S: Serializer>(id: &KeyId, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u32(id.get())
    }

    pub(super) fn deserialize<'de, De: Deserializer<'de>>(d: De) -> Result<KeyId, De::Error> {
        KeyId::new(u32::deserialize(d)?).ok_or_else(|| De::Error::custom("a key id is not 0"))
    }
}

mod scope {
    use super::{DeError, Deserialize, Deserializer, Scope, Serializer};

    pub(super) fn serialize<S: Serializer>(scope: &Scope, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(scope.as_str())
    }

    pub(super) fn deserialize<'de, De: Deserializer<'de>>(d: De) -> Result<Scope, De::Error> {
        Scope::from_store(&String::deserialize(d)?).map_err(De::Error::custom)
    }
}

mod commitment {
    use super::{Commitment, DeError, Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(commitment: &Commitment, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex::encode(commitment.as_bytes()))
    }

    pub(super) fn deserialize<'de, De: Deserializer<'de>>(d: De) -> Result<Commitment, De::Error> {
        let mut bytes = [0; Commitment::LEN];
        let text = String::deserialize(d)?;
        let refused = || De::Error::custom("a commitment is 64 lower-case hex digits");
        hex::decode_to_slice(&text, &mut bytes).map_err(|_| refused())?;
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(refused());
        }
        Ok(Commitment::from_bytes(bytes))
    }
}

mod blob {
    use super::{DeError, Deserialize, Deserializer, Engine, MAX_BLOB, STANDARD, Serializer};

    pub(super) fn serialize<S: Serializer>(blob: &[u8], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&STANDARD.encode(blob))
    }

    pub(super) fn deserialize<'de, De: Deserializer<'de>>(d: De) -> Result<Vec<u8>, De::Error> {
        let text = String::deserialize(d)?;
        let too_long = || De::Error::custom("a wrapped key is at most 64 KiB");
        if text.len() > MAX_BLOB.div_ceil(3) * 4 {
            return Err(too_long());
        }
        let blob = STANDARD.decode(text).map_err(|_| De::Error::custom("a wrapped key is base64"))?;
        if blob.len() > MAX_BLOB { Err(too_long()) } else { Ok(blob) }
    }
}

#[cfg(test)]
mod tests;
