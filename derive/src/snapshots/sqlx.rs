///A row of [`Patient`] as it is stored: what `query_as!` fills, and `Patient::try_from` opens.
#[derive(::core::fmt::Debug)]
#[allow(missing_docs, missing_debug_implementations)]
pub struct StoredPatient {
    pub id: i64,
    pub org_id: i64,
    pub name: ::fieldseal::value::StoredBytes,
    pub email: ::fieldseal::value::StoredBytes,
    pub wards: ::sqlx::types::Json<Vec<String>>,
    flags: ::core::option::Option<::sqlx::types::Json<Flags>>,
}
#[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
const _: () = {
    static __COLUMNS: [::fieldseal::Column; 2usize] = [
        ::fieldseal::Column::new("patients", "full_name")
            .with_sql_name("full_name")
            .with_kind(
                <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                    String,
                >>::KIND,
            )
            .with_size(65535),
        ::fieldseal::Column::new("patients", "email")
            .with_sql_name("email")
            .with_kind(
                <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                    String,
                >>::KIND,
            )
            .base64()
            .with_size(255),
    ];
    const __SCHEMA: ::fieldseal::Schema = ::fieldseal::Schema::new(
            "patients",
            &__COLUMNS,
        )
        .with_model("Patient")
        .with_sql_table("patients")
        .with_row(
            &[
                ::fieldseal::schema::ContextColumn::new(
                    "id",
                    <i64 as ::fieldseal::context::AsRowId>::KIND,
                ),
            ],
        )
        .with_scope(
            ::fieldseal::schema::ContextColumn::new(
                "org_id",
                <i64 as ::fieldseal::context::AsScope>::KIND,
            ),
        );
    const __KEYRING: ::fieldseal::__private::FindKeyring = <::fieldseal::keyring::Installed as ::fieldseal::keyring::KeyringSource>::keyring;
    #[automatically_derived]
    impl ::fieldseal::Model for Patient {
        const SCHEMA: ::fieldseal::Schema = __SCHEMA;
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for Patient {
        fn fmt(
            &self,
            __fieldseal_formatter: &mut ::core::fmt::Formatter<'_>,
        ) -> ::core::fmt::Result {
            __fieldseal_formatter
                .debug_struct("Patient")
                .field("id", &self.id)
                .field("org_id", &self.org_id)
                .field("name", &::core::format_args!("[redacted]"))
                .field("email", &::core::format_args!("[redacted]"))
                .field("wards", &self.wards)
                .field("flags", &self.flags)
                .field("seen", &self.seen)
                .finish()
        }
    }
    #[automatically_derived]
    #[allow(dead_code)]
    impl Patient {
        ///Seals one value for `full_name` of that row.
        pub fn seal_name(
            for_org_id: &i64,
            for_id: &i64,
            to_seal: &::core::primitive::str,
        ) -> ::fieldseal::value::SealedValue {
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    for_org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row({
                            let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                            <i64 as ::fieldseal::context::AsRowId>::push_to(
                                for_id,
                                &mut __fieldseal_id,
                            );
                            __fieldseal_id
                        })
                        .in_scope(__fieldseal_scope)
                });
            ::fieldseal::__private::in_place(
                &__COLUMNS[0],
                &__fieldseal_row,
                __KEYRING,
                |__fieldseal_place| <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                    &::core::primitive::str,
                >>::seal(&to_seal, __fieldseal_place),
            )
        }
        ///Opens one value of `full_name` of that row.
        pub fn open_name<'__stored>(
            for_org_id: &i64,
            for_id: &i64,
            to_open: impl ::core::convert::Into<
                ::fieldseal::value::StoredValue<'__stored>,
            >,
        ) -> ::core::result::Result<String, ::fieldseal::Error> {
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    for_org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row({
                            let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                            <i64 as ::fieldseal::context::AsRowId>::push_to(
                                for_id,
                                &mut __fieldseal_id,
                            );
                            __fieldseal_id
                        })
                        .in_scope(__fieldseal_scope)
                })?;
            <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                String,
            >>::open(
                ::fieldseal::value::StoredBytes::copy_of(
                    ::core::convert::Into::into(to_open),
                ),
                ::fieldseal::__private::Place {
                    column: &__COLUMNS[0],
                    row: &__fieldseal_row,
                    keyring: __KEYRING,
                    under: ::core::option::Option::None,
                },
            )
        }
        ///Seals one value for `email` of that row.
        pub fn seal_email(
            for_org_id: &i64,
            for_id: &i64,
            to_seal: ::core::option::Option<&::core::primitive::str>,
        ) -> ::fieldseal::value::SealedValue {
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    for_org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row({
                            let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                            <i64 as ::fieldseal::context::AsRowId>::push_to(
                                for_id,
                                &mut __fieldseal_id,
                            );
                            __fieldseal_id
                        })
                        .in_scope(__fieldseal_scope)
                });
            ::fieldseal::__private::in_place(
                &__COLUMNS[1],
                &__fieldseal_row,
                __KEYRING,
                |__fieldseal_place| <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                    &::core::primitive::str,
                >>::seal_option(
                    ::core::option::Option::as_ref(&to_seal),
                    __fieldseal_place,
                ),
            )
        }
        ///Opens one value of `email` of that row.
        pub fn open_email<'__stored>(
            for_org_id: &i64,
            for_id: &i64,
            to_open: impl ::core::convert::Into<
                ::fieldseal::value::StoredValue<'__stored>,
            >,
        ) -> ::core::result::Result<Option<String>, ::fieldseal::Error> {
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    for_org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row({
                            let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                            <i64 as ::fieldseal::context::AsRowId>::push_to(
                                for_id,
                                &mut __fieldseal_id,
                            );
                            __fieldseal_id
                        })
                        .in_scope(__fieldseal_scope)
                })?;
            <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                String,
            >>::open_option(
                ::fieldseal::value::StoredBytes::copy_of(
                    ::core::convert::Into::into(to_open),
                ),
                ::fieldseal::__private::Place {
                    column: &__COLUMNS[1],
                    row: &__fieldseal_row,
                    keyring: __KEYRING,
                    under: ::core::option::Option::None,
                },
            )
        }
    }
    #[automatically_derived]
    impl ::fieldseal::sqlx::SqlxModel for Patient {
        const COLUMNS: &'static [&'static ::core::primitive::str] = &[
            "id",
            "org_id",
            "full_name",
            "email",
            "wards",
            "flags",
        ];
    }
    #[automatically_derived]
    impl<
        '__query,
        __fieldseal_Database: ::fieldseal::sqlx::SqlxDatabase,
    > ::fieldseal::sqlx::SqlxRow<'__query, __fieldseal_Database> for Patient
    where
        ::fieldseal::value::SealedValue: ::sqlx::Encode<'__query, __fieldseal_Database>
            + ::sqlx::Type<__fieldseal_Database>,
        i64: ::sqlx::Encode<'__query, __fieldseal_Database>
            + ::sqlx::Type<__fieldseal_Database>,
        i64: ::sqlx::Encode<'__query, __fieldseal_Database>
            + ::sqlx::Type<__fieldseal_Database>,
        ::sqlx::types::Json<
            &'__query Vec<String>,
        >: ::sqlx::Encode<'__query, __fieldseal_Database>
            + ::sqlx::Type<__fieldseal_Database>,
        ::core::option::Option<
            ::sqlx::types::Json<&'__query Flags>,
        >: ::sqlx::Encode<'__query, __fieldseal_Database>
            + ::sqlx::Type<__fieldseal_Database>,
    {
        fn bind_each<
            __fieldseal_Binder: ::fieldseal::sqlx::SqlxBind<
                    '__query,
                    Database = __fieldseal_Database,
                >,
        >(
            &'__query self,
            __fieldseal_columns: &[::core::primitive::usize],
            mut __fieldseal_to: __fieldseal_Binder,
        ) -> ::core::result::Result<__fieldseal_Binder, ::sqlx::Error> {
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    &self.org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row({
                            let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                            <i64 as ::fieldseal::context::AsRowId>::push_to(
                                &self.id,
                                &mut __fieldseal_id,
                            );
                            __fieldseal_id
                        })
                        .in_scope(__fieldseal_scope)
                });
            let mut __fieldseal_values = ::fieldseal::__private::SealedColumns::<
                __fieldseal_Database,
            >::seal(
                __fieldseal_columns,
                |__fieldseal_column| match __fieldseal_column {
                    2 => {
                        ::core::option::Option::Some(
                            ::fieldseal::__private::in_place(
                                &__COLUMNS[0],
                                &__fieldseal_row,
                                __KEYRING,
                                |__fieldseal_place| <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                                    String,
                                >>::seal(&self.name, __fieldseal_place),
                            ),
                        )
                    }
                    3 => {
                        ::core::option::Option::Some(
                            ::fieldseal::__private::in_place(
                                &__COLUMNS[1],
                                &__fieldseal_row,
                                __KEYRING,
                                |__fieldseal_place| <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                                    String,
                                >>::seal_option(
                                    ::core::option::Option::as_ref(&self.email),
                                    __fieldseal_place,
                                ),
                            ),
                        )
                    }
                    _ => ::core::option::Option::None,
                },
            )?;
            for __fieldseal_column in __fieldseal_columns {
                __fieldseal_to = match *__fieldseal_column {
                    0 => {
                        ::fieldseal::sqlx::SqlxBind::bind_value(__fieldseal_to, &self.id)
                    }
                    1 => {
                        ::fieldseal::sqlx::SqlxBind::bind_value(
                            __fieldseal_to,
                            &self.org_id,
                        )
                    }
                    2 => {
                        ::fieldseal::sqlx::SqlxBind::bind_value(
                            __fieldseal_to,
                            __fieldseal_values.take_next(),
                        )
                    }
                    3 => {
                        ::fieldseal::sqlx::SqlxBind::bind_value(
                            __fieldseal_to,
                            __fieldseal_values.take_next(),
                        )
                    }
                    4 => {
                        ::fieldseal::sqlx::SqlxBind::bind_value(
                            __fieldseal_to,
                            ::sqlx::types::Json(&self.wards),
                        )
                    }
                    5 => {
                        ::fieldseal::sqlx::SqlxBind::bind_value(
                            __fieldseal_to,
                            ::core::option::Option::as_ref(&self.flags)
                                .map(::sqlx::types::Json),
                        )
                    }
                    _ => __fieldseal_to,
                };
            }
            ::core::result::Result::Ok(__fieldseal_to)
        }
    }
    #[derive(::sqlx::FromRow)]
    #[allow(dead_code)]
    pub struct __SqlxRow {
        #[sqlx(rename = "id")]
        __fieldseal_field_id: i64,
        #[sqlx(rename = "org_id")]
        __fieldseal_field_org_id: i64,
        #[sqlx(rename = "full_name")]
        __fieldseal_field_name: ::fieldseal::value::StoredBytes,
        #[sqlx(rename = "email")]
        __fieldseal_field_email: ::fieldseal::value::StoredBytes,
        #[sqlx(json)]
        #[sqlx(rename = "wards")]
        __fieldseal_field_wards: Vec<String>,
        #[sqlx(json(nullable))]
        #[sqlx(rename = "flags")]
        __fieldseal_field_flags: Option<Flags>,
        #[sqlx(skip)]
        __fieldseal_field_seen: bool,
    }
    #[automatically_derived]
    impl<'__row, __R: ::sqlx::Row> ::sqlx::FromRow<'__row, __R> for Patient
    where
        __SqlxRow: ::sqlx::FromRow<'__row, __R>,
    {
        fn from_row(
            __fieldseal_sql_row: &'__row __R,
        ) -> ::core::result::Result<Self, ::sqlx::Error> {
            let __fieldseal_sql_row = <__SqlxRow as ::sqlx::FromRow<
                '__row,
                __R,
            >>::from_row(__fieldseal_sql_row)?;
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    &__fieldseal_sql_row.__fieldseal_field_org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row({
                            let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                            <i64 as ::fieldseal::context::AsRowId>::push_to(
                                &__fieldseal_sql_row.__fieldseal_field_id,
                                &mut __fieldseal_id,
                            );
                            __fieldseal_id
                        })
                        .in_scope(__fieldseal_scope)
                })
                .map_err(|__fieldseal_error| ::fieldseal::__private::sqlx_error(
                    "id",
                    ::fieldseal::Error::from(__fieldseal_error),
                ))?;
            let __fieldseal_field_name = <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                String,
            >>::open(
                    __fieldseal_sql_row.__fieldseal_field_name,
                    ::fieldseal::__private::Place {
                        column: &__COLUMNS[0],
                        row: &__fieldseal_row,
                        keyring: __KEYRING,
                        under: ::core::option::Option::None,
                    },
                )
                .map_err(|__fieldseal_error| ::fieldseal::__private::sqlx_error(
                    "full_name",
                    __fieldseal_error,
                ))?;
            let __fieldseal_field_email = <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                String,
            >>::open_option(
                    __fieldseal_sql_row.__fieldseal_field_email,
                    ::fieldseal::__private::Place {
                        column: &__COLUMNS[1],
                        row: &__fieldseal_row,
                        keyring: __KEYRING,
                        under: ::core::option::Option::None,
                    },
                )
                .map_err(|__fieldseal_error| ::fieldseal::__private::sqlx_error(
                    "email",
                    __fieldseal_error,
                ))?;
            ::core::result::Result::Ok(Self {
                id: __fieldseal_sql_row.__fieldseal_field_id,
                org_id: __fieldseal_sql_row.__fieldseal_field_org_id,
                name: __fieldseal_field_name,
                email: __fieldseal_field_email,
                wards: __fieldseal_sql_row.__fieldseal_field_wards,
                flags: __fieldseal_sql_row.__fieldseal_field_flags,
                seen: __fieldseal_sql_row.__fieldseal_field_seen,
            })
        }
    }
    #[automatically_derived]
    impl ::core::convert::TryFrom<StoredPatient> for Patient {
        type Error = ::sqlx::Error;
        fn try_from(
            __fieldseal_sql_row: StoredPatient,
        ) -> ::core::result::Result<Self, ::sqlx::Error> {
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    &__fieldseal_sql_row.org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row({
                            let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                            <i64 as ::fieldseal::context::AsRowId>::push_to(
                                &__fieldseal_sql_row.id,
                                &mut __fieldseal_id,
                            );
                            __fieldseal_id
                        })
                        .in_scope(__fieldseal_scope)
                })
                .map_err(|__fieldseal_error| ::fieldseal::__private::sqlx_error(
                    "id",
                    ::fieldseal::Error::from(__fieldseal_error),
                ))?;
            let __fieldseal_field_name = <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                String,
            >>::open(
                    __fieldseal_sql_row.name,
                    ::fieldseal::__private::Place {
                        column: &__COLUMNS[0],
                        row: &__fieldseal_row,
                        keyring: __KEYRING,
                        under: ::core::option::Option::None,
                    },
                )
                .map_err(|__fieldseal_error| ::fieldseal::__private::sqlx_error(
                    "full_name",
                    __fieldseal_error,
                ))?;
            let __fieldseal_field_email = <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                String,
            >>::open_option(
                    __fieldseal_sql_row.email,
                    ::fieldseal::__private::Place {
                        column: &__COLUMNS[1],
                        row: &__fieldseal_row,
                        keyring: __KEYRING,
                        under: ::core::option::Option::None,
                    },
                )
                .map_err(|__fieldseal_error| ::fieldseal::__private::sqlx_error(
                    "email",
                    __fieldseal_error,
                ))?;
            ::core::result::Result::Ok(Self {
                id: __fieldseal_sql_row.id,
                org_id: __fieldseal_sql_row.org_id,
                name: __fieldseal_field_name,
                email: __fieldseal_field_email,
                wards: __fieldseal_sql_row.wards.0,
                flags: __fieldseal_sql_row
                    .flags
                    .map(|__fieldseal_json| __fieldseal_json.0),
                seen: ::core::default::Default::default(),
            })
        }
    }
};
