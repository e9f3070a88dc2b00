//! A value on its way out. All of it is hostile until the suite has authenticated it.

use super::cipher::{Decrypted, decrypt_under_either_suite};
use crate::context::RowContext;
use crate::db::StoredValue;
use crate::error::{Error, ErrorKind};
use crate::format::armor;
use crate::format::envelope::{Envelope, EnvelopeError, MAX_SEALED_LEN};
use crate::format::frame::unframe;
use crate::keyring::Keyring;
use crate::keyring::need::claimed_key;
use crate::model::Column;
use crate::suite::Suite;
use crate::value::{Field, Value};
use zeroize::Zeroizing;

impl Keyring {
    /// Opens a field from what the database library handed over.
    ///
    /// # Errors
    ///
    /// - What is stored is no sealed value: [`ErrorKind::NotSealed`], [`ErrorKind::SealedAsText`],
    ///   [`ErrorKind::TooLong`], [`ErrorKind::UnexpectedNull`].
    /// - Its key can't be used: [`ErrorKind::UnknownKey`], [`ErrorKind::RetiredKey`],
    ///   [`ErrorKind::DestroyedKey`], [`ErrorKind::NotLoaded`], [`ErrorKind::LoadFailed`].
    /// - It's not authentic: [`ErrorKind::Rejected`].
    /// - It opens, and isn't what the field holds: [`ErrorKind::Malformed`],
    ///   [`ErrorKind::MalformedPadding`].
    pub fn open<'a, F: Field>(
        &self,
        column: &Column,
        row: &RowContext,
        stored: impl Into<StoredValue<'a>>,
    ) -> Result<F, Error> {
        self.read(column, row, stored.into()).map_err(|kind| Error::at(column, kind))
    }

    /// [`Self::open`], with an error that doesn't name table and column.
    fn read<F: Field>(&self, column: &Column, row: &RowContext, stored: StoredValue<'_>) -> Result<F, ErrorKind> {
        // Some libraries call text bytes.
        let stored = match stored {
            StoredValue::Bytes(text) | StoredValue::Untyped(text) if column.is_base64() => StoredValue::Text(text),
            other => other,
        };
        let opened = match stored {
            StoredValue::Null if column.refuses_null() => Err(ErrorKind::UnexpectedNull),
            StoredValue::Null => return F::from_value(None).ok_or(ErrorKind::UnexpectedNull),
            StoredValue::Bytes(bytes) | StoredValue::Untyped(bytes) => self.decrypt_to_encoding(column, row, bytes),
            StoredValue::Text(text) if column.is_base64() => {
                without_base64(column, text, |sealed| self.decrypt_to_encoding(column, row, sealed))
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
            // What can't be a sealed value, or is under a key that this keyring doesn't know, is
            // taken for plaintext; what is damaged stays refused.
            Err(kind @ (ErrorKind::NotSealed | ErrorKind::UnknownKey(_))) if column.is_migrating() => {
                self.check_undamaged(column, stored)?;
                Some(legacy_plaintext(stored).ok_or(kind)?)
            }
            Err(kind) => return Err(kind),
        };
        F::from_value(value).ok_or(ErrorKind::UnexpectedNull)
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
        without_base64(column, stored, |sealed| self.decrypt_to_encoding(column, row, sealed))
            .map_err(|kind| Error::at(column, kind))
    }

    /// Bytes that begin like a sealed value under a key that exists, and aren't a whole one, are a
    /// damaged value and no plaintext.
    pub(crate) fn check_undamaged(&self, column: &Column, stored: StoredValue<'_>) -> Result<(), ErrorKind> {
        let Some(id) = claimed_key(column, stored) else { return Ok(()) };
        match self.with_key(id, |_| Ok(())) {
            Err(ErrorKind::UnknownKey(_)) => Ok(()),
            Ok(()) => Err(ErrorKind::Rejected),
            Err(other) => Err(other),
        }
    }

    /// The encoding that a sealed value holds, its frame taken off; `None` for a hidden NULL.
    fn decrypt_to_encoding(
        &self,
        column: &Column,
        row: &RowContext,
        stored: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, ErrorKind> {
        let Decrypted { mut framed, .. } = self.decrypt(column, row, stored)?;
        match unframe(column, &mut framed) {
            Ok(is_value) => Ok(is_value.then_some(framed)),
            Err(_) => Err(ErrorKind::MalformedPadding),
        }
    }

    /// What a sealed value holds, with its frame still on.
    pub(crate) fn decrypt(&self, column: &Column, row: &RowContext, stored: &[u8]) -> Result<Decrypted, ErrorKind> {
        let envelope = Envelope::parse(stored).map_err(|error| match error {
            EnvelopeError::TooLong => ErrorKind::TooLong(stored.len()),
            EnvelopeError::NotSealed => ErrorKind::NotSealed,
        })?;
        let shortest = column.previous_suite().map_or(usize::MAX, Suite::overhead);
        if stored.len() < column.suite().overhead().min(shortest) {
            return Err(ErrorKind::NotSealed);
        }
        self.with_key(envelope.key_id, |key| match key.scope == row.scope {
            true => decrypt_under_either_suite(key, column, row, envelope.body),
            false => Err(ErrorKind::Rejected),
        })
    }
}

/// The plaintext that a migrating column still holds. Bytes that could be text are taken as what
/// the type reads.
fn legacy_plaintext<V: Value>(stored: StoredValue<'_>) -> Option<V> {
    match stored {
        StoredValue::Untyped(bytes) => {
            V::from_plaintext(StoredValue::Text(bytes)).or_else(|| V::from_plaintext(StoredValue::Bytes(bytes)))
        }
        typed => V::from_plaintext(typed),
    }
}

/// Hands the sealed bytes to `with`: in a column of base64, those that its characters stand for.
pub(crate) fn without_base64<T>(
    column: &Column,
    stored: &[u8],
    with: impl FnOnce(&[u8]) -> Result<T, ErrorKind>,
) -> Result<T, ErrorKind> {
    if !column.is_base64() {
        return with(stored);
    }
    if stored.len() > MAX_SEALED_LEN {
        return Err(ErrorKind::TooLong(stored.len()));
    }
    with(&armor::decode(stored).ok_or(ErrorKind::NotSealed)?)
}
