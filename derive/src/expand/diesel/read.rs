//! `Queryable`, `Selectable` and `QueryableByName`: of a hidden struct that holds the sealed fields
//! as they were stored, and is opened whole.

use crate::ast::{Diesel, Field};
use crate::expand::generics::used_in;
use crate::expand::{Context, Part, local, local_of};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Generics, parse_quote};

pub(super) fn expand(cx: &Context<'_>, diesel: &Diesel<'_>) -> TokenStream {
    let types: Vec<_> = cx.model.fields.iter().map(|field| loaded_type(cx, field)).collect();
    let arguments = used_in(&types, cx.model.input.generics.lifetimes().map(|param| &param.lifetime));
    let read = Read { cx, diesel, types, row: quote!(__Row #arguments) };
    let (definition, open, queryable, selectable) =
        (read.definition(), read.open(), read.queryable(), read.selectable());
    let by_name = read.is_by_name().then(|| read.queryable_by_name());
    quote!(#definition #open #queryable #selectable #by_name)
}

/// The hidden struct for loading.
struct Read<'a> {
    cx: &'a Context<'a>,
    diesel: &'a Diesel<'a>,
    /// The fields' types.
    types: Vec<TokenStream>,
    /// Its type.
    row: TokenStream,
}

impl Read<'_> {
    /// A field from an expression has no column to find by name.
    fn is_by_name(&self) -> bool {
        !self.cx.model.fields.iter().any(|field| field.diesel("select_expression").is_some())
    }

    fn definition(&self) -> TokenStream {
        let Self { row, .. } = self;
        let attrs = &self.diesel.attrs;
        let visibility = self.cx.model.visibility();
        let by_name = self.is_by_name().then(|| quote!(, ::diesel::QueryableByName));
        let fields = self.cx.model.fields.iter().zip(&self.types).map(|(field, ty)| {
            let (name, attrs) = (loaded_name(field), &field.diesel_attrs);
            let is_renamed = field.diesel("embed").is_none() && field.diesel("column_name").is_none();
            let column = is_renamed.then(|| {
                let ident = field.ident;
                quote!(#[diesel(column_name = #ident)])
            });
            quote!(#(#attrs)* #column #name: #ty)
        });
        quote! {
            #[derive(::diesel::Queryable, ::diesel::Selectable #by_name)]
            #(#attrs)*
            #[allow(dead_code)]
            #visibility struct #row { #(#fields),* }
        }
    }

    /// The function that opens the hidden struct into the model.
    fn open(&self) -> TokenStream {
        let Self { row: hidden, .. } = self;
        let Context { model, krate, row, .. } = self.cx;
        let sql_row = local("sql_row");
        let part = |field: &Field<'_>| {
            let name = loaded_name(field);
            Part::new(field.ty, quote!(&#sql_row.#name))
        };
        let row_parts: Vec<_> = model.row().map(part).collect();
        let context = self.cx.row_context(&row_parts, model.scope().map(part).as_ref());
        let absent = self.absent(&sql_row);
        let sealed = self.open_fields(&sql_row);
        let fields = model.fields.iter().map(|field| {
            let (ident, name, local) = (field.ident, loaded_name(field), local_of(field));
            match field.sealed {
                Some(_) => quote!(#ident: #local),
                None => quote!(#ident: #sql_row.#name),
            }
        });
        let name = &model.input.ident;
        let (impl_generics, ty_generics, wheres) = model.input.generics.split_for_impl();
        quote! {
            fn __open #impl_generics (
                #sql_row: #hidden,
            ) -> ::diesel::deserialize::Result<#name #ty_generics> #wheres {
                #absent
                let #row = #context.map_err(#krate::Error::from)?;
                #(#sealed)*
                ::core::result::Result::Ok(#name { #(#fields),* })
            }
        }
    }

    /// diesel takes an error of this type for the absent side of a join. A plain field brings it by
    /// itself.
    fn absent(&self, sql_row: &Ident) -> Option<TokenStream> {
        let private = &self.cx.private;
        let required: Vec<_> = self.cx.sealed().filter(|sealed| !sealed.shows_null()).collect();
        (self.cx.model.plain().next().is_none() && !required.is_empty()).then(|| {
            let names = required.iter().map(|sealed| loaded_name(sealed.field));
            quote! {
                if true #(&& #sql_row.#names.0.is_null())* {
                    return ::core::result::Result::Err(#private::absent());
                }
            }
        })
    }

    /// The statements that open the sealed fields.
    fn open_fields(&self, sql_row: &Ident) -> Vec<TokenStream> {
        let private = &self.cx.private;
        let open = self.cx.sealed().map(|sealed| {
            let (name, local) = (loaded_name(sealed.field), local_of(sealed.field));
            let stored = match sealed.shows_null() {
                true => quote!(#private::stored_or_null(#sql_row.#name)),
                false => quote!(#sql_row.#name.0),
            };
            let opened = self.cx.open(&sealed, &stored);
            quote!(let #local = #opened?;)
        });
        open.collect()
    }

    fn queryable(&self) -> TokenStream {
        let Self { row, .. } = self;
        let name = &self.cx.model.input.ident;
        let sql_row = local("sql_row");
        let mut generics = self.cx.model.input.generics.clone();
        generics.params.push(parse_quote!(__ST));
        let generics = for_backend(generics, &quote!(#row: ::diesel::Queryable<__ST, __DB>));
        let (_, ty_generics, _) = self.cx.model.input.generics.split_for_impl();
        let (impl_generics, _, wheres) = generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #impl_generics ::diesel::Queryable<__ST, __DB> for #name #ty_generics #wheres {
                type Row = <#row as ::diesel::Queryable<__ST, __DB>>::Row;

                fn build(#sql_row: Self::Row) -> ::diesel::deserialize::Result<Self> {
                    <#row as ::diesel::Queryable<__ST, __DB>>::build(#sql_row).and_then(__open)
                }
            }
        }
    }

    fn selectable(&self) -> TokenStream {
        let Self { row, .. } = self;
        let name = &self.cx.model.input.ident;
        let generics = for_backend(self.cx.model.input.generics.clone(), &quote!(#row: ::diesel::Selectable<__DB>));
        let (_, ty_generics, _) = self.cx.model.input.generics.split_for_impl();
        let (impl_generics, _, wheres) = generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #impl_generics ::diesel::Selectable<__DB> for #name #ty_generics #wheres {
                type SelectExpression = <#row as ::diesel::Selectable<__DB>>::SelectExpression;

                fn construct_selection() -> Self::SelectExpression {
                    <#row as ::diesel::Selectable<__DB>>::construct_selection()
                }
            }
        }
    }

    fn queryable_by_name(&self) -> TokenStream {
        let Self { row, .. } = self;
        let name = &self.cx.model.input.ident;
        let sql_row = local("sql_row");
        let generics =
            for_backend(self.cx.model.input.generics.clone(), &quote!(#row: ::diesel::QueryableByName<__DB>));
        let (_, ty_generics, _) = self.cx.model.input.generics.split_for_impl();
        let (impl_generics, _, wheres) = generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #impl_generics ::diesel::QueryableByName<__DB> for #name #ty_generics #wheres {
                fn build<'__row>(
                    #sql_row: &impl ::diesel::row::NamedRow<'__row, __DB>,
                ) -> ::diesel::deserialize::Result<Self> {
                    <#row as ::diesel::QueryableByName<__DB>>::build(#sql_row).and_then(__open)
                }
            }
        }
    }
}

/// The generics with a backend, for which the hidden struct must be able to do something.
fn for_backend(mut generics: Generics, bound: &TokenStream) -> Generics {
    generics.params.push(parse_quote!(__DB: ::diesel::backend::Backend));
    generics.make_where_clause().predicates.push(parse_quote!(#bound));
    generics
}

/// A field's name in the hidden struct: diesel's derives make variables of these names.
fn loaded_name(field: &Field<'_>) -> Ident {
    let mut name = local_of(field);
    name.set_span(Span::call_site().located_at(field.ident.span()));
    name
}

/// A field's type in the hidden struct.
fn loaded_type(cx: &Context<'_>, field: &Field<'_>) -> TokenStream {
    let private = &cx.private;
    match cx.sealed_of(field) {
        None => field.ty.to_token_stream(),
        Some(sealed) if sealed.shows_null() => quote!(::core::option::Option<#private::Loaded>),
        Some(sealed) if sealed.attrs.hide_null.is_some() => quote!(#private::LoadedEither),
        Some(_) => quote!(#private::Loaded),
    }
}
