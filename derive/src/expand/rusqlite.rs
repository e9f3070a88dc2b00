//! rusqlite: `params()` and `TryFrom<&Row>`.

use super::{Context, Sealed};
use proc_macro2::TokenStream;
use quote::quote;

pub(super) fn expand(cx: &Context<'_>) -> TokenStream {
    let params = cx.model.writes().then(|| params(cx));
    let try_from = cx.model.reads().then(|| try_from(cx));
    quote!(#params #try_from)
}

fn params(cx: &Context<'_>) -> TokenStream {
    let Context { model, krate, .. } = cx;
    let visibility = model.visibility();
    let name = &model.input.ident;
    let count = model.fields.len();
    let row = cx.row_context(Some(quote!(self)));
    let plain = model.plain().map(|field| {
        let ident = field.ident;
        let param = format!(":{}", field.sql_name);
        quote!(.plain(#param, &self.#ident))
    });
    let sealed = cx.sealed().map(|sealed| {
        let param = format!(":{}", sealed.field.sql_name);
        let value = seal(cx, &sealed);
        quote!(.sealed(#param, #value))
    });
    let (impl_generics, ty_generics, _) = model.input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(dead_code)]
        impl #impl_generics #name #ty_generics {
            /// The row's values as rusqlite's named parameters, sealed where they must be.
            #visibility fn params(&self) -> #krate::NamedParams<'_> {
                let __row = #row;
                #krate::NamedParams::with_capacity(#count) #(#plain)* #(#sealed)*
            }
        }
    }
}

/// A sealed field of `self`, NULL for a visible `None`.
fn seal(cx: &Context<'_>, sealed: &Sealed<'_>) -> TokenStream {
    let ident = sealed.field.ident;
    match (&sealed.attrs.json, sealed.field.option()) {
        (None, _) if sealed.field.option().is_some_and(|inner| crate::ast::option_of(inner).is_some()) => {
            let private = &cx.private;
            let index = sealed.index;
            quote!(#private::seal_option(self.#ident.as_ref(), &__COLUMNS[#index], &__row, __KEYRING))
        }
        (None, _) => cx.seal(sealed, &quote!(&self.#ident)),
        (Some(_), None) => cx.seal(sealed, &quote!(::core::option::Option::Some(&self.#ident))),
        (Some(_), Some(_)) => cx.seal(sealed, &quote!(self.#ident.as_ref())),
    }
}

fn try_from(cx: &Context<'_>) -> TokenStream {
    let Context { model, private, krate } = cx;
    let name = &model.input.ident;
    let plain = model.plain().map(|field| {
        let (ident, column, ty) = (field.ident, &field.sql_name, field.ty);
        quote!(let #ident: #ty = __sql_row.get(#column)?;)
    });
    let row = cx.row_context(None);
    let sealed = cx.sealed().map(|sealed| {
        let (ident, column) = (sealed.field.ident, &sealed.field.sql_name);
        let stored = quote!(#krate::StoredBytes::copy_of(#private::rusqlite_stored(__sql_row, #column)?));
        let opened = cx.open(&sealed, &stored);
        quote!(let #ident = #opened.map_err(#private::rusqlite_error)?;)
    });
    let fields = model.fields.iter().map(|field| field.ident);
    let (impl_generics, ty_generics, _) = model.input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics ::core::convert::TryFrom<&#private::rusqlite::Row<'_>> for #name #ty_generics {
            type Error = #private::rusqlite::Error;

            fn try_from(__sql_row: &#private::rusqlite::Row<'_>) -> ::core::result::Result<Self, Self::Error> {
                #(#plain)*
                let __row = #row.map_err(|error| #private::rusqlite_error(error.into()))?;
                #(#sealed)*
                ::core::result::Result::Ok(Self { #(#fields),* })
            }
        }
    }
}
