//! diesel: hidden row structs that carry diesel's own derives, and impls for the model that delegate to them. What the
//! hidden structs hold in a sealed column is ciphertext already.

use super::{Context, Sealed};
use crate::ast::{Diesel, Field};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Lifetime, parse_quote};

pub(super) fn expand(cx: &Context<'_>, diesel: &Diesel<'_>) -> TokenStream {
    let write = cx.model.writes().then(|| write(cx, diesel));
    let read = cx.model.reads().then(|| read(cx, diesel));
    quote!(#write #read)
}

fn write(cx: &Context<'_>, diesel: &Diesel<'_>) -> TokenStream {
    let Context { model, .. } = cx;
    let table = &diesel.table;
    let name = &model.input.ident;
    let owned = Write::new(cx, diesel, None);
    let owned_impls = owned.impls();
    // As in diesel: `serialize_as` consumes the field, so there's nothing to insert by reference.
    let consumes = model.plain().any(|field| field.has_diesel("serialize_as"));
    let borrowed_impls = (!consumes).then(|| Write::new(cx, diesel, Some(parse_quote!('__row))).impls());
    let (impl_generics, ty_generics, _) = model.input.generics.split_for_impl();
    quote! {
        #owned_impls
        #borrowed_impls

        #[automatically_derived]
        impl #impl_generics ::diesel::internal::derives::insertable::UndecoratedInsertRecord<#table::table>
            for #name #ty_generics
        {
        }
    }
}

/// The hidden structs for writing, with owned or borrowed plain fields.
struct Write<'a> {
    cx: &'a Context<'a>,
    diesel: &'a Diesel<'a>,
    /// The lifetime of the borrow; `None` for the owned one.
    borrow: Option<Lifetime>,
}

impl<'a> Write<'a> {
    const fn new(cx: &'a Context<'a>, diesel: &'a Diesel<'a>, borrow: Option<Lifetime>) -> Self {
        Self { cx, diesel, borrow }
    }

    fn impls(&self) -> TokenStream {
        let Self { cx, diesel, borrow } = self;
        let Context { model, .. } = cx;
        let table = &diesel.table;
        let attrs = &diesel.attrs;
        let model_name = &model.input.ident;
        let (insert, changeset) = match borrow {
            Some(_) => (quote!(__InsertRef), quote!(__ChangesetRef)),
            None => (quote!(__Insert), quote!(__Changeset)),
        };
        let fields: Vec<_> = model.fields.iter().map(|field| self.field(field)).collect();
        // A lifetime that only sealed fields have is gone from the hidden structs.
        let used = fields.iter().map(|(ty, _, _)| ty.to_string()).collect::<String>();
        let is_used = |lifetime: &&Lifetime| used.contains(&lifetime.to_string());
        let own: Vec<_> = model.lifetimes().collect();
        let kept: Vec<_> = own.iter().copied().filter(is_used).collect();
        let borrowed: Vec<_> = borrow.iter().filter(is_used).chain(kept.iter().copied()).collect();
        let hidden = quote!(<#(#borrowed),*>);
        let (_, ty_generics, _) = model.input.generics.split_for_impl();
        let impl_generics = match borrow {
            Some(borrow) => quote!(<#borrow, #(#own),*>),
            None => quote!(<#(#own),*>),
        };
        let target = match borrow {
            Some(borrow) => quote!(&#borrow #model_name #ty_generics),
            None => quote!(#model_name #ty_generics),
        };
        let struct_fields = fields.iter().zip(&model.fields).map(|((ty, _, _), field)| {
            let (ident, attrs) = (field.ident, &field.diesel);
            quote!(#(#attrs)* #ident: #ty)
        });
        let struct_fields: Vec<_> = struct_fields.collect();
        let inits: Vec<_> = fields
            .iter()
            .zip(&model.fields)
            .map(|((_, init, _), field)| {
                let ident = field.ident;
                quote!(#ident: #init)
            })
            .collect();
        let row = cx.row_context(Some(quote!(self)));
        // Sealed first: the plain fields are moved out of `self` afterwards.
        let seals = fields.iter().filter_map(|(_, _, seal)| seal.as_ref());
        let seals: Vec<_> = seals.collect();
        quote! {
            #[derive(::diesel::Insertable)]
            #(#attrs)*
            #[allow(dead_code, unreachable_pub, missing_docs, missing_debug_implementations)]
            pub struct #insert #hidden { #(#struct_fields),* }

            #[automatically_derived]
            impl #impl_generics ::diesel::Insertable<#table::table> for #target {
                type Values = <#insert #hidden as ::diesel::Insertable<#table::table>>::Values;

                fn values(self) -> Self::Values {
                    let __row = #row;
                    #(#seals)*
                    ::diesel::Insertable::<#table::table>::values(#insert { #(#inits),* })
                }
            }

            #[derive(::diesel::AsChangeset)]
            #(#attrs)*
            #[allow(dead_code, unreachable_pub, missing_docs, missing_debug_implementations)]
            pub struct #changeset #hidden { #(#struct_fields),* }

            #[automatically_derived]
            impl #impl_generics ::diesel::AsChangeset for #target {
                type Target = <#changeset #hidden as ::diesel::AsChangeset>::Target;
                type Changeset = <#changeset #hidden as ::diesel::AsChangeset>::Changeset;

                fn as_changeset(self) -> Self::Changeset {
                    let __row = #row;
                    #(#seals)*
                    ::diesel::AsChangeset::as_changeset(#changeset { #(#inits),* })
                }
            }
        }
    }

    /// A field's type in the hidden struct, the expression for it, and the statement that seals it.
    fn field(&self, field: &Field<'_>) -> (TokenStream, TokenStream, Option<TokenStream>) {
        let ident = field.ident;
        if let Some(sealed) = self.cx.sealed().find(|sealed| sealed.field.ident == ident) {
            let krate = &self.cx.krate;
            let ty = match sealed.shows_null() {
                true => quote!(::core::option::Option<#krate::SealedValue>),
                false => quote!(#krate::SealedValue),
            };
            let value = self.seal(&sealed);
            return (ty, quote!(#ident), Some(quote!(let #ident = #value;)));
        }
        let ty = field.ty;
        match (&self.borrow, field.option()) {
            (None, _) => (quote!(#ty), quote!(self.#ident), None),
            (Some(borrow), Some(inner)) => {
                (quote!(::core::option::Option<&#borrow #inner>), quote!(self.#ident.as_ref()), None)
            }
            (Some(borrow), None) => (quote!(&#borrow #ty), quote!(&self.#ident), None),
        }
    }

    fn seal(&self, sealed: &Sealed<'_>) -> TokenStream {
        let cx = self.cx;
        let ident = sealed.field.ident;
        let json = sealed.attrs.json.is_some();
        match (sealed.shows_null(), sealed.field.option()) {
            (true, _) => {
                let value = if json { quote!(::core::option::Option::Some(value)) } else { quote!(value) };
                let value = cx.seal(sealed, &value);
                quote!(self.#ident.as_ref().map(|value| #value))
            }
            (false, Some(_)) if json => cx.seal(sealed, &quote!(self.#ident.as_ref())),
            (false, None) if json => cx.seal(sealed, &quote!(::core::option::Option::Some(&self.#ident))),
            (false, _) => cx.seal(sealed, &quote!(&self.#ident)),
        }
    }
}

fn read(cx: &Context<'_>, diesel: &Diesel<'_>) -> TokenStream {
    let Context { model, private, .. } = cx;
    let attrs = &diesel.attrs;
    let name = &model.input.ident;
    let struct_fields = model.fields.iter().map(|field| {
        let (ident, attrs) = (field.ident, &field.diesel);
        let ty = loaded_type(cx, field);
        quote!(#(#attrs)* #ident: #ty)
    });
    // A field from an expression has no column to find by name.
    let by_name = !model.fields.iter().any(|field| field.has_diesel("select_expression"));
    let by_name_derive = by_name.then(|| quote!(, ::diesel::QueryableByName));
    let open = open_row(cx);
    let by_name_impl = by_name.then(|| {
        quote! {
            #[automatically_derived]
            impl<__DB: ::diesel::backend::Backend> ::diesel::QueryableByName<__DB> for #name
            where
                __Row: ::diesel::QueryableByName<__DB>,
            {
                fn build<'a>(
                    row: &impl ::diesel::row::NamedRow<'a, __DB>,
                ) -> ::diesel::deserialize::Result<Self> {
                    <__Row as ::diesel::QueryableByName<__DB>>::build(row).and_then(__open)
                }
            }
        }
    });
    // diesel takes an error of this type for the absent side of a join. A plain field brings it by itself.
    let required: Vec<_> = cx.sealed().filter(|sealed| !sealed.shows_null()).collect();
    let absent = (model.plain().next().is_none() && !required.is_empty()).then(|| {
        let idents = required.iter().map(|sealed| sealed.field.ident);
        quote! {
            if true #(&& row.#idents.0.is_null())* {
                return ::core::result::Result::Err(#private::absent());
            }
        }
    });
    quote! {
        #[derive(::diesel::Queryable, ::diesel::Selectable #by_name_derive)]
        #(#attrs)*
        #[allow(dead_code, unreachable_pub, missing_docs, missing_debug_implementations)]
        pub struct __Row { #(#struct_fields),* }

        fn __open(row: __Row) -> ::diesel::deserialize::Result<#name> {
            #absent
            #open
        }

        #[automatically_derived]
        impl<__ST, __DB: ::diesel::backend::Backend> ::diesel::Queryable<__ST, __DB> for #name
        where
            __Row: ::diesel::Queryable<__ST, __DB>,
        {
            type Row = <__Row as ::diesel::Queryable<__ST, __DB>>::Row;

            fn build(row: Self::Row) -> ::diesel::deserialize::Result<Self> {
                <__Row as ::diesel::Queryable<__ST, __DB>>::build(row).and_then(__open)
            }
        }

        #[automatically_derived]
        impl<__DB: ::diesel::backend::Backend> ::diesel::Selectable<__DB> for #name
        where
            __Row: ::diesel::Selectable<__DB>,
        {
            type SelectExpression = <__Row as ::diesel::Selectable<__DB>>::SelectExpression;

            fn construct_selection() -> Self::SelectExpression {
                <__Row as ::diesel::Selectable<__DB>>::construct_selection()
            }
        }

        #by_name_impl
    }
}

/// A field's type in the hidden struct for loading.
fn loaded_type(cx: &Context<'_>, field: &Field<'_>) -> TokenStream {
    let private = &cx.private;
    match cx.sealed().find(|sealed| sealed.field.ident == field.ident) {
        None => field.ty.to_token_stream(),
        Some(sealed) if sealed.shows_null() => quote!(::core::option::Option<#private::Loaded>),
        Some(sealed) if sealed.attrs.hide_null.is_some() => quote!(#private::LoadedEither),
        Some(_) => quote!(#private::Loaded),
    }
}

/// `row`, a `__Row`, opened into the model.
fn open_row(cx: &Context<'_>) -> TokenStream {
    let Context { model, krate, private } = cx;
    let context = cx.row_context(Some(quote!(row)));
    let sealed = cx.sealed().map(|sealed| {
        let ident = sealed.field.ident;
        let stored = match sealed.shows_null() {
            true => quote!(#private::stored_or_null(row.#ident)),
            false => quote!(row.#ident.0),
        };
        let opened = cx.open(&sealed, &stored);
        quote!(let #ident = #opened?;)
    });
    let fields = model.fields.iter().map(|field| {
        let ident = field.ident;
        match field.sealed {
            Some(_) => quote!(#ident),
            None => quote!(#ident: row.#ident),
        }
    });
    let name = &model.input.ident;
    quote! {
        let __row = #context.map_err(#krate::Error::from)?;
        #(#sealed)*
        ::core::result::Result::Ok(#name { #(#fields),* })
    }
}
