//! A field sealed and opened in its place: what the derive's code calls.

use crate::context::{ContextError, RowContext};
use crate::db::{SealedValue, StoredBytes};
use crate::error::{Error, ErrorKind};
use crate::keyring::Keyring;
use crate::keys::KeyId;
use crate::model::Column;
use crate::value::{Encoded, Field, Json, JsonValue, Kind, Value, encode_readable};

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
    /// As for [`Keyring::open`](crate::Keyring::open).
    pub fn open<F: Field>(self, stored: &StoredBytes) -> Result<F, Error> {
        let keyring = (self.keyring)().map_err(|error| self.error(error.kind().clone()))?;
        keyring.open(self.column, self.row, stored)
    }

    pub(super) const fn error(self, kind: ErrorKind) -> Error {
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
    /// As for [`Keyring::open`](crate::Keyring::open).
    fn open(stored: StoredBytes, place: Place<'_>) -> Result<T, Error> {
        Self::open_option(stored, place)?.ok_or(place.error(ErrorKind::UnexpectedNull))
    }

    /// The field or NULL, from what was loaded for that place.
    ///
    /// # Errors
    ///
    /// As for [`Keyring::open`](crate::Keyring::open).
    fn open_option(stored: StoredBytes, place: Place<'_>) -> Result<Option<T>, Error>;
}

/// `#[encrypt]`: every [`Value`] and [`Sealed`](crate::Sealed). Around one of them stands the
/// `Option` of a field that may be NULL.
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

impl<T: JsonValue> Sealing<T> for AsJson {
    const KIND: Kind = <Json<T> as Value>::KIND;

    fn seal(field: &T, place: Place<'_>) -> SealedValue {
        place.seal(Some(encode_readable(field)))
    }

    fn open_option(stored: StoredBytes, place: Place<'_>) -> Result<Option<T>, Error> {
        place.open::<Option<Json<T>>>(&stored).map(|json| json.map(|json| json.0))
    }
}
