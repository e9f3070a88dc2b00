//! The hot path: one value sealed or opened, without a lock and without a KMS call.

#[cfg(feature = "_sweep")]
mod reseal;

#[cfg(feature = "_sweep")]
pub(crate) use reseal::Resealed;

use crate::armor;
use crate::context::{ContextError, RowContext, RowId, Scope};
use crate::db::{SealedValue, StoredValue};
use crate::envelope::{Envelope, EnvelopeError, HEADER_LEN, MAX_SEALED_LEN};
use crate::error::{Error, ErrorKind};
use crate::keyring::cache::KeyMaterial;
use crate::keyring::cache::{key_in, primary_in};
use crate::keyring::{Keyring, KeyringError, Need};
use crate::keys::{KeyId, KeyState};
use crate::model::Column;
use crate::plaintext::{framed_len, push_framed, unframe};
use crate::suite::{Failed, Suite};
use crate::value::{Encoded, Field, Value};
use zeroize::Zeroizing;

/// With many more scopes in use than keys are held, what was learnt of one may be forgotten before it's used.
const LOOKUP_ATTEMPTS: u32 = 16;

impl Keyring {
    /// Seals bytes for one place: this column of this row. The result is what to store; for a column of base64 its ASCII
    /// characters.
    ///
    /// Most programs never call this: the derive does. It is for columns that a program handles by itself.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoPrimary`], [`ErrorKind::LoadFailed`], [`ErrorKind::NotLoaded`], [`ErrorKind::TooLong`],
    /// [`ErrorKind::TooLongForColumn`], [`ErrorKind::Context`], [`ErrorKind::Exhausted`] or [`ErrorKind::NoRandomness`].
    pub fn seal_bytes(&self, column: &Column, row: &RowContext, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        self.seal_framed(column, row, None, Some(plaintext)).map_err(|kind| Error::at(column, kind))
    }

    /// Opens what [`Self::seal_bytes`] made for the same place. `Ok(None)` is a hidden NULL.
    ///
    /// `stored` is hostile until this has returned.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`] and the other kinds that concern a stored value.
    pub fn open_bytes(
        &self,
        column: &Column,
        row: &RowContext,
        stored: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        open_armor(column, stored, |sealed| self.open_framed(column, row, sealed))
            .map_err(|kind| Error::at(column, kind))
    }

    /// Seals a field. NULL stays NULL unless the column hides it.
    ///
    /// # Errors
    ///
    /// As for [`Self::seal_bytes`], and [`ErrorKind::Encode`]. The error is inside the result, so that binding it to a
    /// statement reports it.
    pub fn seal<F: Field>(&self, column: &Column, row: &RowContext, field: &F) -> SealedValue {
        self.seal_encoded(column, row, None, field.value().map(Value::encode))
    }

    /// Seals a field of a column under [`Suite::Aes256Siv`] with every key that opens values of the scope, the primary
    /// first: all that the database may hold for that value until everything is under the primary. For lookups.
    ///
    /// ```
    /// # use fieldseal::{Column, Keyring, RowContext, Scope, Suite, kms, store};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let kms = kms::Local::create(dir.path().join("kek.json"), None)?;
    /// # let keyring = Keyring::open(kms, store::Memory::new())?;
    /// # keyring.ensure_scope(&Scope::APPLICATION)?;
    /// const EMAIL: Column = Column::new("patients", "email").with_suite(Suite::Aes256Siv);
    /// let row = RowContext::default();
    /// let stored = keyring.seal(&EMAIL, &row, &"a@example.org".to_owned());
    /// keyring.rotate(&Scope::APPLICATION)?;
    /// let candidates = keyring.seal_under_each_key(&EMAIL, &row, &"a@example.org".to_owned())?;
    /// assert!(candidates.len() == 2 && candidates.contains(&stored));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotDeterministic`] for another suite, [`ErrorKind::NoPrimary`] if the scope has no key. Others are
    /// inside the results, as for [`Self::seal`].
    pub fn seal_under_each_key<F: Field>(
        &self,
        column: &Column,
        row: &RowContext,
        field: &F,
    ) -> Result<Vec<SealedValue>, Error> {
        let keys = self.keys_for_lookup(column, &row.scope).map_err(|kind| Error::at(column, kind))?;
        let seal = |key| self.seal_encoded(column, row, Some(key), field.value().map(Value::encode));
        Ok(keys.into_iter().map(seal).collect())
    }

    /// The keys that values of a deterministic column may be under, the primary first.
    pub(crate) fn keys_for_lookup(&self, column: &Column, scope: &Scope) -> Result<Vec<KeyId>, ErrorKind> {
        if column.suite() != Suite::Aes256Siv {
            return Err(ErrorKind::NotDeterministic);
        }
        for _ in 0..LOOKUP_ATTEMPTS {
            if let Some(ids) = self.inner.cache.openable(scope) {
                let now = self.inner.backends.now();
                // Nothing is sealed under a staged key yet; it isn't worth a failing KMS.
                let is_worth = |id: &KeyId| match self.inner.cache.key(*id).map(|key| key.state) {
                    Some(KeyState::Staged) => self.inner.cache.usable(*id, now).is_some(),
                    _ => true,
                };
                return Ok(ids.into_iter().filter(is_worth).collect());
            }
            drop(self.inner.miss(Need::Seal(scope.clone()))?);
        }
        Err(KeyringError::Contended(LOOKUP_ATTEMPTS).into())
    }

    /// Seals an encoded value, or NULL, under that key or the primary: what every other way ends in.
    pub(crate) fn seal_encoded(
        &self,
        column: &Column,
        row: &RowContext,
        under: Option<KeyId>,
        encoded: Option<Result<Encoded<'_>, &'static str>>,
    ) -> SealedValue {
        let sealed = match encoded {
            None if !column.hides_null() => return SealedValue::new(column, Ok(None)),
            None => self.seal_framed(column, row, under, None),
            Some(Ok(encoded)) => self.seal_framed(column, row, under, Some(&encoded)),
            Some(Err(reason)) => Err(ErrorKind::Encode(reason)),
        };
        SealedValue::new(column, sealed.map(Some).map_err(|kind| Error::at(column, kind)))
    }

    /// Opens a field from what the database library handed over.
    ///
    /// # Errors
    ///
    /// The kinds that concern a stored value: [`ErrorKind::NotSealed`], [`ErrorKind::Rejected`],
    /// [`ErrorKind::UnexpectedNull`], [`ErrorKind::Malformed`] and the rest.
    pub fn open_field<'a, F: Field>(
        &self,
        column: &Column,
        row: &RowContext,
        stored: impl Into<StoredValue<'a>>,
    ) -> Result<F, Error> {
        self.open_stored(column, row, stored.into()).map_err(|kind| Error::at(column, kind))
    }

    fn open_stored<F: Field>(
        &self,
        column: &Column,
        row: &RowContext,
        stored: StoredValue<'_>,
    ) -> Result<F, ErrorKind> {
        // Some libraries call text bytes.
        let stored = match stored {
            StoredValue::Bytes(text) | StoredValue::Untyped(text) if column.is_base64() => StoredValue::Text(text),
            other => other,
        };
        let opened = match stored {
            StoredValue::Null if column.refuses_null() => Err(ErrorKind::UnexpectedNull),
            StoredValue::Null => return F::from_value(None).ok_or(ErrorKind::UnexpectedNull),
            StoredValue::Bytes(bytes) | StoredValue::Untyped(bytes) => self.open_framed(column, row, bytes),
            StoredValue::Text(text) if column.is_base64() => {
                open_armor(column, text, |sealed| self.open_framed(column, row, sealed))
            }
            StoredValue::TooLong(len) => Err(ErrorKind::TooLong(len)),
            StoredValue::Text(text) if armor::is_hex_of_sealed(text) => Err(ErrorKind::SealedAsText),
            StoredValue::Integer(_) | StoredValue::Real(_) | StoredValue::Text(_) | StoredValue::Other => {
                Err(ErrorKind::NotSealed)
            }
        };
        let value = match opened {
            Ok(None) => None,
            Ok(Some(plaintext)) => {
                Some(F::Value::decode(plaintext).map_err(|_| ErrorKind::Malformed(F::Value::KIND))?)
            }
            // What can't be a sealed value, or is under a key that this keyring doesn't know, is taken for plaintext; what
            // is damaged stays refused.
            Err(kind @ (ErrorKind::NotSealed | ErrorKind::UnknownKey(_))) if column.is_migrating() => {
                self.refuse_damaged(column, stored)?;
                Some(from_plaintext(stored).ok_or(kind)?)
            }
            Err(kind) => return Err(kind),
        };
        F::from_value(value).ok_or(ErrorKind::UnexpectedNull)
    }

    /// What can't be a whole sealed value but begins like one, under a key that there is, is one that was damaged, and no
    /// plaintext.
    pub(crate) fn refuse_damaged(&self, column: &Column, stored: StoredValue<'_>) -> Result<(), ErrorKind> {
        let start = match stored {
            StoredValue::Bytes(bytes) | StoredValue::Untyped(bytes) => bytes.get(..HEADER_LEN).map(<[u8]>::to_vec),
            // Of base64: eight characters are six bytes.
            StoredValue::Text(text) if column.is_base64() => text.get(..8).and_then(armor::decode),
            _ => None,
        };
        let Some(id) = start.and_then(|start| Envelope::parse(&start).ok().map(|envelope| envelope.key_id)) else {
            return Ok(());
        };
        match self.with_key(id, |_| Ok(())) {
            Err(ErrorKind::UnknownKey(_)) => Ok(()),
            Ok(()) => Err(ErrorKind::Rejected),
            Err(other) => Err(other),
        }
    }

    /// `encoded` is `None` for a hidden NULL.
    pub(crate) fn seal_framed(
        &self,
        column: &Column,
        row: &RowContext,
        under: Option<KeyId>,
        encoded: Option<&[u8]>,
    ) -> Result<Vec<u8>, ErrorKind> {
        if column.is_row_bound() && row.row.is_unbound() {
            return Err(ContextError::MissingRow.into());
        }
        let total = framed_len(column, encoded).saturating_add(column.suite().overhead());
        check_length(column, total)?;
        let frame = |out: &mut Vec<u8>| push_framed(column, encoded, out);
        let sealed = match under {
            None => self.with_primary(&row.scope, |key| seal_under(key, column, row, total, frame)),
            Some(id) => self.with_key(id, |key| seal_under(key, column, row, total, frame)),
        }?;
        Ok(if column.is_base64() { armor::encode(&sealed) } else { sealed })
    }

    /// Hands the scope's primary to `with`: the one that is loaded, and otherwise the one that a load brings.
    pub(crate) fn with_primary<T>(
        &self,
        scope: &Scope,
        with: impl FnOnce(&KeyMaterial) -> Result<T, ErrorKind>,
    ) -> Result<T, ErrorKind> {
        let near = self.inner.cache.scopes_near(scope);
        if let Some(key) = primary_in(&near, scope, self.inner.backends.now()) {
            return with(key);
        }
        drop(near);
        let key = self.inner.miss(Need::Seal(scope.clone()))?;
        // A value under another scope's key could never be opened again.
        if key.scope == *scope { with(&key) } else { Err(KeyringError::WrongKey(key.id).into()) }
    }

    /// Hands the key to `with`: the one that is loaded, and otherwise the one that a load brings.
    fn with_key<T>(
        &self,
        id: KeyId,
        with: impl FnOnce(&KeyMaterial) -> Result<T, ErrorKind>,
    ) -> Result<T, ErrorKind> {
        let near = self.inner.cache.keys_near(id);
        if let Some(key) = key_in(&near, id, self.inner.backends.now())? {
            return with(key);
        }
        drop(near);
        with(&*self.inner.miss(Need::Open(id))?)
    }

    fn open_framed(
        &self,
        column: &Column,
        row: &RowContext,
        stored: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, ErrorKind> {
        let Framed { mut plaintext, .. } = self.open_to_frame(column, row, stored)?;
        match unframe(column, &mut plaintext) {
            Ok(is_value) => Ok(is_value.then_some(plaintext)),
            Err(_) => Err(ErrorKind::Malformed("padded value")),
        }
    }

    /// Opens a sealed value, and leaves its frame on.
    pub(crate) fn open_to_frame(
        &self,
        column: &Column,
        row: &RowContext,
        stored: &[u8],
    ) -> Result<Framed, ErrorKind> {
        let envelope = Envelope::parse(stored).map_err(|error| match error {
            EnvelopeError::TooLong => ErrorKind::TooLong(stored.len()),
            EnvelopeError::NotSealed => ErrorKind::NotSealed,
        })?;
        let shortest = column.previous_suite().map_or(usize::MAX, Suite::overhead);
        if stored.len() < column.suite().overhead().min(shortest) {
            return Err(ErrorKind::NotSealed);
        }
        self.with_key(envelope.key_id, |key| match key.scope == row.scope {
            true => open_under_either_suite(key, column, row, envelope.body),
            false => Err(ErrorKind::Rejected),
        })
    }
}

/// A plaintext in its frame, and what it was sealed under.
pub(crate) struct Framed {
    pub(crate) plaintext: Zeroizing<Vec<u8>>,
    #[cfg_attr(not(feature = "_sweep"), expect(dead_code, reason = "sweeps ask for it"))]
    pub(crate) key: KeyId,
    #[cfg_attr(not(feature = "_sweep"), expect(dead_code, reason = "sweeps ask for it"))]
    pub(crate) suite: Suite,
}

/// The plaintext that a migrating column still holds. Bytes that could be text are taken as what the type reads.
fn from_plaintext<V: Value>(stored: StoredValue<'_>) -> Option<V> {
    match stored {
        StoredValue::Untyped(bytes) => {
            V::from_plaintext(StoredValue::Text(bytes)).or_else(|| V::from_plaintext(StoredValue::Bytes(bytes)))
        }
        typed => V::from_plaintext(typed),
    }
}

/// Whether `total` sealed bytes may be stored, and fit into the column.
pub(crate) fn check_length(column: &Column, total: usize) -> Result<(), ErrorKind> {
    let needs = if column.is_base64() { armor::len(total) } else { total };
    if needs > MAX_SEALED_LEN {
        return Err(ErrorKind::TooLong(needs));
    }
    column.check_size(needs)
}

/// Opens what a column stores: in a column of base64, the bytes that it stands for.
pub(crate) fn open_armor<T>(
    column: &Column,
    stored: &[u8],
    open: impl FnOnce(&[u8]) -> Result<T, ErrorKind>,
) -> Result<T, ErrorKind> {
    if !column.is_base64() {
        return open(stored);
    }
    if stored.len() > MAX_SEALED_LEN {
        return Err(ErrorKind::TooLong(stored.len()));
    }
    open(&armor::decode(stored).ok_or(ErrorKind::NotSealed)?)
}

/// Seals under that key into `total` bytes what `push_framed` appends: the plaintext in its frame.
pub(crate) fn seal_under(
    key: &KeyMaterial,
    column: &Column,
    row: &RowContext,
    total: usize,
    push_framed: impl FnOnce(&mut Vec<u8>),
) -> Result<Vec<u8>, ErrorKind> {
    let suite = column.suite();
    // Exactly one allocation, which never grows: the plaintext is nowhere else.
    let mut sealed = Vec::with_capacity(total);
    sealed.extend_from_slice(&Envelope::header(key.id));
    sealed.resize(HEADER_LEN + suite.prefix_len(), 0);
    push_framed(&mut sealed);
    sealed.resize(total, 0);
    let done = key.column(column, suite).and_then(|ready| {
        let (prefix, text, suffix) = split_body(&mut sealed, suite).ok_or(Failed::Rejected)?;
        ready.aad.complete(bound_row(column, suite, row), |aad| ready.cipher.seal(aad, prefix, text, suffix))
    });
    if let Err(failed) = done {
        drop(Zeroizing::new(sealed));
        return Err(failed.into());
    }
    Ok(sealed)
}

/// Opens under the column's suite, or the one that it had before.
fn open_under_either_suite(
    key: &KeyMaterial,
    column: &Column,
    row: &RowContext,
    body: &[u8],
) -> Result<Framed, ErrorKind> {
    let suite = column.suite();
    let bound = bound_row(column, suite, row);
    let opened = open_body(key, column, suite, bound, body);
    let (Err(ErrorKind::Rejected), Some(previous)) = (&opened, column.previous_suite()) else { return opened };
    let was_bound = bound_row(column, previous, row);
    let opened = open_body(key, column, previous, was_bound, body);
    // A column that became deterministic doesn't say any more whether it was bound to its row before.
    if suite == Suite::Aes256Siv && matches!(opened, Err(ErrorKind::Rejected)) && !was_bound.is_unbound() {
        return open_body(key, column, previous, bound, body);
    }
    opened
}

fn open_body(
    key: &KeyMaterial,
    column: &Column,
    suite: Suite,
    bound: &RowId,
    body: &[u8],
) -> Result<Framed, ErrorKind> {
    let (prefix, rest) = body.split_at_checked(suite.prefix_len()).ok_or(ErrorKind::Rejected)?;
    let text_len = rest.len().checked_sub(suite.suffix_len()).ok_or(ErrorKind::Rejected)?;
    let (text, suffix) = rest.split_at_checked(text_len).ok_or(ErrorKind::Rejected)?;
    let mut plaintext = Zeroizing::new(text.to_vec());
    let ready = key.column(column, suite)?;
    ready.aad.complete(bound, |aad| ready.cipher.open(aad, prefix, &mut plaintext, suffix))?;
    Ok(Framed { plaintext, key: key.id, suite })
}

/// The row as the AAD of a value of that suite has it. A column that is moving to or from AES-256-SIV, which is never
/// bound, holds values of both sorts.
fn bound_row<'a>(column: &Column, suite: Suite, row: &'a RowContext) -> &'a RowId {
    static UNBOUND: RowId = RowId::UNBOUND;
    if column.binds_row_under(suite) { &row.row } else { &UNBOUND }
}

/// The prefix, text and suffix of a sealed value of that suite.
fn split_body(sealed: &mut [u8], suite: Suite) -> Option<(&mut [u8], &mut [u8], &mut [u8])> {
    let (_, body) = sealed.split_at_mut_checked(HEADER_LEN)?;
    let (prefix, rest) = body.split_at_mut_checked(suite.prefix_len())?;
    let text_len = rest.len().checked_sub(suite.suffix_len())?;
    let (text, suffix) = rest.split_at_mut_checked(text_len)?;
    Some((prefix, text, suffix))
}
