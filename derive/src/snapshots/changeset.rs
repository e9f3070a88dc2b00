#[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
const _: () = {
    static __COLUMNS: [seal::Column; 2usize] = [
        seal::Column::new("patients", "name")
            .with_sql_name("name")
            .with_kind(
                <seal::__private::AsValue as seal::__private::Sealing<
                    &'static str,
                >>::KIND,
            )
            .unbound_row(),
        seal::Column::new("patients", "diagnosis")
            .with_sql_name("diagnosis")
            .with_kind(
                <seal::__private::AsValue as seal::__private::Sealing<
                    &'static [u8],
                >>::KIND,
            )
            .unbound_row()
            .pad(32),
    ];
    const __SCHEMA: seal::Schema = seal::Schema::new("patients", &__COLUMNS)
        .with_model("Changes")
        .with_sql_table("patients")
        .with_row(&[]);
    const __KEYRING: seal::__private::FindKeyring = <seal::keyring::Installed as seal::keyring::KeyringSource>::keyring;
    #[automatically_derived]
    impl<'a, 'b: 'a> seal::Model for Changes<'a, 'b> {
        const SCHEMA: seal::Schema = __SCHEMA;
    }
    #[automatically_derived]
    #[allow(dead_code)]
    impl<'a, 'b: 'a> Changes<'a, 'b> {
        ///Seals one value for `name` of that row.
        fn seal_name(
            to_seal: ::core::option::Option<&'a str>,
        ) -> seal::value::SealedValue {
            let __fieldseal_row = ::core::result::Result::<
                seal::RowContext,
                seal::context::ContextError,
            >::Ok(seal::RowContext::of_row(seal::RowId::UNBOUND));
            seal::__private::in_place(
                &__COLUMNS[0],
                &__fieldseal_row,
                __KEYRING,
                |__fieldseal_place| <seal::__private::AsValue as seal::__private::Sealing<
                    &'a str,
                >>::seal_option(
                    ::core::option::Option::as_ref(&to_seal),
                    __fieldseal_place,
                ),
            )
        }
        ///Seals one value for `diagnosis` of that row.
        fn seal_diagnosis(
            to_seal: ::core::option::Option<&'a [u8]>,
        ) -> seal::value::SealedValue {
            let __fieldseal_row = ::core::result::Result::<
                seal::RowContext,
                seal::context::ContextError,
            >::Ok(seal::RowContext::of_row(seal::RowId::UNBOUND));
            seal::__private::in_place(
                &__COLUMNS[1],
                &__fieldseal_row,
                __KEYRING,
                |__fieldseal_place| <seal::__private::AsValue as seal::__private::Sealing<
                    &'a [u8],
                >>::seal_option(
                    ::core::option::Option::as_ref(&to_seal),
                    __fieldseal_place,
                ),
            )
        }
    }
    const _: () = seal::__private::holds_bytes::<
        <patients::name as ::diesel::Expression>::SqlType,
    >();
    const _: () = seal::__private::holds_bytes::<
        <patients::diagnosis as ::diesel::Expression>::SqlType,
    >();
    #[derive(::diesel::Insertable)]
    #[diesel(table_name = patients)]
    #[allow(dead_code)]
    struct __Insert<'b> {
        name: ::core::option::Option<seal::value::SealedValue>,
        diagnosis: ::core::option::Option<seal::value::SealedValue>,
        ward: Option<&'b str>,
    }
    #[automatically_derived]
    impl<'a, 'b: 'a> ::diesel::Insertable<patients::table> for Changes<'a, 'b> {
        type Values = <__Insert<'b> as ::diesel::Insertable<patients::table>>::Values;
        fn values(self) -> Self::Values {
            let __fieldseal_row = ::core::result::Result::<
                seal::RowContext,
                seal::context::ContextError,
            >::Ok(seal::RowContext::of_row(seal::RowId::UNBOUND));
            let __fieldseal_field_name = ::core::option::Option::as_ref(&self.name)
                .map(|__fieldseal_value| seal::__private::in_place(
                    &__COLUMNS[0],
                    &__fieldseal_row,
                    __KEYRING,
                    |__fieldseal_place| <seal::__private::AsValue as seal::__private::Sealing<
                        &'a str,
                    >>::seal(__fieldseal_value, __fieldseal_place),
                ));
            let __fieldseal_field_diagnosis = ::core::option::Option::as_ref(
                    &self.diagnosis,
                )
                .map(|__fieldseal_value| seal::__private::in_place(
                    &__COLUMNS[1],
                    &__fieldseal_row,
                    __KEYRING,
                    |__fieldseal_place| <seal::__private::AsValue as seal::__private::Sealing<
                        &'a [u8],
                    >>::seal_option(
                        ::core::option::Option::as_ref(__fieldseal_value),
                        __fieldseal_place,
                    ),
                ));
            ::diesel::Insertable::<
                patients::table,
            >::values(__Insert {
                name: __fieldseal_field_name,
                diagnosis: __fieldseal_field_diagnosis,
                ward: self.ward,
            })
        }
    }
    #[derive(::diesel::AsChangeset)]
    #[diesel(table_name = patients)]
    #[allow(dead_code)]
    struct __Changeset<'b> {
        name: ::core::option::Option<seal::value::SealedValue>,
        diagnosis: ::core::option::Option<seal::value::SealedValue>,
        ward: Option<&'b str>,
    }
    #[automatically_derived]
    impl<'a, 'b: 'a> ::diesel::AsChangeset for Changes<'a, 'b> {
        type Target = <__Changeset<'b> as ::diesel::AsChangeset>::Target;
        type Changeset = <__Changeset<'b> as ::diesel::AsChangeset>::Changeset;
        fn as_changeset(self) -> Self::Changeset {
            let __fieldseal_row = ::core::result::Result::<
                seal::RowContext,
                seal::context::ContextError,
            >::Ok(seal::RowContext::of_row(seal::RowId::UNBOUND));
            let __fieldseal_field_name = ::core::option::Option::as_ref(&self.name)
                .map(|__fieldseal_value| seal::__private::in_place(
                    &__COLUMNS[0],
                    &__fieldseal_row,
                    __KEYRING,
                    |__fieldseal_place| <seal::__private::AsValue as seal::__private::Sealing<
                        &'a str,
                    >>::seal(__fieldseal_value, __fieldseal_place),
                ));
            let __fieldseal_field_diagnosis = ::core::option::Option::as_ref(
                    &self.diagnosis,
                )
                .map(|__fieldseal_value| seal::__private::in_place(
                    &__COLUMNS[1],
                    &__fieldseal_row,
                    __KEYRING,
                    |__fieldseal_place| <seal::__private::AsValue as seal::__private::Sealing<
                        &'a [u8],
                    >>::seal_option(
                        ::core::option::Option::as_ref(__fieldseal_value),
                        __fieldseal_place,
                    ),
                ));
            ::diesel::AsChangeset::as_changeset(__Changeset {
                name: __fieldseal_field_name,
                diagnosis: __fieldseal_field_diagnosis,
                ward: self.ward,
            })
        }
    }
    #[derive(::diesel::Insertable)]
    #[diesel(table_name = patients)]
    #[allow(dead_code)]
    struct __InsertRef<'b> {
        name: ::core::option::Option<seal::value::SealedValue>,
        diagnosis: ::core::option::Option<seal::value::SealedValue>,
        ward: Option<&'b str>,
    }
    #[automatically_derived]
    impl<'__row, 'a, 'b: 'a> ::diesel::Insertable<patients::table>
    for &'__row Changes<'a, 'b> {
        type Values = <__InsertRef<'b> as ::diesel::Insertable<patients::table>>::Values;
        fn values(self) -> Self::Values {
            let __fieldseal_row = ::core::result::Result::<
                seal::RowContext,
                seal::context::ContextError,
            >::Ok(seal::RowContext::of_row(seal::RowId::UNBOUND));
            let __fieldseal_field_name = ::core::option::Option::as_ref(&self.name)
                .map(|__fieldseal_value| seal::__private::in_place(
                    &__COLUMNS[0],
                    &__fieldseal_row,
                    __KEYRING,
                    |__fieldseal_place| <seal::__private::AsValue as seal::__private::Sealing<
                        &'a str,
                    >>::seal(__fieldseal_value, __fieldseal_place),
                ));
            let __fieldseal_field_diagnosis = ::core::option::Option::as_ref(
                    &self.diagnosis,
                )
                .map(|__fieldseal_value| seal::__private::in_place(
                    &__COLUMNS[1],
                    &__fieldseal_row,
                    __KEYRING,
                    |__fieldseal_place| <seal::__private::AsValue as seal::__private::Sealing<
                        &'a [u8],
                    >>::seal_option(
                        ::core::option::Option::as_ref(__fieldseal_value),
                        __fieldseal_place,
                    ),
                ));
            ::diesel::Insertable::<
                patients::table,
            >::values(__InsertRef {
                name: __fieldseal_field_name,
                diagnosis: __fieldseal_field_diagnosis,
                ward: self.ward,
            })
        }
    }
    #[derive(::diesel::AsChangeset)]
    #[diesel(table_name = patients)]
    #[allow(dead_code)]
    struct __ChangesetRef<'b> {
        name: ::core::option::Option<seal::value::SealedValue>,
        diagnosis: ::core::option::Option<seal::value::SealedValue>,
        ward: Option<&'b str>,
    }
    #[automatically_derived]
    impl<'__row, 'a, 'b: 'a> ::diesel::AsChangeset for &'__row Changes<'a, 'b> {
        type Target = <__ChangesetRef<'b> as ::diesel::AsChangeset>::Target;
        type Changeset = <__ChangesetRef<'b> as ::diesel::AsChangeset>::Changeset;
        fn as_changeset(self) -> Self::Changeset {
            let __fieldseal_row = ::core::result::Result::<
                seal::RowContext,
                seal::context::ContextError,
            >::Ok(seal::RowContext::of_row(seal::RowId::UNBOUND));
            let __fieldseal_field_name = ::core::option::Option::as_ref(&self.name)
                .map(|__fieldseal_value| seal::__private::in_place(
                    &__COLUMNS[0],
                    &__fieldseal_row,
                    __KEYRING,
                    |__fieldseal_place| <seal::__private::AsValue as seal::__private::Sealing<
                        &'a str,
                    >>::seal(__fieldseal_value, __fieldseal_place),
                ));
            let __fieldseal_field_diagnosis = ::core::option::Option::as_ref(
                    &self.diagnosis,
                )
                .map(|__fieldseal_value| seal::__private::in_place(
                    &__COLUMNS[1],
                    &__fieldseal_row,
                    __KEYRING,
                    |__fieldseal_place| <seal::__private::AsValue as seal::__private::Sealing<
                        &'a [u8],
                    >>::seal_option(
                        ::core::option::Option::as_ref(__fieldseal_value),
                        __fieldseal_place,
                    ),
                ));
            ::diesel::AsChangeset::as_changeset(__ChangesetRef {
                name: __fieldseal_field_name,
                diagnosis: __fieldseal_field_diagnosis,
                ward: self.ward,
            })
        }
    }
    #[automatically_derived]
    impl<
        'a,
        'b: 'a,
    > ::diesel::internal::derives::insertable::UndecoratedInsertRecord<patients::table>
    for Changes<'a, 'b> {}
};
