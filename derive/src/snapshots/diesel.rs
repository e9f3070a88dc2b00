#[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
const _: () = {
    static __COLUMNS: [::fieldseal::Column; 1usize] = [
        ::fieldseal::Column::new("patients", "full_name")
            .with_sql_name("full_name")
            .with_kind(
                <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                    String,
                >>::KIND,
            ),
    ];
    const __SCHEMA: ::fieldseal::Schema = ::fieldseal::Schema::new(
            "patients",
            &__COLUMNS,
        )
        .with_model("Patient")
        .with_sql_table("people")
        .with_row(
            &[
                ::fieldseal::schema::ContextColumn::new(
                    "id",
                    <i64 as ::fieldseal::context::AsRowId>::KIND,
                ),
            ],
        );
    const __KEYRING: ::fieldseal::__private::FindKeyring = <Keys as ::fieldseal::keyring::KeyringSource>::keyring;
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
                .field("name", &::core::format_args!("[redacted]"))
                .field("ward", &self.ward)
                .finish()
        }
    }
    #[automatically_derived]
    #[allow(dead_code)]
    impl Patient {
        ///Seals one value for `full_name` of that row.
        fn seal_name(
            for_id: &i64,
            to_seal: ::core::option::Option<&::core::primitive::str>,
        ) -> ::fieldseal::value::SealedValue {
            let __fieldseal_row = ::core::result::Result::<
                ::fieldseal::RowContext,
                ::fieldseal::context::ContextError,
            >::Ok(
                ::fieldseal::RowContext::of_row({
                    let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                    <i64 as ::fieldseal::context::AsRowId>::push_to(
                        for_id,
                        &mut __fieldseal_id,
                    );
                    __fieldseal_id
                }),
            );
            ::fieldseal::__private::in_place(
                &__COLUMNS[0],
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
        ///Opens one value of `full_name` of that row.
        fn open_name<'__stored>(
            for_id: &i64,
            to_open: impl ::core::convert::Into<
                ::fieldseal::value::StoredValue<'__stored>,
            >,
        ) -> ::core::result::Result<Option<String>, ::fieldseal::Error> {
            let __fieldseal_row = ::core::result::Result::<
                ::fieldseal::RowContext,
                ::fieldseal::context::ContextError,
            >::Ok(
                ::fieldseal::RowContext::of_row({
                    let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                    <i64 as ::fieldseal::context::AsRowId>::push_to(
                        for_id,
                        &mut __fieldseal_id,
                    );
                    __fieldseal_id
                }),
            )?;
            <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                String,
            >>::open_option(
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
    }
    const _: () = ::fieldseal::__private::holds_bytes::<
        <schema::people::full_name as ::diesel::Expression>::SqlType,
    >();
    #[derive(::diesel::Insertable)]
    #[diesel(table_name = schema::people)]
    #[allow(dead_code)]
    struct __Insert {
        id: i64,
        #[diesel(column_name = full_name)]
        name: ::core::option::Option<::fieldseal::value::SealedValue>,
        ward: Option<String>,
    }
    #[automatically_derived]
    impl ::diesel::Insertable<schema::people::table> for Patient {
        type Values = <__Insert as ::diesel::Insertable<schema::people::table>>::Values;
        fn values(self) -> Self::Values {
            let __fieldseal_row = ::core::result::Result::<
                ::fieldseal::RowContext,
                ::fieldseal::context::ContextError,
            >::Ok(
                ::fieldseal::RowContext::of_row({
                    let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                    <i64 as ::fieldseal::context::AsRowId>::push_to(
                        &self.id,
                        &mut __fieldseal_id,
                    );
                    __fieldseal_id
                }),
            );
            let __fieldseal_field_name = ::core::option::Option::as_ref(&self.name)
                .map(|__fieldseal_value| ::fieldseal::__private::in_place(
                    &__COLUMNS[0],
                    &__fieldseal_row,
                    __KEYRING,
                    |__fieldseal_place| <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                        String,
                    >>::seal(__fieldseal_value, __fieldseal_place),
                ));
            ::diesel::Insertable::<
                schema::people::table,
            >::values(__Insert {
                id: self.id,
                name: __fieldseal_field_name,
                ward: self.ward,
            })
        }
    }
    #[derive(::diesel::AsChangeset)]
    #[diesel(table_name = schema::people)]
    #[allow(dead_code)]
    struct __Changeset {
        id: i64,
        #[diesel(column_name = full_name)]
        name: ::core::option::Option<::fieldseal::value::SealedValue>,
        ward: Option<String>,
    }
    #[automatically_derived]
    impl ::diesel::AsChangeset for Patient {
        type Target = <__Changeset as ::diesel::AsChangeset>::Target;
        type Changeset = <__Changeset as ::diesel::AsChangeset>::Changeset;
        fn as_changeset(self) -> Self::Changeset {
            let __fieldseal_row = ::core::result::Result::<
                ::fieldseal::RowContext,
                ::fieldseal::context::ContextError,
            >::Ok(
                ::fieldseal::RowContext::of_row({
                    let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                    <i64 as ::fieldseal::context::AsRowId>::push_to(
                        &self.id,
                        &mut __fieldseal_id,
                    );
                    __fieldseal_id
                }),
            );
            let __fieldseal_field_name = ::core::option::Option::as_ref(&self.name)
                .map(|__fieldseal_value| ::fieldseal::__private::in_place(
                    &__COLUMNS[0],
                    &__fieldseal_row,
                    __KEYRING,
                    |__fieldseal_place| <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                        String,
                    >>::seal(__fieldseal_value, __fieldseal_place),
                ));
            ::diesel::AsChangeset::as_changeset(__Changeset {
                id: self.id,
                name: __fieldseal_field_name,
                ward: self.ward,
            })
        }
    }
    #[derive(::diesel::Insertable)]
    #[diesel(table_name = schema::people)]
    #[allow(dead_code)]
    struct __InsertRef<'__row> {
        id: &'__row i64,
        #[diesel(column_name = full_name)]
        name: ::core::option::Option<::fieldseal::value::SealedValue>,
        ward: ::core::option::Option<&'__row String>,
    }
    #[automatically_derived]
    impl<'__row> ::diesel::Insertable<schema::people::table> for &'__row Patient {
        type Values = <__InsertRef<
            '__row,
        > as ::diesel::Insertable<schema::people::table>>::Values;
        fn values(self) -> Self::Values {
            let __fieldseal_row = ::core::result::Result::<
                ::fieldseal::RowContext,
                ::fieldseal::context::ContextError,
            >::Ok(
                ::fieldseal::RowContext::of_row({
                    let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                    <i64 as ::fieldseal::context::AsRowId>::push_to(
                        &self.id,
                        &mut __fieldseal_id,
                    );
                    __fieldseal_id
                }),
            );
            let __fieldseal_field_name = ::core::option::Option::as_ref(&self.name)
                .map(|__fieldseal_value| ::fieldseal::__private::in_place(
                    &__COLUMNS[0],
                    &__fieldseal_row,
                    __KEYRING,
                    |__fieldseal_place| <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                        String,
                    >>::seal(__fieldseal_value, __fieldseal_place),
                ));
            ::diesel::Insertable::<
                schema::people::table,
            >::values(__InsertRef {
                id: &self.id,
                name: __fieldseal_field_name,
                ward: ::core::option::Option::as_ref(&self.ward),
            })
        }
    }
    #[derive(::diesel::AsChangeset)]
    #[diesel(table_name = schema::people)]
    #[allow(dead_code)]
    struct __ChangesetRef<'__row> {
        id: &'__row i64,
        #[diesel(column_name = full_name)]
        name: ::core::option::Option<::fieldseal::value::SealedValue>,
        ward: ::core::option::Option<&'__row String>,
    }
    #[automatically_derived]
    impl<'__row> ::diesel::AsChangeset for &'__row Patient {
        type Target = <__ChangesetRef<'__row> as ::diesel::AsChangeset>::Target;
        type Changeset = <__ChangesetRef<'__row> as ::diesel::AsChangeset>::Changeset;
        fn as_changeset(self) -> Self::Changeset {
            let __fieldseal_row = ::core::result::Result::<
                ::fieldseal::RowContext,
                ::fieldseal::context::ContextError,
            >::Ok(
                ::fieldseal::RowContext::of_row({
                    let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                    <i64 as ::fieldseal::context::AsRowId>::push_to(
                        &self.id,
                        &mut __fieldseal_id,
                    );
                    __fieldseal_id
                }),
            );
            let __fieldseal_field_name = ::core::option::Option::as_ref(&self.name)
                .map(|__fieldseal_value| ::fieldseal::__private::in_place(
                    &__COLUMNS[0],
                    &__fieldseal_row,
                    __KEYRING,
                    |__fieldseal_place| <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
                        String,
                    >>::seal(__fieldseal_value, __fieldseal_place),
                ));
            ::diesel::AsChangeset::as_changeset(__ChangesetRef {
                id: &self.id,
                name: __fieldseal_field_name,
                ward: ::core::option::Option::as_ref(&self.ward),
            })
        }
    }
    #[automatically_derived]
    impl ::diesel::internal::derives::insertable::UndecoratedInsertRecord<
        schema::people::table,
    > for Patient {}
    #[derive(::diesel::Queryable, ::diesel::Selectable, ::diesel::QueryableByName)]
    #[diesel(table_name = schema::people)]
    #[allow(dead_code)]
    struct __Row {
        #[diesel(column_name = id)]
        __fieldseal_field_id: i64,
        #[diesel(column_name = full_name)]
        __fieldseal_field_name: ::core::option::Option<::fieldseal::__private::Loaded>,
        #[diesel(column_name = ward)]
        __fieldseal_field_ward: Option<String>,
    }
    fn __open(__fieldseal_sql_row: __Row) -> ::diesel::deserialize::Result<Patient> {
        let __fieldseal_row = ::core::result::Result::<
            ::fieldseal::RowContext,
            ::fieldseal::context::ContextError,
        >::Ok(
                ::fieldseal::RowContext::of_row({
                    let mut __fieldseal_id = ::fieldseal::RowId::UNBOUND;
                    <i64 as ::fieldseal::context::AsRowId>::push_to(
                        &__fieldseal_sql_row.__fieldseal_field_id,
                        &mut __fieldseal_id,
                    );
                    __fieldseal_id
                }),
            )
            .map_err(::fieldseal::Error::from)?;
        let __fieldseal_field_name = <::fieldseal::__private::AsValue as ::fieldseal::__private::Sealing<
            String,
        >>::open_option(
            ::fieldseal::__private::stored_or_null(
                __fieldseal_sql_row.__fieldseal_field_name,
            ),
            ::fieldseal::__private::Place {
                column: &__COLUMNS[0],
                row: &__fieldseal_row,
                keyring: __KEYRING,
                under: ::core::option::Option::None,
            },
        )?;
        ::core::result::Result::Ok(Patient {
            id: __fieldseal_sql_row.__fieldseal_field_id,
            name: __fieldseal_field_name,
            ward: __fieldseal_sql_row.__fieldseal_field_ward,
        })
    }
    #[automatically_derived]
    impl<__ST, __DB: ::diesel::backend::Backend> ::diesel::Queryable<__ST, __DB>
    for Patient
    where
        __Row: ::diesel::Queryable<__ST, __DB>,
    {
        type Row = <__Row as ::diesel::Queryable<__ST, __DB>>::Row;
        fn build(__fieldseal_sql_row: Self::Row) -> ::diesel::deserialize::Result<Self> {
            <__Row as ::diesel::Queryable<__ST, __DB>>::build(__fieldseal_sql_row)
                .and_then(__open)
        }
    }
    #[automatically_derived]
    impl<__DB: ::diesel::backend::Backend> ::diesel::Selectable<__DB> for Patient
    where
        __Row: ::diesel::Selectable<__DB>,
    {
        type SelectExpression = <__Row as ::diesel::Selectable<__DB>>::SelectExpression;
        fn construct_selection() -> Self::SelectExpression {
            <__Row as ::diesel::Selectable<__DB>>::construct_selection()
        }
    }
    #[automatically_derived]
    impl<__DB: ::diesel::backend::Backend> ::diesel::QueryableByName<__DB> for Patient
    where
        __Row: ::diesel::QueryableByName<__DB>,
    {
        fn build<'__row>(
            __fieldseal_sql_row: &impl ::diesel::row::NamedRow<'__row, __DB>,
        ) -> ::diesel::deserialize::Result<Self> {
            <__Row as ::diesel::QueryableByName<__DB>>::build(__fieldseal_sql_row)
                .and_then(__open)
        }
    }
};
