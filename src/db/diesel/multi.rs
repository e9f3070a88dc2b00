//! `#[derive(diesel::MultiConnection)]`: its backend is a type of the program's, so the program
//! makes the impls.

/// Lets models be written and loaded through a connection of `#[derive(diesel::MultiConnection)]`,
/// which makes a type `MultiBackend` beside it.
///
/// ```text
/// #[derive(diesel::MultiConnection)]
/// enum AnyConnection {
///     Postgres(diesel::PgConnection),
///     Sqlite(diesel::SqliteConnection),
/// }
///
/// fieldseal::diesel_multi_backend!(MultiBackend);
/// ```
#[macro_export]
macro_rules! diesel_multi_backend {
    ($Backend:ty) => {
        $crate::diesel_multi_backend!(@each $Backend, ::diesel::sql_types::Binary);
        $crate::diesel_multi_backend!(@each $Backend, ::diesel::sql_types::Text);
    };
    (@each $Backend:ty, $Type:path) => {
        const _: () = {
            use ::diesel::sql_types::Nullable;
            use $crate::__private::{Loaded, LoadedEither};

            type Raw<'a> = <$Backend as ::diesel::backend::Backend>::RawValue<'a>;

            impl ::diesel::serialize::ToSql<$Type, $Backend> for $crate::value::SealedValue {
                fn to_sql<'b>(
                    &'b self,
                    out: &mut ::diesel::serialize::Output<'b, '_, $Backend>,
                ) -> ::diesel::serialize::Result {
                    out.set_value(($Type, self));
                    ::core::result::Result::Ok(::diesel::serialize::IsNull::No)
                }
            }

            impl ::diesel::serialize::ToSql<Nullable<$Type>, $Backend> for $crate::value::SealedValue {
                fn to_sql<'b>(
                    &'b self,
                    out: &mut ::diesel::serialize::Output<'b, '_, $Backend>,
                ) -> ::diesel::serialize::Result {
                    ::diesel::serialize::ToSql::<$Type, $Backend>::to_sql(self, out)
                }
            }

            impl ::diesel::deserialize::FromSql<$Type, $Backend> for Loaded {
                fn from_sql(value: Raw<'_>) -> ::diesel::deserialize::Result<Self> {
                    value.from_sql::<Self, $Type>()
                }

                fn from_nullable_sql(
                    value: ::core::option::Option<Raw<'_>>,
                ) -> ::diesel::deserialize::Result<Self> {
                    value.map_or_else(
                        || ::core::result::Result::Ok(Self($crate::value::StoredBytes::null())),
                        <Self as ::diesel::deserialize::FromSql<$Type, $Backend>>::from_sql,
                    )
                }
            }

            impl ::diesel::deserialize::FromSql<$Type, $Backend> for LoadedEither {
                fn from_sql(value: Raw<'_>) -> ::diesel::deserialize::Result<Self> {
                    value.from_sql::<Self, $Type>()
                }

                fn from_nullable_sql(
                    value: ::core::option::Option<Raw<'_>>,
                ) -> ::diesel::deserialize::Result<Self> {
                    value.map_or_else(
                        || ::core::result::Result::Ok(Self($crate::value::StoredBytes::null())),
                        <Self as ::diesel::deserialize::FromSql<$Type, $Backend>>::from_sql,
                    )
                }
            }

            impl ::diesel::deserialize::FromSql<Nullable<$Type>, $Backend> for LoadedEither {
                fn from_sql(value: Raw<'_>) -> ::diesel::deserialize::Result<Self> {
                    value.from_sql::<Self, $Type>()
                }

                fn from_nullable_sql(
                    value: ::core::option::Option<Raw<'_>>,
                ) -> ::diesel::deserialize::Result<Self> {
                    <Self as ::diesel::deserialize::FromSql<$Type, $Backend>>::from_nullable_sql(value)
                }
            }
        };
    };
}
