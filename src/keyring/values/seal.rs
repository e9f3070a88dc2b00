//! A value on its way in.

use super::cipher::encrypt_under;
use crate::context::{ContextError, RowContext};
use crate::db::{SealedValue, check_fits};
use crate::error::{Error, ErrorKind};
use crate::format::armor;
use crate::format::envelope::MAX_SEALED_LEN;
use crate::format::frame::{framed_len, push_framed};
use crate::keyring::Keyring;
use crate::keys::KeyId;
use crate::model::Column;
use crate::value::{Encoded, Field, Value};

impl Keyring {
    /// Seals a field. NULL stays NULL unless the column hides it.
    ///
    /// # Errors
    ///
    /// As for [`Self::seal_bytes`], and [`ErrorKind::Encode`]. The error is inside the result, so
    /// that binding it to a statement reports it.
    pub fn seal<F: Field>(&self, column: &Column, row: &RowContext, field: &F) -> SealedValue {
        self.bindable(column, row, None, field.value().map(Value::encode))
    }

    /// Seals bytes for one place: this column of this row. The result is what to store; for a
    /// column of base64 its ASCII characters.
    ///
    /// Most programs never call this: the derive does. It is for columns that a program handles by
    /// itself.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoPrimary`], [`ErrorKind::LoadFailed`], [`ErrorKind::NotLoaded`],
    /// [`ErrorKind::TooLong`], [`ErrorKind::TooLongForColumn`], [`ErrorKind::Context`],
    /// [`ErrorKind::Exhausted`] or [`ErrorKind::NoRandomness`].
    pub fn seal_bytes(&self, column: &Column, row: &RowContext, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        self.encrypt(column, row, None, Some(plaintext)).map_err(|kind| Error::at(column, kind))
    }

    /// What is bound for an encoded value, or for NULL: sealed under that key or the primary, or
    /// why it could not be.
    pub(crate) fn bindable(
        &self,
        column: &Column,
        row: &RowContext,
        under: Option<KeyId>,
        encoded: Option<Result<Encoded<'_>, &'static str>>,
    ) -> SealedValue {
        let sealed = match encoded {
            None if !column.hides_null() => return SealedValue::new(column, Ok(None)),
            None => self.encrypt(column, row, under, None),
            Some(Ok(encoded)) => self.encrypt(column, row, under, Some(&encoded)),
            Some(Err(reason)) => Err(ErrorKind::Encode(reason)),
        };
        SealedValue::new(column, sealed.map(Some).map_err(|kind| Error::at(column, kind)))
    }

    /// An encoded value as its column stores it, encrypted under that key or the primary. `encoded`
    /// is `None` for a hidden NULL.
    pub(crate) fn encrypt(
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
        check_stored_len(column, total)?;
        let frame = |out: &mut Vec<u8>| push_framed(column, encoded, out);
        let sealed = match under {
            None => self.with_primary(&row.scope, |key| encrypt_under(key, column, row, total, frame)),
            Some(id) => self.with_key(id, |key| encrypt_under(key, column, row, total, frame)),
        }?;
        Ok(if column.is_base64() { armor::encode(&sealed) } else { sealed })
    }
}

/// Whether `total` sealed bytes may be stored, and fit into the column.
pub(crate) fn check_stored_len(column: &Column, total: usize) -> Result<(), ErrorKind> {
    let needs = if column.is_base64() { armor::len(total) } else { total };
    if needs > MAX_SEALED_LEN {
        return Err(ErrorKind::TooLong(needs));
    }
    check_fits(column, needs)
}
