//! Sealed values moved to the present key and suite, and to and from encodings: what a sweep does
//! with each value.

use super::cipher::{Decrypted, encrypt_under};
use super::open::without_base64;
use super::seal::check_stored_len;
use crate::context::{ContextError, RowContext};
use crate::db::StoredValue;
use crate::error::{Error, ErrorKind};
use crate::format::armor;
use crate::format::envelope::Envelope;
use crate::keyring::Keyring;
use crate::model::Column;
use crate::suite::CipherError;
use zeroize::Zeroizing;

/// What a sealed value is to be replaced by.
#[derive(Debug, PartialEq, Eq)]
pub enum Resealed {
    /// Nothing: it's under the primary key and the column's suite.
    Current,
    /// The same value under the primary key and the column's suite, as it's stored.
    Anew(Vec<u8>),
}

impl Keyring {
    /// Seals the same plaintext anew, unless it's under the scope's primary key and the column's
    /// suite already.
    ///
    /// The frame stays as it is: padding that was to another multiple doesn't change.
    pub(crate) fn reseal(
        &self,
        column: &Column,
        row: &RowContext,
        stored: StoredValue<'_>,
    ) -> Result<Resealed, ErrorKind> {
        if column.is_row_bound() && row.row.is_unbound() {
            return Err(ContextError::MissingRow.into());
        }
        without_base64(column, sealed_bytes(column, stored)?, |sealed| self.reseal_bytes(column, row, sealed))
    }

    fn reseal_bytes(&self, column: &Column, row: &RowContext, sealed: &[u8]) -> Result<Resealed, ErrorKind> {
        let primary = match self.with_primary(&row.scope, |key| Ok(key.id)) {
            // For a tenant that was forgotten: that its key was destroyed says more than that it
            // has no primary.
            Err(error @ ErrorKind::NoPrimary(_)) => {
                return self.decrypt(column, row, sealed).and(Err(error));
            }
            primary => primary?,
        };
        // Without a previous suite there is nothing else that it could be under.
        let is_primarys = Envelope::parse(sealed).is_ok_and(|envelope| envelope.key_id == primary);
        if is_primarys && column.previous_suite().is_none() && sealed.len() >= column.suite().overhead() {
            return Ok(Resealed::Current);
        }
        let Decrypted { framed, key, suite } = self.decrypt(column, row, sealed)?;
        if key == primary && suite == column.suite() {
            return Ok(Resealed::Current);
        }
        let total = framed.len().saturating_add(column.suite().overhead());
        check_stored_len(column, total)?;
        let sealed = self.with_primary(&row.scope, |key| {
            encrypt_under(key, column, row, total, |out| out.extend_from_slice(&framed))
        })?;
        // What can't be opened again must never replace what can.
        let again = self.decrypt(column, row, &sealed)?;
        if again.framed != framed {
            return Err(CipherError::Rejected.into());
        }
        Ok(Resealed::Anew(if column.is_base64() { armor::encode(&sealed) } else { sealed }))
    }

    /// A hidden NULL, sealed.
    pub(crate) fn seal_null(&self, column: &Column, row: &RowContext) -> Result<Vec<u8>, Error> {
        self.encrypt(column, row, None, None).map_err(|kind| Error::at(column, kind))
    }

    /// Whether a value that doesn't open, for the reason `why`, may be plaintext: it can't be a
    /// sealed value nor the beginning of one, or it's under a key that doesn't exist.
    pub(crate) fn is_plaintext(
        &self,
        column: &Column,
        stored: StoredValue<'_>,
        why: ErrorKind,
    ) -> Result<(), ErrorKind> {
        match why {
            ErrorKind::NotSealed | ErrorKind::UnknownKey(_) => self.check_undamaged(column, stored),
            why => Err(why),
        }
    }

    /// Opens a sealed value to its encoding; `None` for a hidden NULL.
    pub(crate) fn open_encoded(
        &self,
        column: &Column,
        row: &RowContext,
        stored: StoredValue<'_>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, ErrorKind> {
        let opened = self.open_bytes(column, row, sealed_bytes(column, stored)?);
        opened.map_err(|error| error.kind().clone())
    }
}

/// The bytes that a sealed value is in, or its characters in a column of base64.
fn sealed_bytes<'a>(column: &Column, stored: StoredValue<'a>) -> Result<&'a [u8], ErrorKind> {
    match stored {
        StoredValue::Null => Err(ErrorKind::UnexpectedNull),
        StoredValue::Bytes(bytes) | StoredValue::Untyped(bytes) => Ok(bytes),
        StoredValue::Text(text) if column.is_base64() => Ok(text),
        StoredValue::Text(text) if armor::is_hex_of_sealed(text) => Err(ErrorKind::SealedAsText),
        StoredValue::TooLong(len) => Err(ErrorKind::TooLong(len)),
        StoredValue::Text(_) | StoredValue::Integer(_) | StoredValue::Real(_) | StoredValue::Other => {
            Err(ErrorKind::NotSealed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{RowId, Scope};
    use crate::suite::Suite;
    use crate::{kms, store};

    #[test]
    fn a_value_moves_with_its_frame_and_only_once() {
        const OLD: Column = Column::new("t", "c").pad(64).with_suite(Suite::Aes256Gcm);
        const NEW: Column = Column::new("t", "c").pad(16).with_previous_suite(Suite::Aes256Gcm);
        let dir = tempfile::tempdir().unwrap();
        let kms = kms::Local::create(dir.path().join("kek.json")).unwrap();
        let keyring = Keyring::start(kms, store::Memory::new()).unwrap();
        keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
        let row = RowContext::of_row(RowId::of(&7));
        let old = keyring.seal_bytes(&OLD, &row, b"text").unwrap();
        let Ok(Resealed::Anew(new)) = keyring.reseal(&NEW, &row, (&old).into()) else {
            panic!("the suite changed")
        };
        assert_eq!(new.len(), 64 + Suite::Xaes256Gcm.overhead());
        assert_eq!(keyring.open_bytes(&NEW, &row, &new).unwrap().unwrap().as_slice(), b"text");
        assert!(matches!(keyring.reseal(&NEW, &row, (&new).into()), Ok(Resealed::Current)));
        keyring.admin().rotate(&Scope::APPLICATION).unwrap();
        let Ok(Resealed::Anew(newest)) = keyring.reseal(&NEW, &row, (&new).into()) else {
            panic!("the key changed")
        };
        assert_eq!(keyring.open_bytes(&NEW, &row, &newest).unwrap().unwrap().as_slice(), b"text");
        let elsewhere = RowContext::of_row(RowId::of(&8));
        assert!(matches!(keyring.reseal(&NEW, &elsewhere, (&new).into()), Err(ErrorKind::Rejected)));
    }
}
