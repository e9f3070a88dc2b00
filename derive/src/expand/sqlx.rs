//! sqlx: `FromRow` of a hidden struct that carries sqlx's own derive, opened whole; and the binds of a row.

use super::generics::{used_in, with_lifetime};
use super::{Context, Part, local, local_of};
use crate::ast::Field;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Generics, Lifetime, parse_quote};

pub(super) fn expand(cx: &Context<'_>, asked: &Ident) -> TokenStream {
    let private = &cx.private;
    let write = cx.model.writes().then(|| write(cx));
    let read = cx.model.reads().then(|| read(cx));
    let macro_name = quote_spanned!(Span::call_site().located_at(asked.span())=> if_sqlx!);
    quote!(#private::#macro_name { #write #read })
}

fn read(cx: &Context<'_>) -> TokenStream {
    let Context { model, krate, private, row } = cx;
    let types: Vec<_> = model.fields.iter().map(|field| loaded_type(cx, field)).collect();
    let arguments = used_in(&types, model.input.generics.lifetimes().map(|param| &param.lifetime));
    let hidden = quote!(__SqlxRow #arguments);
    let visibility = model.visibility();
    let definition = model.fields.iter().zip(&types).map(|(field, ty)| {
        let (name, attrs, column) = (loaded_name(field), &field.sqlx_attrs, &field.sql_name);
        let is_column = ["rename", "flatten", "skip"].iter().all(|attr| field.sqlx(attr).is_none());
        let rename = is_column.then(|| quote!(#[sqlx(rename = #column)]));
        quote!(#(#attrs)* #rename #name: #ty)
    });

    let sql_row = local("sql_row");
    let error = local("error");
    let part = |field: &Field<'_>| {
        let name = loaded_name(field);
        Part::new(field.ty, quote!(&#sql_row.#name))
    };
    let row_parts: Vec<_> = model.row().map(part).collect();
    let context = cx.row_context(&row_parts, model.scope().map(part).as_ref());
    let sealed = cx.sealed().map(|sealed| {
        let (name, local, column) = (loaded_name(sealed.field), local_of(sealed.field), &sealed.field.sql_name);
        let opened = cx.open(&sealed, &quote!(#sql_row.#name));
        quote!(let #local = #opened.map_err(|#error| #private::sqlx_error(#column, #error))?;)
    });
    let fields = model.fields.iter().map(|field| {
        let (ident, name, local) = (field.ident, loaded_name(field), local_of(field));
        match field.sealed {
            Some(_) => quote!(#ident: #local),
            None => quote!(#ident: #sql_row.#name),
        }
    });
    // Where an error of the row or the scope is said to be: at the first of their columns.
    let at = model.row().chain(model.scope()).next().map_or_else(String::new, |field| field.sql_name.clone());

    let name = &model.input.ident;
    let (_, ty_generics, _) = model.input.generics.split_for_impl();
    let (lifetime, generics) = with_row(&model.input.generics, &hidden);
    let (impl_generics, _, wheres) = generics.split_for_impl();
    quote! {
        #[derive(::sqlx::FromRow)]
        #[allow(dead_code)]
        #visibility struct #hidden { #(#definition),* }

        #[automatically_derived]
        impl #impl_generics ::sqlx::FromRow<#lifetime, __R> for #name #ty_generics #wheres {
            fn from_row(#sql_row: &#lifetime __R) -> ::core::result::Result<Self, ::sqlx::Error> {
                let #sql_row = <#hidden as ::sqlx::FromRow<#lifetime, __R>>::from_row(#sql_row)?;
                let #row = #context
                    .map_err(|#error| #private::sqlx_error(#at, #krate::Error::from(#error)))?;
                #(#sealed)*
                ::core::result::Result::Ok(Self { #(#fields),* })
            }
        }
    }
}

/// The generics with sqlx's row, and the lifetime of what is read from it: the struct's first, as sqlx's derive takes it.
fn with_row(generics: &Generics, hidden: &TokenStream) -> (Lifetime, Generics) {
    let first = generics.lifetimes().next().map(|param| param.lifetime.clone());
    let own: Lifetime = parse_quote!('__row);
    let mut with = with_lifetime(generics, first.is_none().then_some(&own));
    let lifetime = first.unwrap_or(own);
    with.params.push(parse_quote!(__R: ::sqlx::Row));
    with.make_where_clause().predicates.push(parse_quote!(#hidden: ::sqlx::FromRow<#lifetime, __R>));
    (lifetime, with)
}

/// A field's name in the hidden struct: sqlx's derive makes a variable of it.
fn loaded_name(field: &Field<'_>) -> Ident {
    let mut name = local_of(field);
    name.set_span(Span::call_site().located_at(field.ident.span()));
    name
}

fn loaded_type(cx: &Context<'_>, field: &Field<'_>) -> TokenStream {
    let krate = &cx.krate;
    match field.sealed {
        Some(_) => quote!(#krate::StoredBytes),
        None => field.ty.to_token_stream(),
    }
}

fn write(cx: &Context<'_>) -> TokenStream {
    let Context { model, krate, private, row } = cx;
    let name = &model.input.ident;
    let columns: Vec<_> = model.fields.iter().filter(|field| field.sqlx("skip").is_none()).collect();
    let names = columns.iter().map(|field| &field.sql_name);
    let [indices, to, column, values, database, binder] =
        ["columns", "to", "column", "values", "Database", "Binder"].map(local);
    let (mut seals, mut binds, mut bounds) = (Vec::new(), Vec::new(), Vec::new());
    for (place, field) in columns.iter().enumerate() {
        let place = Literal::usize_unsuffixed(place);
        match cx.sealed_of(field) {
            Some(sealed) => {
                let value = cx.seal_of_self(&sealed);
                seals.push(quote!(#place => ::core::option::Option::Some(#value),));
                binds.push(quote!(#place => #krate::SqlxBind::bind_value(#to, #values.next()),));
            }
            None => {
                let (ident, ty) = (field.ident, field.ty);
                let span = Span::call_site().located_at(ident.span());
                let (value, ty) = match field.sqlx("json") {
                    Some(_) => (
                        quote_spanned!(span=> ::sqlx::types::Json(&self.#ident)),
                        quote!(::sqlx::types::Json<&'__query #ty>),
                    ),
                    None => (quote_spanned!(span=> &self.#ident), quote!(#ty)),
                };
                binds.push(quote!(#place => #krate::SqlxBind::bind_value(#to, #value),));
                bounds.push(quote!(#ty: ::sqlx::Encode<'__query, #database> + ::sqlx::Type<#database>));
            }
        }
    }
    let context = cx.row_context_of_self();
    let (model_generics, ty_generics, model_wheres) = model.input.generics.split_for_impl();
    let mut generics = with_lifetime(&model.input.generics, Some(&parse_quote!('__query)));
    generics.params.push(parse_quote!(#database: #krate::SqlxDatabase));
    let predicates = &mut generics.make_where_clause().predicates;
    let sealed = quote!(#krate::SealedValue);
    predicates.push(parse_quote!(#sealed: ::sqlx::Encode<'__query, #database> + ::sqlx::Type<#database>));
    predicates.extend(bounds.into_iter().map(|bound| -> syn::WherePredicate { parse_quote!(#bound) }));
    let (impl_generics, _, wheres) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #model_generics #krate::SqlxModel for #name #ty_generics #model_wheres {
            const COLUMNS: &'static [&'static ::core::primitive::str] = &[#(#names),*];
        }

        #[automatically_derived]
        impl #impl_generics #krate::SqlxRow<'__query, #database> for #name #ty_generics #wheres {
            fn bind_each<#binder: #krate::SqlxBind<'__query, Database = #database>>(
                &'__query self,
                #indices: &[::core::primitive::usize],
                mut #to: #binder,
            ) -> ::core::result::Result<#binder, ::sqlx::Error> {
                let #row = #context;
                let mut #values = #private::SealedColumns::<#database>::seal(#indices, |#column| match #column {
                    #(#seals)*
                    _ => ::core::option::Option::None,
                })?;
                for #column in #indices {
                    #to = match *#column {
                        #(#binds)*
                        _ => #to,
                    };
                }
                ::core::result::Result::Ok(#to)
            }
        }
    }
}
