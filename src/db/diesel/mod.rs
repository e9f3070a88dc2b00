//! diesel: what the derive's hidden row structs bind and load. What differs between databases has a
//! file for each.

pub(crate) mod inner_error;
mod multi;
#[cfg(feature = "diesel-mysql")]
mod mysql;
#[cfg(feature = "diesel-postgres")]
mod postgres;
#[cfg(feature = "diesel-sqlite")]
mod sqlite;

use super::{SealedValue, StoredBytes};
use diesel::Insertable;
use diesel::deserialize::FromSqlRow;
use diesel::expression::{AsExpression, TypedExpressionType};
use diesel::internal::derives::as_expression::Bound;
use diesel::query_builder::AsChangeset;
use diesel::result::UnexpectedNullError;
use diesel::sql_types::is_nullable::{IsNullable, NotNull};
use diesel::sql_types::{Binary, Nullable, SqlType, Text};
use std::error::Error as StdError;
use std::marker::PhantomData;

/// The SQL types that a sealed column can have.
#[diagnostic::on_unimplemented(
    message = "a sealed column holds bytes, so its SQL type can't be `{Self}`",
    label = "the column of this field isn't `Binary`",
    note = "in `diesel::table!` make it `Binary`, or `Nullable<Binary>` for an `Option`; in the database it's a BLOB, a bytea or a VARBINARY",
    note = "for a column that must stay text, write `#[encrypt(base64)]`"
)]
pub trait HoldsBytes {}

impl HoldsBytes for Binary {}
impl HoldsBytes for Nullable<Binary> {}

/// What the derive says of each sealed column. It is the one place that refuses a column of another
/// type, so that it's refused once: what is bound and loaded takes part in diesel's types whatever
/// they are, and only runs as bytes.
pub const fn holds_bytes<T: HoldsBytes>() {}

/// The SQL types that a sealed column of base64 can have.
#[diagnostic::on_unimplemented(
    message = "a sealed column of `base64` holds text, so its SQL type can't be `{Self}`",
    label = "the column of this field isn't `Text`",
    note = "in `diesel::table!` make it `Text`, or `Nullable<Text>` for an `Option`; for a column that holds bytes take `base64` off the field"
)]
pub trait HoldsText {}

impl HoldsText for Text {}
impl HoldsText for Nullable<Text> {}

/// [`holds_bytes`] for a column of base64.
pub const fn holds_text<T: HoldsText>() {}

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

/// What the derive says of each `Option`'s column in a model with `check_for_backend`. It is the
/// type of a constant and not a function, so that the compiler comes to it before it comes to
/// diesel's own check, whose errors don't say what to do.
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

/// A model's column and its value don't agree; the derive checks that they do.
#[cfg(feature = "_diesel-store")]
const MISMATCH: &str = "the value is of a column that the model has in another form than `diesel::table!`: make the column `Text` there \
                        and `#[encrypt(base64)]` in the model, or `Binary` without it";

/// An embedded struct, borrowed. diesel's derives ask for a reference to each field, and only one
/// can be followed.
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

// diesel's derives write impls for the hidden struct and for a reference to it, whose fields are
// references again.
follow!(Embedded<'a, T>, &Embedded<'a, T>);

/// A sealed column of a row, as it was loaded and not yet opened.
#[derive(Debug, FromSqlRow)]
pub struct Loaded(pub StoredBytes);

/// [`Loaded`] for a column that hides NULL, whether the database lets it be NULL or not.
#[derive(Debug, FromSqlRow)]
pub struct LoadedEither(pub StoredBytes);

/// `ToSql` for [`SealedValue`], and `FromSql` for what is loaded, on one backend: from a function
/// that gives the value to bind and two that write it, and one that copies what was stored.
#[cfg(feature = "_diesel-store")]
macro_rules! on_backend {
    ($Backend:ty, bind: $bind:expr, write_bytes: $write_bytes:expr, write_text: $write_text:expr, copy: $copy:expr) => {
        impl diesel::serialize::ToSql<diesel::sql_types::Binary, $Backend> for $crate::value::SealedValue {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, $Backend>,
            ) -> diesel::serialize::Result {
                match $bind(self)? {
                    $crate::value::StoredValue::Null => Ok(diesel::serialize::IsNull::Yes),
                    $crate::value::StoredValue::Bytes(bytes) => $write_bytes(out, bytes),
                    _ => Err($crate::db::diesel::MISMATCH.into()),
                }
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Text, $Backend> for $crate::value::SealedValue {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, $Backend>,
            ) -> diesel::serialize::Result {
                match $bind(self)? {
                    $crate::value::StoredValue::Null => Ok(diesel::serialize::IsNull::Yes),
                    $crate::value::StoredValue::Text(text) => $write_text(out, std::str::from_utf8(text)?),
                    _ => Err($crate::db::diesel::MISMATCH.into()),
                }
            }
        }

        impl<T> diesel::serialize::ToSql<diesel::sql_types::Nullable<T>, $Backend> for $crate::value::SealedValue
        where
            T: diesel::sql_types::SqlType<IsNull = diesel::sql_types::is_nullable::NotNull>,
            Self: diesel::serialize::ToSql<T, $Backend>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, $Backend>,
            ) -> diesel::serialize::Result {
                diesel::serialize::ToSql::<T, $Backend>::to_sql(self, out)
            }
        }

        impl<T> diesel::deserialize::FromSql<T, $Backend> for $crate::db::diesel::Loaded
        where
            T: diesel::sql_types::SqlType<IsNull = diesel::sql_types::is_nullable::NotNull>,
        {
            fn from_sql(
                value: <$Backend as diesel::backend::Backend>::RawValue<'_>,
            ) -> diesel::deserialize::Result<Self> {
                Ok(Self($copy(value)))
            }

            /// NULL is an error later, when it's known for which table and column.
            fn from_nullable_sql(
                value: Option<<$Backend as diesel::backend::Backend>::RawValue<'_>>,
            ) -> diesel::deserialize::Result<Self> {
                Ok(Self(value.map_or_else($crate::value::StoredBytes::null, $copy)))
            }
        }

        impl<T: diesel::sql_types::SqlType> diesel::deserialize::FromSql<T, $Backend>
            for $crate::db::diesel::LoadedEither
        {
            fn from_sql(
                value: <$Backend as diesel::backend::Backend>::RawValue<'_>,
            ) -> diesel::deserialize::Result<Self> {
                Ok(Self($copy(value)))
            }

            fn from_nullable_sql(
                value: Option<<$Backend as diesel::backend::Backend>::RawValue<'_>>,
            ) -> diesel::deserialize::Result<Self> {
                Ok(Self(value.map_or_else($crate::value::StoredBytes::null, $copy)))
            }
        }
    };
}

#[cfg(feature = "_diesel-store")]
use on_backend;

/// A column that may be NULL.
#[must_use]
pub fn stored_or_null(loaded: Option<Loaded>) -> StoredBytes {
    loaded.map_or_else(StoredBytes::null, |loaded| loaded.0)
}

/// diesel's sign that an optional side of a join is absent, for a struct that has sealed fields
/// only.
#[must_use]
pub fn absent() -> Box<dyn StdError + Send + Sync> {
    Box::new(UnexpectedNullError)
}
