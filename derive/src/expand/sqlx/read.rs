//! `FromRow`, of a hidden struct that carries sqlx's own derive and is opened whole; and the same
//! of the struct that `query_as!` fills, which the user names.

use crate::ast::Field;
use crate::expand::generics::{used_in, with_lifetime};
use crate::expand::{Context, Part, local, local_of};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Generics, Lifetime, parse_quote};

pub(super) fn expand(cx: &Context<'_>) -> TokenStream {
    let from_row = from_row(cx);
    let try_from = cx.model.attrs.stored.as_ref().map(|stored| try_from(cx, stored));
    quote!(#from_row #try_from)
}

fn from_row(cx: &Context<'_>) -> TokenStream {
    let model = cx.model;
    let types: Vec<_> = model.fields.iter().map(|field| loaded_type(cx, field)).collect();
    let arguments = used_in(&types, model.input.generics.lifetimes().map(|param| &param.lifetime));
    let hidden = quote!(__SqlxRow #arguments);
    let visibility = model.visibility();
    let definition = model.fields.iter().zip(&types).map(|(field, ty)| {
        let (name, attrs, column) = (loaded_name(field), &field.sqlx_attrs, &field.sql_name);
        let is_named = field.sqlx.rename.is_some() || field.sqlx.flatten.is_some() || field.sqlx.skip.is_some();
        let rename = (!is_named).then(|| quote!(#[sqlx(rename = #column)]));
        quote!(#(#attrs)* #rename #name: #ty)
    });

    let sql_row = local("sql_row");
    let loaded = |field: &Field<'_>| {
        let name = loaded_name(field);
        quote!(#sql_row.#name)
    };
    let open = open(cx, &loaded, &loaded);
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
                #open
            }
        }
    }
}

/// The struct for `query_as!`. It stands beside the model, not inside the constant that hides the
/// rest.
pub(in crate::expand) fn stored(cx: &Context<'_>, name: &Ident) -> TokenStream {
    let Context { model, krate, .. } = cx;
    let visibility = model.visibility();
    let of = &model.input.ident;
    let doc = format!("A row of [`{of}`] as it is stored: what `query_as!` fills, and `{of}::try_from` opens.");
    let debug = model.attrs.no_debug.is_none().then(|| quote!(#[derive(::core::fmt::Debug)]));
    let fields = model.fields.iter().filter(|field| field.sqlx.skip.is_none()).map(|field| {
        let (visibility, name, ty) = (field.visibility, field.ident, field.ty);
        match (&field.sealed, &field.sqlx.json, field.option()) {
            (Some(_), _, _) => quote!(#visibility #name: #krate::value::StoredBytes),
            (None, Some(json), Some(inner)) if json.nullable => {
                quote!(#visibility #name: ::core::option::Option<::sqlx::types::Json<#inner>>)
            }
            (None, Some(_), _) => quote!(#visibility #name: ::sqlx::types::Json<#ty>),
            (None, None, _) => quote!(#visibility #name: #ty),
        }
    });
    quote! {
        #[doc = #doc]
        #debug
        #[allow(missing_docs, missing_debug_implementations)]
        #visibility struct #name { #(#fields),* }
    }
}

fn try_from(cx: &Context<'_>, stored: &Ident) -> TokenStream {
    let sql_row = local("sql_row");
    let loaded = |field: &Field<'_>| {
        let ident = field.ident;
        quote!(#sql_row.#ident)
    };
    let plain = |field: &Field<'_>| match (&field.sqlx.skip, &field.sqlx.json, field.option()) {
        (Some(_), _, _) => quote!(::core::default::Default::default()),
        (None, Some(json), Some(_)) if json.nullable => {
            let (value, json) = (loaded(field), local("json"));
            quote!(#value.map(|#json| #json.0))
        }
        (None, Some(_), _) => {
            let value = loaded(field);
            quote!(#value.0)
        }
        (None, None, _) => loaded(field),
    };
    let open = open(cx, &loaded, &plain);
    let name = &cx.model.input.ident;
    quote! {
        #[automatically_derived]
        impl ::core::convert::TryFrom<#stored> for #name {
            type Error = ::sqlx::Error;

            fn try_from(#sql_row: #stored) -> ::core::result::Result<Self, ::sqlx::Error> {
                #open
            }
        }
    }
}

/// The statements that make the model, by where a field is that was loaded, and by the value of one
/// that isn't sealed.
fn open(
    cx: &Context<'_>,
    loaded: &dyn Fn(&Field<'_>) -> TokenStream,
    plain: &dyn Fn(&Field<'_>) -> TokenStream,
) -> TokenStream {
    let Context { model, krate, private, row } = cx;
    let error = local("error");
    let part = |field: &Field<'_>| {
        let value = loaded(field);
        Part::new(field.ty, quote!(&#value))
    };
    let row_parts: Vec<_> = model.row().map(part).collect();
    let context = cx.row_context(&row_parts, model.scope().map(part).as_ref());
    let sealed = cx.sealed().map(|sealed| {
        let (local, column) = (local_of(sealed.field), &sealed.field.sql_name);
        let opened = cx.open(&sealed, &loaded(sealed.field));
        quote!(let #local = #opened.map_err(|#error| #private::sqlx_error(#column, #error))?;)
    });
    let fields = model.fields.iter().map(|field| {
        let ident = field.ident;
        let value = match field.sealed {
            Some(_) => local_of(field).into_token_stream(),
            None => plain(field),
        };
        quote!(#ident: #value)
    });
    // Where an error of the row or the scope is said to be: at the first of their columns.
    let at = model.row().chain(model.scope()).next().map_or_else(String::new, |field| field.sql_name.clone());
    quote! {
        let #row = #context
            .map_err(|#error| #private::sqlx_error(#at, #krate::Error::from(#error)))?;
        #(#sealed)*
        ::core::result::Result::Ok(Self { #(#fields),* })
    }
}

/// The generics with sqlx's row, and the lifetime of what is read from it: the struct's first, as
/// sqlx's derive takes it.
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
        Some(_) => quote!(#krate::value::StoredBytes),
        None => field.ty.to_token_stream(),
    }
}
