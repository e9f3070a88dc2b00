//! rusqlite: `params()` and `TryFrom<&Row>`.

use super::{Context, Part, local, local_of};
use crate::ast::Field;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

pub(super) fn expand(cx: &Context<'_>, asked: &Ident) -> TokenStream {
    let private = &cx.private;
    let params = cx.model.writes().then(|| params(cx));
    let try_from = cx.model.reads().then(|| try_from(cx));
    let macro_name = quote_spanned!(Span::call_site().located_at(asked.span())=> if_rusqlite!);
    quote!(#private::#macro_name { #params #try_from })
}

fn params(cx: &Context<'_>) -> TokenStream {
    let Context { model, krate, row, .. } = cx;
    let visibility = model.visibility();
    let name = &model.input.ident;
    let count = model.fields.len();
    let context = cx.row_context_of_self();
    let plain = model.plain().map(|field| {
        let ident = field.ident;
        let param = format!(":{}", field.sql_name);
        let value = quote_spanned!(Span::call_site().located_at(ident.span())=> &self.#ident);
        quote!(.plain(#param, #value))
    });
    let sealed = cx.sealed().map(|sealed| {
        let param = format!(":{}", sealed.field.sql_name);
        let value = cx.seal_of_self(&sealed);
        quote!(.sealed(#param, #value))
    });
    let (impl_generics, ty_generics, wheres) = model.input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(dead_code)]
        impl #impl_generics #name #ty_generics #wheres {
            /// The row's values as rusqlite's named parameters, sealed where they must be.
            #visibility fn params(&self) -> #krate::rusqlite::NamedParams<'_> {
                let #row = #context;
                #krate::rusqlite::NamedParams::with_capacity(#count) #(#plain)* #(#sealed)*
            }
        }
    }
}

fn try_from(cx: &Context<'_>) -> TokenStream {
    let Context { model, krate, private, row } = cx;
    let name = &model.input.ident;
    let (sql_row, error) = (local("sql_row"), local("error"));
    let plain = model.plain().map(|field| {
        let (local, column, ty) = (local_of(field), &field.sql_name, field.ty);
        let get = quote_spanned!(Span::call_site().located_at(field.ident.span())=> get);
        quote!(let #local: #ty = #sql_row.#get(#column)?;)
    });
    let part = |field: &Field<'_>| {
        let local = local_of(field);
        Part::new(field.ty, quote!(&#local))
    };
    let row_parts: Vec<_> = model.row().map(part).collect();
    let context = cx.row_context(&row_parts, model.scope().map(part).as_ref());
    let sealed = cx.sealed().map(|sealed| {
        let (local, column) = (local_of(sealed.field), &sealed.field.sql_name);
        let stored = quote!(#krate::value::StoredBytes::copy_of(#private::rusqlite_stored(#sql_row, #column)?));
        let opened = cx.open(&sealed, &stored);
        quote!(let #local = #opened.map_err(#private::rusqlite_error)?;)
    });
    let fields = model.fields.iter().map(|field| {
        let (ident, local) = (field.ident, local_of(field));
        quote!(#ident: #local)
    });
    let (impl_generics, ty_generics, wheres) = model.input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics ::core::convert::TryFrom<&#private::rusqlite::Row<'_>> for #name #ty_generics #wheres {
            type Error = #private::rusqlite::Error;

            fn try_from(
                #sql_row: &#private::rusqlite::Row<'_>,
            ) -> ::core::result::Result<Self, #private::rusqlite::Error> {
                #(#plain)*
                let #row = #context
                    .map_err(|#error| #private::rusqlite_error(::core::convert::From::from(#error)))?;
                #(#sealed)*
                ::core::result::Result::Ok(Self { #(#fields),* })
            }
        }
    }
}
