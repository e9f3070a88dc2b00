//! diesel: what the derive's hidden row structs bind and load.

use super::{SealedValue, StoredBytes, StoredValue};
use diesel::Insertable;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::{AsExpression, TypedExpressionType};
use diesel::internal::derives::as_expression::Bound;
use diesel::query_builder::AsChangeset;
use diesel::result::UnexpectedNullError;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::is_nullable::{IsNullable, NotNull};
use diesel::sql_types::{Binary, Nullable, SqlType};
use diesel::sqlite::{Sqlite, SqliteType, SqliteValue};
use std::error::Error as StdError;
use std::marker::PhantomData;

/// The SQL types that a sealed column can have.
#[diagnostic::on_unimplemented(
    message = "a sealed column holds bytes, so its SQL type can't be `{Self}`",
    label = "the column of this field isn't `Binary`",
    note = "in `diesel::table!` make it `Binary`, or `Nullable<Binary>` for an `Option`; in the database it's a `BLOB`"
)]
pub trait HoldsBytes {}

impl HoldsBytes for Binary {}
impl HoldsBytes for Nullable<Binary> {}

/// What the derive says of each sealed column. It is the one place that refuses a column of another type, so that it's
/// refused once: what is bound and loaded takes part in diesel's types whatever they are, and only runs as bytes.
pub const fn holds_bytes<T: HoldsBytes>() {}

/// Of a column: it may be NULL.
#[diagnostic::on_unimplemented(
    message = "this field is an `Option`, but its column is never NULL",
    label = "the column of this field isn't `Nullable`",
    note = "in `diesel::table!` make it `Nullable<Binary>`, or take the `Option` off the field"
)]
pub trait MayBeNull {}

impl MayBeNull for IsNullable {}

/// Of a column: it is never NULL.
#[diagnostic::on_unimplemented(
    message = "the column of this field may be NULL, but the field isn't an `Option`",
    label = "the column of this field is `Nullable`",
    note = "in `diesel::table!` make it `Binary`, or make the field an `Option`"
)]
pub trait NeverNull {}

impl NeverNull for NotNull {}

/// What the derive says of each `Option`'s column in a model with `check_for_backend`. It is the type of a constant and not
/// a function, so that the compiler comes to it before it comes to diesel's own check, whose errors don't say what to do.
#[derive(Debug)]
pub struct ColumnWithNull<IsNull: MayBeNull>(PhantomData<IsNull>);

impl<IsNull: MayBeNull> ColumnWithNull<IsNull> {
    /// It is.
    pub const CHECKED: Self = Self(PhantomData);
}

/// [`ColumnWithNull`] for every other field.
#[derive(Debug)]
pub struct ColumnWithoutNull<IsNull: NeverNull>(PhantomData<IsNull>);

impl<IsNull: NeverNull> ColumnWithoutNull<IsNull> {
    /// It is.
    pub const CHECKED: Self = Self(PhantomData);
}

impl<T: SqlType + TypedExpressionType> AsExpression<T> for SealedValue {
    type Expression = Bound<T, Self>;

    fn as_expression(self) -> Self::Expression {
        Bound::new(self)
    }
}

impl<'a, T: SqlType + TypedExpressionType> AsExpression<T> for &'a SealedValue {
    type Expression = Bound<T, &'a SealedValue>;

    fn as_expression(self) -> Self::Expression {
        Bound::new(self)
    }
}

impl ToSql<Binary, Sqlite> for SealedValue {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        match self.bytes() {
            Ok(Some(bytes)) => {
                out.set_value(bytes);
                Ok(IsNull::No)
            }
            Ok(None) => Ok(IsNull::Yes),
            Err(error) => Err(Box::new(error.clone())),
        }
    }
}

impl ToSql<Nullable<Binary>, Sqlite> for SealedValue {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        ToSql::<Binary, Sqlite>::to_sql(self, out)
    }
}

/// An embedded struct, borrowed. diesel's derives ask for a reference to each field, and only one can be followed.
#[derive(Debug)]
pub struct Embedded<'a, T>(pub &'a T);

macro_rules! follow {
    ($($embedded:ty),*) => {$(
        impl<'a, T, Table> Insertable<Table> for $embedded
        where
            &'a T: Insertable<Table>,
        {
            type Values = <&'a T as Insertable<Table>>::Values;

            fn values(self) -> Self::Values {
                self.0.values()
            }
        }

        impl<'a, T> AsChangeset for $embedded
        where
            &'a T: AsChangeset,
        {
            type Target = <&'a T as AsChangeset>::Target;
            type Changeset = <&'a T as AsChangeset>::Changeset;

            fn as_changeset(self) -> Self::Changeset {
                self.0.as_changeset()
            }
        }
    )*};
}

// diesel's derives write impls for the hidden struct and for a reference to it, whose fields are references again.
follow!(Embedded<'a, T>, &Embedded<'a, T>);

/// A sealed column of a row, as it was loaded and not yet opened.
#[derive(Debug, FromSqlRow)]
pub struct Loaded(pub StoredBytes);

impl<T: SqlType<IsNull = NotNull>> FromSql<T, Sqlite> for Loaded {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(copy_of(value)))
    }

    /// NULL is an error later, when it's known for which table and column.
    fn from_nullable_sql(value: Option<SqliteValue<'_, '_, '_>>) -> deserialize::Result<Self> {
        Ok(Self(copy_or_null(value)))
    }
}

/// [`Loaded`] for a column that hides NULL, whether the database lets it be NULL or not.
#[derive(Debug, FromSqlRow)]
pub struct LoadedEither(pub StoredBytes);

impl<T: SqlType> FromSql<T, Sqlite> for LoadedEither {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(copy_of(value)))
    }

    fn from_nullable_sql(value: Option<SqliteValue<'_, '_, '_>>) -> deserialize::Result<Self> {
        Ok(Self(copy_or_null(value)))
    }
}

fn copy_or_null(value: Option<SqliteValue<'_, '_, '_>>) -> StoredBytes {
    value.map_or_else(|| StoredBytes::copy_of(StoredValue::Null), copy_of)
}

/// Asks for the value's own type before reading it: SQLite would turn text into bytes without a word.
fn copy_of(mut value: SqliteValue<'_, '_, '_>) -> StoredBytes {
    StoredBytes::copy_of(match value.value_type() {
        None => StoredValue::Null,
        Some(SqliteType::Binary) => StoredValue::Bytes(value.read_blob()),
        Some(SqliteType::Text) => StoredValue::Text(value.read_blob()),
        Some(SqliteType::Float | SqliteType::Double) => StoredValue::Real(value.read_double()),
        Some(_) => StoredValue::Integer(value.read_long()),
    })
}

/// A column that may be NULL.
#[must_use]
pub fn stored_or_null(loaded: Option<Loaded>) -> StoredBytes {
    loaded.map_or_else(|| StoredBytes::copy_of(StoredValue::Null), |loaded| loaded.0)
}

/// diesel's sign that an optional side of a join is absent, for a struct that has sealed fields only.
#[must_use]
pub fn absent() -> Box<dyn StdError + Send + Sync> {
    Box::new(UnexpectedNullError)
}

/// The error that diesel's carries. `diesel::result::Error::source` passes over it.
pub(crate) fn inner_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    use diesel::result::Error::{DeserializationError, QueryBuilderError, SerializationError};
    match error.downcast_ref()? {
        DeserializationError(inner) | SerializationError(inner) | QueryBuilderError(inner) => Some(&**inner),
        _ => None,
    }
}
