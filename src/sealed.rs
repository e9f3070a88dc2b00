//! What a model's sealed fields can be: values that are opened on load, and `Sealed<T>`, which
//! isn't.

use crate::armor;
use crate::context::{ContextError, RowContext};
use crate::db::{SealedValue, StoredBytes, StoredValue};
use crate::envelope::Envelope;
use crate::error::{Error, ErrorKind};
use crate::keyring::{Keyring, Need};
use crate::keys::KeyId;
use crate::model::Column;
use crate::value::{Encoded, Field, Json, JsonValue, Kind, Value, encode_readable};
use std::fmt;

/// How a model finds its keyring: [`crate::keyring::KeyringSource::keyring`].
pub type FindKeyring = fn() -> Result<&'static Keyring, Error>;

/// Where a sealed field lives: what the derive knows of it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The column.
    pub column: &'static Column,
    /// The row.
    pub row: &'a RowContext,
    /// The model's keyring.
    pub keyring: FindKeyring,
    /// The key to seal under; `None` for the primary.
    pub under: Option<KeyId>,
}

impl Place<'_> {
    /// Seals bytes that were encoded already, or NULL.
    #[must_use]
    pub fn seal(self, encoded: Option<Result<Encoded<'_>, &'static str>>) -> SealedValue {
        match (self.keyring)() {
            Ok(keyring) => keyring.bindable(self.column, self.row, self.under, encoded),
            Err(error) => SealedValue::new(self.column, Err(self.error(error.kind().clone()))),
        }
    }

    /// Opens what was loaded for this place.
    ///
    /// # Errors
    ///
    /// See [`Keyring::start`].
    pub fn open<F: Field>(self, stored: &StoredBytes) -> Result<F, Error> {
        let keyring = (self.keyring)().map_err(|error| self.error(error.kind().clone()))?;
        keyring.open(self.column, self.row, stored)
    }

    const fn error(self, kind: ErrorKind) -> Error {
        Error::at(self.column, kind)
    }
}

/// Seals in the place of a row whose context may have failed: the error is then the value's.
pub fn in_place(
    column: &'static Column,
    row: &Result<RowContext, ContextError>,
    keyring: FindKeyring,
    seal: impl FnOnce(Place<'_>) -> SealedValue,
) -> SealedValue {
    match row {
        Ok(row) => seal(Place { column, row, keyring, under: None }),
        Err(error) => SealedValue::new(column, Err(Error::at(column, ErrorKind::Context(*error)))),
    }
}

/// Seals in that place under each key that opens its values; one error where there is none.
pub fn in_place_under_each_key(
    column: &'static Column,
    row: &Result<RowContext, ContextError>,
    keyring: FindKeyring,
    seal: impl Fn(Place<'_>) -> SealedValue,
) -> Vec<SealedValue> {
    let failed = |kind| vec![SealedValue::new(column, Err(Error::at(column, kind)))];
    let (row, found) = match (row, keyring()) {
        (Ok(row), Ok(found)) => (row, found),
        (Err(error), _) => return failed(ErrorKind::Context(*error)),
        (_, Err(error)) => return failed(error.kind().clone()),
    };
    match found.keys_for_lookup(column, &row.scope) {
        Ok(keys) => keys.into_iter().map(|key| seal(Place { column, row, keyring, under: Some(key) })).collect(),
        Err(kind) => failed(kind),
    }
}

/// What the derive's code does with the fields of one type.
///
/// It is implemented for the two ways to encode a field and not for the field's type, because then
/// the compiler reports a type that can't be sealed as what it isn't, a [`Value`] or a
/// [`JsonValue`], and shows the notes of that trait.
pub trait Sealing<T> {
    /// What the schema lock calls the encoding.
    const KIND: Kind;

    /// The field, sealed for that place.
    fn seal(field: &T, place: Place<'_>) -> SealedValue;

    /// The field or NULL, sealed for that place.
    fn seal_option(field: Option<&T>, place: Place<'_>) -> SealedValue {
        match field {
            Some(field) => Self::seal(field, place),
            None => place.seal(None),
        }
    }

    /// The field, from what was loaded for that place.
    ///
    /// # Errors
    ///
    /// See [`Keyring::start`].
    fn open(stored: StoredBytes, place: Place<'_>) -> Result<T, Error> {
        Self::open_option(stored, place)?.ok_or(place.error(ErrorKind::UnexpectedNull))
    }

    /// The field or NULL, from what was loaded for that place.
    ///
    /// # Errors
    ///
    /// See [`Keyring::start`].
    fn open_option(stored: StoredBytes, place: Place<'_>) -> Result<Option<T>, Error>;
}

/// `#[encrypt]`: every [`Value`] and [`Sealed`]. Around one of them stands the `Option` of a field
/// that may be NULL.
#[derive(Debug)]
pub enum AsValue {}

/// `#[encrypt(json)]`: every [`JsonValue`].
#[derive(Debug)]
pub enum AsJson {}

impl<F: Field> Sealing<F> for AsValue {
    const KIND: Kind = <F::Value as Value>::KIND;

    fn seal(field: &F, place: Place<'_>) -> SealedValue {
        place.seal(field.value().map(Value::encode))
    }

    /// NULL is a value of an `Option` that the derive didn't see, behind an alias.
    fn open(stored: StoredBytes, place: Place<'_>) -> Result<F, Error> {
        place.open(&stored)
    }

    fn open_option(stored: StoredBytes, place: Place<'_>) -> Result<Option<F>, Error> {
        let value: Option<F::Value> = place.open(&stored)?;
        Ok(value.and_then(|value| F::from_value(Some(value))))
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

impl<T: JsonValue> Sealing<T> for AsJson {
    const KIND: Kind = <Json<T> as Value>::KIND;

    fn seal(field: &T, place: Place<'_>) -> SealedValue {
        place.seal(Some(encode_readable(field)))
    }

    fn open_option(stored: StoredBytes, place: Place<'_>) -> Result<Option<T>, Error> {
        place.open::<Option<Json<T>>>(&stored).map(|json| json.map(|json| json.0))
    }
}

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
    /// See [`Keyring::start`].
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
    /// See [`Keyring::start`].
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
