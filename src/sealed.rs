//! What a model's sealed fields can be: values that are opened on load, and `Sealed<T>`, which isn't.

use crate::context::{ContextError, RowContext};
use crate::db::{SealedValue, StoredBytes, StoredValue};
use crate::envelope::Envelope;
use crate::error::{Error, ErrorKind};
use crate::keyring::Keyring;
use crate::keys::KeyId;
use crate::model::Column;
use crate::value::{Encoded, Field, Json, JsonValue, Value, encode_readable};
use std::fmt;

/// How a model finds its keyring: [`crate::KeyringSource::keyring`].
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
    pub fn seal_encoded(self, encoded: Option<Result<Encoded<'_>, &'static str>>) -> SealedValue {
        match (self.keyring)() {
            Ok(keyring) => keyring.seal_encoded(self.column, self.row, self.under, encoded),
            Err(error) => SealedValue::new(Err(self.error(error.kind().clone()))),
        }
    }

    /// Opens what was loaded for this place.
    ///
    /// # Errors
    ///
    /// See [`Keyring::open_field`].
    pub fn open<F: Field>(self, stored: &StoredBytes) -> Result<F, Error> {
        let keyring = (self.keyring)().map_err(|error| self.error(error.kind().clone()))?;
        keyring.open_field(self.column, self.row, stored)
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
        Err(error) => SealedValue::new(Err(Error::at(column, ErrorKind::Context(*error)))),
    }
}

/// Seals in that place under each key that opens its values; one error where there is none.
pub fn in_place_under_each_key(
    column: &'static Column,
    row: &Result<RowContext, ContextError>,
    keyring: FindKeyring,
    seal: impl Fn(Place<'_>) -> SealedValue,
) -> Vec<SealedValue> {
    let failed = |kind| vec![SealedValue::new(Err(Error::at(column, kind)))];
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

/// The types that `#[encrypt]` takes on a field: every [`Value`] and [`Sealed`]. Around one of them stands the `Option`
/// of a field that may be NULL.
///
/// There is nothing to implement.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sealed",
    label = "not a type that fieldseal knows",
    note = "a type that implements serde's `Serialize` and `DeserializeOwned` is sealed with `#[encrypt(json)]`",
    note = "a newtype around a known type gets there with `#[derive(fieldseal::EncryptValue)]`",
    note = "UUIDs, chrono and time dates and `Decimal` need fieldseal's feature `uuid`, `chrono`, `time` or `decimal`"
)]
pub trait ModelField: Sized {
    /// What the schema lock calls the encoding.
    const KIND: &'static str;

    /// The field, sealed for that place.
    fn seal(&self, place: Place<'_>) -> SealedValue;

    /// The field or NULL, sealed for that place.
    fn seal_option(field: Option<&Self>, place: Place<'_>) -> SealedValue {
        match field {
            Some(field) => field.seal(place),
            None => place.seal_encoded(None),
        }
    }

    /// The field, from what was loaded for that place.
    ///
    /// # Errors
    ///
    /// See [`Keyring::open_field`].
    fn open(stored: StoredBytes, place: Place<'_>) -> Result<Self, Error>;

    /// The field or NULL, from what was loaded for that place.
    ///
    /// # Errors
    ///
    /// See [`Keyring::open_field`].
    fn open_option(stored: StoredBytes, place: Place<'_>) -> Result<Option<Self>, Error>;
}

#[diagnostic::do_not_recommend]
impl<F: Field> ModelField for F {
    const KIND: &'static str = <F::Value as Value>::KIND;

    fn seal(&self, place: Place<'_>) -> SealedValue {
        place.seal_encoded(self.value().map(Value::encode))
    }

    fn open(stored: StoredBytes, place: Place<'_>) -> Result<Self, Error> {
        place.open(&stored)
    }

    fn open_option(stored: StoredBytes, place: Place<'_>) -> Result<Option<Self>, Error> {
        let value: Option<F::Value> = place.open(&stored)?;
        Ok(value.and_then(|value| F::from_value(Some(value))))
    }
}

impl<T: Value> ModelField for Sealed<T> {
    const KIND: &'static str = T::KIND;

    fn seal(&self, place: Place<'_>) -> SealedValue {
        match &self.0 {
            State::Open(value) => place.seal_encoded(Some(value.encode())),
            State::Closed(closed) => match closed.bytes_for(place).filter(|_| place.under.is_none()) {
                Some(bytes) => SealedValue::new(Ok(Some(bytes.to_vec()))),
                // It goes to another place than it came from: it must be opened here and sealed there.
                None => match closed.place().open::<T>(&closed.stored) {
                    Ok(value) => place.seal_encoded(Some(value.encode())),
                    Err(error) => SealedValue::new(Err(error)),
                },
            },
        }
    }

    fn open(stored: StoredBytes, place: Place<'_>) -> Result<Self, Error> {
        Self::open_option(stored, place)?.ok_or(place.error(ErrorKind::UnexpectedNull))
    }

    fn open_option(stored: StoredBytes, place: Place<'_>) -> Result<Option<Self>, Error> {
        if stored.is_null() && place.column.refuses_null() {
            return Err(place.error(ErrorKind::UnexpectedNull));
        }
        let Place { column, row, keyring, .. } = place;
        Ok((!stored.is_null()).then(|| Self(State::Closed(Closed { stored, column, row: row.clone(), keyring }))))
    }
}

/// [`ModelField`] for `#[encrypt(json)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be sealed as JSON",
    label = "not `Serialize` and `DeserializeOwned`",
    note = "`#[encrypt(json)]` needs `#[derive(serde::Serialize, serde::Deserialize)]` on the type and on what it holds"
)]
pub trait JsonField: Sized {
    /// What the schema lock calls the encoding.
    const KIND: &'static str;

    /// See [`ModelField::seal`].
    fn seal(&self, place: Place<'_>) -> SealedValue;

    /// See [`ModelField::seal_option`].
    fn seal_option(field: Option<&Self>, place: Place<'_>) -> SealedValue {
        match field {
            Some(field) => field.seal(place),
            None => place.seal_encoded(None),
        }
    }

    /// See [`ModelField::open`].
    ///
    /// # Errors
    ///
    /// See [`Keyring::open_field`].
    fn open(stored: StoredBytes, place: Place<'_>) -> Result<Self, Error>;

    /// See [`ModelField::open_option`].
    ///
    /// # Errors
    ///
    /// See [`Keyring::open_field`].
    fn open_option(stored: StoredBytes, place: Place<'_>) -> Result<Option<Self>, Error>;
}

#[diagnostic::do_not_recommend]
impl<T: JsonValue> JsonField for T {
    const KIND: &'static str = <Json<T> as Value>::KIND;

    fn seal(&self, place: Place<'_>) -> SealedValue {
        place.seal_encoded(Some(encode_readable(self)))
    }

    fn open(stored: StoredBytes, place: Place<'_>) -> Result<Self, Error> {
        place.open::<Json<T>>(&stored).map(|json| json.0)
    }

    fn open_option(stored: StoredBytes, place: Place<'_>) -> Result<Option<Self>, Error> {
        place.open::<Option<Json<T>>>(&stored).map(|json| json.map(|json| json.0))
    }
}

/// A field that stays ciphertext until it's opened, for models that shouldn't decrypt on every load.
///
/// ```text
/// #[encrypt] ssn: Sealed<String>      // Sealed::new("…".into()) to write, .open()? to read
/// ```
///
/// Loading one costs no decryption and needs no key; a damaged value is reported by [`Self::open`], not by the load.
/// Written back to the row it came from, it is the same bytes, unless the scope's primary key or the suite has changed
/// since: then it is opened and sealed anew.
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
    /// See [`Keyring::open_field`].
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
    /// See [`Keyring::open_field`].
    pub fn into_open(self) -> Result<T, Error> {
        match self.0 {
            State::Open(value) => Ok(value),
            State::Closed(closed) => closed.place().open(&closed.stored),
        }
    }

    /// What the database holds; `None` for a value that was not loaded from it.
    #[must_use]
    pub fn ciphertext(&self) -> Option<&[u8]> {
        match &self.0 {
            State::Closed(Closed { stored, .. }) => match stored.as_value() {
                StoredValue::Bytes(bytes) => Some(bytes),
                _ => None,
            },
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

    /// The stored bytes, if they are sealed bytes, valid at that place as they are, and under the key and suite that the
    /// place would be sealed under now.
    fn bytes_for(&self, place: Place<'_>) -> Option<&[u8]> {
        let same = self.column == place.column
            && self.row == *place.row
            && std::ptr::fn_addr_eq(self.keyring, place.keyring);
        let StoredValue::Bytes(bytes) = self.stored.as_value() else { return None };
        let moving = self.column.is_migrating() || self.column.previous_suite().is_some();
        let primary = (self.keyring)().ok()?.primary(&self.row.scope);
        let under = Envelope::parse(bytes).ok().map(|envelope| envelope.key_id);
        (same && !moving && under.is_some() && under == primary).then_some(bytes)
    }
}
