#[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
const _: () = {
    static __COLUMNS: [::fieldseal::Column; 3usize] = [
        ::fieldseal::Column::new("patients", "name")
            .with_sql_name("name")
            .with_kind(
                <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                    String,
                >>::KIND,
            ),
        ::fieldseal::Column::new("patients", "history")
            .with_sql_name("history")
            .with_kind(
                <::fieldseal::__private::AsJson as ::fieldseal::__private::Sealing<
                    Vec<Visit>,
                >>::KIND,
            )
            .hide_null(64),
        ::fieldseal::Column::new("patients", "e-mail")
            .with_sql_name("type")
            .with_kind(
                <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                    Email,
                >>::KIND,
            )
            .with_suite(::fieldseal::Suite::Aes256Siv)
            .unbound_row()
            .migrating(),
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
                    "clinic",
                    <String as ::fieldseal::context::AsRowId>::KIND,
                ),
                ::fieldseal::schema::ContextColumn::new(
                    "id",
                    <Uuid as ::fieldseal::context::AsRowId>::KIND,
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
                .field("clinic", &self.clinic)
                .field("org_id", &self.org_id)
                .field("name", &::core::format_args!("[redacted]"))
                .field("history", &::core::format_args!("[redacted]"))
                .field("type", &::core::format_args!("[redacted]"))
                .finish()
        }
    }
    #[automatically_derived]
    #[allow(dead_code)]
    impl Patient {
        ///Seals one value for `name` of that row.
        pub fn seal_name(
            for_org_id: &i64,
            for_clinic: &::core::primitive::str,
            for_id: &Uuid,
            to_seal: &::core::primitive::str,
        ) -> ::fieldseal::value::SealedValue {
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    for_org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row({
                            let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                            <&::core::primitive::str as ::fieldseal::context::AsRowId>::push_to(
                                &for_clinic,
                                &mut __fieldseal_id,
                            );
                            <Uuid as ::fieldseal::context::AsRowId>::push_to(
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
        ///Opens one value of `name` of that row.
        pub fn open_name<'__stored>(
            for_org_id: &i64,
            for_clinic: &::core::primitive::str,
            for_id: &Uuid,
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
                            <&::core::primitive::str as ::fieldseal::context::AsRowId>::push_to(
                                &for_clinic,
                                &mut __fieldseal_id,
                            );
                            <Uuid as ::fieldseal::context::AsRowId>::push_to(
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
        ///Seals one value for `history` of that row.
        pub fn seal_history(
            for_org_id: &i64,
            for_clinic: &::core::primitive::str,
            for_id: &Uuid,
            to_seal: ::core::option::Option<&Vec<Visit>>,
        ) -> ::fieldseal::value::SealedValue {
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    for_org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row({
                            let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                            <&::core::primitive::str as ::fieldseal::context::AsRowId>::push_to(
                                &for_clinic,
                                &mut __fieldseal_id,
                            );
                            <Uuid as ::fieldseal::context::AsRowId>::push_to(
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
                |__fieldseal_place| <::fieldseal::__private::AsJson as ::fieldseal::__private::Sealing<
                    Vec<Visit>,
                >>::seal_option(to_seal, __fieldseal_place),
            )
        }
        ///Opens one value of `history` of that row.
        pub fn open_history<'__stored>(
            for_org_id: &i64,
            for_clinic: &::core::primitive::str,
            for_id: &Uuid,
            to_open: impl ::core::convert::Into<
                ::fieldseal::value::StoredValue<'__stored>,
            >,
        ) -> ::core::result::Result<Option<Vec<Visit>>, ::fieldseal::Error> {
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    for_org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row({
                            let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                            <&::core::primitive::str as ::fieldseal::context::AsRowId>::push_to(
                                &for_clinic,
                                &mut __fieldseal_id,
                            );
                            <Uuid as ::fieldseal::context::AsRowId>::push_to(
                                for_id,
                                &mut __fieldseal_id,
                            );
                            __fieldseal_id
                        })
                        .in_scope(__fieldseal_scope)
                })?;
            <::fieldseal::__private::AsJson as ::fieldseal::__private::Sealing<
                Vec<Visit>,
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
        ///Seals one value for `type` of that row.
        pub fn seal_type(
            for_org_id: &i64,
            to_seal: ::core::option::Option<&Email>,
        ) -> ::fieldseal::value::SealedValue {
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    for_org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row(::fieldseal::RowId::UNBOUND)
                        .in_scope(__fieldseal_scope)
                });
            ::fieldseal::__private::in_place(
                &__COLUMNS[2],
                &__fieldseal_row,
                __KEYRING,
                |__fieldseal_place| <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                    Email,
                >>::seal_option(to_seal, __fieldseal_place),
            )
        }
        ///Seals one value as `type` may hold it under each key that opens values, for a lookup.
        pub fn seal_type_under_each_key(
            for_org_id: &i64,
            to_seal: ::core::option::Option<&Email>,
        ) -> ::std::vec::Vec<::fieldseal::value::SealedValue> {
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    for_org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row(::fieldseal::RowId::UNBOUND)
                        .in_scope(__fieldseal_scope)
                });
            ::fieldseal::__private::in_place_under_each_key(
                &__COLUMNS[2],
                &__fieldseal_row,
                __KEYRING,
                |__fieldseal_place| <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                    Email,
                >>::seal_option(to_seal, __fieldseal_place),
            )
        }
        ///Opens one value of `type` of that row.
        pub fn open_type<'__stored>(
            for_org_id: &i64,
            to_open: impl ::core::convert::Into<
                ::fieldseal::value::StoredValue<'__stored>,
            >,
        ) -> ::core::result::Result<Option<Email>, ::fieldseal::Error> {
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    for_org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row(::fieldseal::RowId::UNBOUND)
                        .in_scope(__fieldseal_scope)
                })?;
            <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                Email,
            >>::open_option(
                ::fieldseal::value::StoredBytes::copy_of(
                    ::core::convert::Into::into(to_open),
                ),
                ::fieldseal::__private::Place {
                    column: &__COLUMNS[2],
                    row: &__fieldseal_row,
                    keyring: __KEYRING,
                    under: ::core::option::Option::None,
                },
            )
        }
    }
    #[automatically_derived]
    #[allow(dead_code)]
    impl Patient {
        /// The row's values as rusqlite's named parameters, sealed where they must be.
        pub fn params(&self) -> ::fieldseal::rusqlite::NamedParams<'_> {
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    &self.org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row({
                            let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                            <String as ::fieldseal::context::AsRowId>::push_to(
                                &self.clinic,
                                &mut __fieldseal_id,
                            );
                            <Uuid as ::fieldseal::context::AsRowId>::push_to(
                                &self.id,
                                &mut __fieldseal_id,
                            );
                            __fieldseal_id
                        })
                        .in_scope(__fieldseal_scope)
                });
            ::fieldseal::rusqlite::NamedParams::with_capacity(6usize)
                .plain(":id", &self.id)
                .plain(":clinic", &self.clinic)
                .plain(":org_id", &self.org_id)
                .sealed(
                    ":name",
                    ::fieldseal::__private::in_place(
                        &__COLUMNS[0],
                        &__fieldseal_row,
                        __KEYRING,
                        |__fieldseal_place| <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                            String,
                        >>::seal(&self.name, __fieldseal_place),
                    ),
                )
                .sealed(
                    ":history",
                    ::fieldseal::__private::in_place(
                        &__COLUMNS[1],
                        &__fieldseal_row,
                        __KEYRING,
                        |__fieldseal_place| <::fieldseal::__private::AsJson as ::fieldseal::__private::Sealing<
                            Vec<Visit>,
                        >>::seal_option(
                            ::core::option::Option::as_ref(&self.history),
                            __fieldseal_place,
                        ),
                    ),
                )
                .sealed(
                    ":type",
                    ::fieldseal::__private::in_place(
                        &__COLUMNS[2],
                        &__fieldseal_row,
                        __KEYRING,
                        |__fieldseal_place| <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                            Email,
                        >>::seal_option(
                            ::core::option::Option::as_ref(&self.r#type),
                            __fieldseal_place,
                        ),
                    ),
                )
        }
    }
    #[automatically_derived]
    impl ::core::convert::TryFrom<&::fieldseal::__private::rusqlite::Row<'_>>
    for Patient {
        type Error = ::fieldseal::__private::rusqlite::Error;
        fn try_from(
            __fieldseal_sql_row: &::fieldseal::__private::rusqlite::Row<'_>,
        ) -> ::core::result::Result<Self, ::fieldseal::__private::rusqlite::Error> {
            let __fieldseal_field_id: Uuid = __fieldseal_sql_row.get("id")?;
            let __fieldseal_field_clinic: String = __fieldseal_sql_row.get("clinic")?;
            let __fieldseal_field_org_id: i64 = __fieldseal_sql_row.get("org_id")?;
            let __fieldseal_row = <i64 as ::fieldseal::context::AsScope>::as_scope(
                    &__fieldseal_field_org_id,
                )
                .map(|__fieldseal_scope| {
                    ::fieldseal::RowContext::of_row({
                            let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                            <String as ::fieldseal::context::AsRowId>::push_to(
                                &__fieldseal_field_clinic,
                                &mut __fieldseal_id,
                            );
                            <Uuid as ::fieldseal::context::AsRowId>::push_to(
                                &__fieldseal_field_id,
                                &mut __fieldseal_id,
                            );
                            __fieldseal_id
                        })
                        .in_scope(__fieldseal_scope)
                })
                .map_err(|__fieldseal_error| ::fieldseal::__private::rusqlite_error(
                    ::core::convert::From::from(__fieldseal_error),
                ))?;
            let __fieldseal_field_name = <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                String,
            >>::open(
                    ::fieldseal::value::StoredBytes::copy_of(
                        ::fieldseal::__private::rusqlite_stored(
                            __fieldseal_sql_row,
                            "name",
                        )?,
                    ),
                    ::fieldseal::__private::Place {
                        column: &__COLUMNS[0],
                        row: &__fieldseal_row,
                        keyring: __KEYRING,
                        under: ::core::option::Option::None,
                    },
                )
                .map_err(::fieldseal::__private::rusqlite_error)?;
            let __fieldseal_field_history = <::fieldseal::__private::AsJson as ::fieldseal::__private::Sealing<
                Vec<Visit>,
            >>::open_option(
                    ::fieldseal::value::StoredBytes::copy_of(
                        ::fieldseal::__private::rusqlite_stored(
                            __fieldseal_sql_row,
                            "history",
                        )?,
                    ),
                    ::fieldseal::__private::Place {
                        column: &__COLUMNS[1],
                        row: &__fieldseal_row,
                        keyring: __KEYRING,
                        under: ::core::option::Option::None,
                    },
                )
                .map_err(::fieldseal::__private::rusqlite_error)?;
            let __fieldseal_field_type = <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                Email,
            >>::open_option(
                    ::fieldseal::value::StoredBytes::copy_of(
                        ::fieldseal::__private::rusqlite_stored(
                            __fieldseal_sql_row,
                            "type",
                        )?,
                    ),
                    ::fieldseal::__private::Place {
                        column: &__COLUMNS[2],
                        row: &__fieldseal_row,
                        keyring: __KEYRING,
                        under: ::core::option::Option::None,
                    },
                )
                .map_err(::fieldseal::__private::rusqlite_error)?;
            ::core::result::Result::Ok(Self {
                id: __fieldseal_field_id,
                clinic: __fieldseal_field_clinic,
                org_id: __fieldseal_field_org_id,
                name: __fieldseal_field_name,
                history: __fieldseal_field_history,
                r#type: __fieldseal_field_type,
            })
        }
    }
};
