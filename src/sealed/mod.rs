//! `Sealed<T>`, the field that isn't opened on load; and, for every sealed field, what the derive's
//! code calls.

mod place;

pub use place::{AsJson, AsValue, FindKeyring, Place, Sealing, in_place, in_place_under_each_key};

use crate::context::RowContext;
use crate::db::{SealedValue, StoredBytes, StoredValue};
use crate::error::{Error, ErrorKind};
use crate::format::armor;
use crate::format::envelope::Envelope;
use crate::keyring::Need;
use crate::keys::KeyId;
use crate::model::Column;
use crate::value::{Kind, Value};
use std::fmt;

/// A field that stays ciphertext until it's opened, for models that shouldn't decrypt on every
/// load.
///
/// ```text
/// #[encrypt] ssn: Sealed<String>      // Sealed::new("…".into()) to write, .open()? to read
/// ```
///
/// Loading one costs no decryption and needs no key; a damaged value is reported by [`Self::open`],
/// not by the load. Written back to the row it came from, it is the same bytes, unless the scope's
/// primary key or the suite has changed since: then it is opened and sealed anew.
pub struct Sealed<T>(State<T>);

enum State<T> {
    Open(T),
    Closed(Closed),
}

struct Closed {
    stored: StoredBytes,
    column: &'static Column,
    row: RowContext,
    keyring: FindKeyring,
}

impl<T: Value> Sealed<T> {
    /// A new value, to be sealed when it's written.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(State::Open(value))
    }

    /// Opens the value.
    ///
    /// # Errors
    ///
    /// As for [`Keyring::open`](crate::Keyring::open).
    pub fn open(&self) -> Result<T, Error>
    where
        T: Clone,
    {
        match &self.0 {
            State::Open(value) => Ok(value.clone()),
            State::Closed(closed) => closed.place().open(&closed.stored),
        }
    }

    /// Opens the value and gives up the ciphertext.
    ///
    /// # Errors
    ///
    /// As for [`Keyring::open`](crate::Keyring::open).
    pub fn into_open(self) -> Result<T, Error> {
        match self.0 {
            State::Open(value) => Ok(value),
            State::Closed(closed) => closed.place().open(&closed.stored),
        }
    }

    /// The key that opening it takes, to prefetch: `None` for a value that was not loaded, and for
    /// one that isn't sealed.
    #[must_use]
    pub fn need(&self) -> Option<Need> {
        match &self.0 {
            State::Closed(closed) => Need::of_stored(closed.column, &closed.stored),
            State::Open(_) => None,
        }
    }

    /// What the database holds, in a column of base64 its characters; `None` for a value that was
    /// not loaded from it.
    #[must_use]
    pub fn ciphertext(&self) -> Option<&[u8]> {
        match &self.0 {
            State::Closed(closed) => closed.stored_form(),
            State::Open(_) => None,
        }
    }
}

impl<T: Value> From<T> for Sealed<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Clone> Clone for Sealed<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            State::Open(value) => State::Open(value.clone()),
            State::Closed(Closed { stored, column, row, keyring }) => {
                State::Closed(Closed { stored: stored.clone(), column, row: row.clone(), keyring: *keyring })
            }
        })
    }
}

impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            State::Open(_) => f.write_str("Sealed([redacted])"),
            State::Closed(closed) => f.debug_tuple("Sealed").field(&closed.stored).finish(),
        }
    }
}

impl<T: Value> Sealing<Sealed<T>> for AsValue {
    const KIND: Kind = T::KIND;

    fn seal(field: &Sealed<T>, place: Place<'_>) -> SealedValue {
        match &field.0 {
            State::Open(value) => place.seal(Some(value.encode())),
            State::Closed(closed) => match closed.bytes_for(place).filter(|_| place.under.is_none()) {
                Some(bytes) => SealedValue::new(place.column, Ok(Some(bytes.to_vec()))),
                // It goes to another place than it came from: it must be opened here and sealed
                // there.
                None => match closed.place().open::<T>(&closed.stored) {
                    Ok(value) => place.seal(Some(value.encode())),
                    Err(error) => SealedValue::new(place.column, Err(error)),
                },
            },
        }
    }

    fn open_option(stored: StoredBytes, place: Place<'_>) -> Result<Option<Sealed<T>>, Error> {
        if stored.is_null() && place.column.refuses_null() {
            return Err(place.error(ErrorKind::UnexpectedNull));
        }
        let Place { column, row, keyring, .. } = place;
        Ok((!stored.is_null()).then(|| Sealed(State::Closed(Closed { stored, column, row: row.clone(), keyring }))))
    }
}

impl Closed {
    fn place(&self) -> Place<'_> {
        Place { column: self.column, row: &self.row, keyring: self.keyring, under: None }
    }

    /// The stored bytes, if they are sealed bytes, valid at that place as they are, and under the
    /// key and suite that the place would be sealed under now.
    fn bytes_for(&self, place: Place<'_>) -> Option<&[u8]> {
        let same = self.column == place.column
            && self.row == *place.row
            && std::ptr::fn_addr_eq(self.keyring, place.keyring);
        let stored = self.stored_form()?;
        let moving = self.column.is_migrating() || self.column.previous_suite().is_some();
        let primary = (self.keyring)().ok()?.primary(&self.row.scope);
        let under = if self.column.is_base64() { key_id(&armor::decode(stored)?) } else { key_id(stored) };
        (same && !moving && under.is_some() && under == primary).then_some(stored)
    }

    /// What is stored, if it is of the type that the column's values have.
    fn stored_form(&self) -> Option<&[u8]> {
        match self.stored.as_value() {
            StoredValue::Bytes(bytes) | StoredValue::Untyped(bytes) => Some(bytes),
            StoredValue::Text(text) if self.column.is_base64() => Some(text),
            _ => None,
        }
    }
}

/// The key that the value says it is sealed under.
fn key_id(sealed: &[u8]) -> Option<KeyId> {
    Envelope::parse(sealed).ok().map(|envelope| envelope.key_id)
}
