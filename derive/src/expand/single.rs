//! `seal_f` and `open_f`: one value by itself.

use super::{Context, Sealed};
use crate::ast::last_name;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;
use syn::ext::IdentExt;

pub(super) fn expand(cx: &Context<'_>) -> TokenStream {
    let functions = cx.sealed().map(|sealed| {
        let seal = cx.model.writes().then(|| seal(cx, &sealed));
        let open = cx.model.reads().then(|| open(cx, &sealed));
        quote!(#seal #open)
    });
    let name = &cx.model.input.ident;
    let (impl_generics, ty_generics, _) = cx.model.input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(dead_code)]
        impl #impl_generics #name #ty_generics {
            #(#functions)*
        }
    }
}

fn seal(cx: &Context<'_>, sealed: &Sealed<'_>) -> TokenStream {
    let krate = &cx.krate;
    let visibility = cx.model.visibility();
    let function = format_ident!("seal_{}", sealed.field.ident.unraw());
    let doc = format!("Seals one value for `{}` of that row.", sealed.field.sql_name);
    let (params, row) = place(cx, sealed);
    let option = sealed.field.option();
    let ty = borrowed(option.unwrap_or(sealed.field.ty));
    let (ty, value) = match (option, &sealed.attrs.json) {
        (None, None) => (quote!(#ty), quote!(&value)),
        (Some(_), None) => (quote!(::core::option::Option<#ty>), quote!(&value)),
        (None, Some(_)) => (quote!(#ty), quote!(::core::option::Option::Some(value))),
        (Some(_), Some(_)) => (quote!(::core::option::Option<#ty>), quote!(value)),
    };
    // A borrowed value of a type that isn't borrowed itself is passed as it is.
    let is_slice = borrows_itself(option.unwrap_or(sealed.field.ty));
    let sealing = match (option, &sealed.attrs.json, is_slice) {
        (None, None, false) => cx.seal(sealed, &quote!(value)),
        (Some(_), None, false) => {
            let private = &cx.private;
            let index = sealed.index;
            quote!(#private::seal_option(value, &__COLUMNS[#index], &__row, __KEYRING))
        }
        _ => cx.seal(sealed, &value),
    };
    quote! {
        #[doc = #doc]
        #visibility fn #function(#(#params,)* value: #ty) -> #krate::SealedValue {
            let __row = #row;
            #sealing
        }
    }
}

fn open(cx: &Context<'_>, sealed: &Sealed<'_>) -> TokenStream {
    let krate = &cx.krate;
    let visibility = cx.model.visibility();
    let function = format_ident!("open_{}", sealed.field.ident.unraw());
    let doc = format!("Opens one value of `{}` of that row.", sealed.field.sql_name);
    let (params, row) = place(cx, sealed);
    let ty = sealed.field.ty;
    let opening = cx.open(sealed, &quote!(#krate::StoredBytes::copy_of(stored.into())));
    quote! {
        #[doc = #doc]
        #visibility fn #function<'__stored>(
            #(#params,)*
            stored: impl ::core::convert::Into<#krate::StoredValue<'__stored>>,
        ) -> ::core::result::Result<#ty, #krate::Error> {
            let __row = #row?;
            #opening
        }
    }
}

/// The parameters that say which row it is, and the context made of them.
fn place<'a>(cx: &Context<'a>, sealed: &Sealed<'_>) -> (Vec<TokenStream>, TokenStream) {
    let krate = &cx.krate;
    let deterministic = sealed.attrs.suite.as_ref().is_some_and(crate::attr::Suite::is_deterministic);
    let was_bound = deterministic && sealed.attrs.previous_suite.is_some();
    let needs_row = cx.model.attrs.row.is_some() && (sealed.attrs.unbound_row.is_none() || was_bound);
    let scope = cx.model.scope();
    let mut fields: Vec<_> = scope.into_iter().collect();
    if needs_row {
        fields.extend(cx.model.row().filter(|field| scope.is_none_or(|scope| scope.ident != field.ident)));
    }
    let params = fields
        .iter()
        .map(|field| {
            let (ident, ty) = (field.ident, borrowed(field.ty));
            quote!(#ident: #ty)
        })
        .collect();
    let row = match (needs_row, scope) {
        (true, _) => cx.row_context(None),
        (false, None) => quote! {
            ::core::result::Result::<#krate::RowContext, #krate::ContextError>::Ok(#krate::RowContext::default())
        },
        (false, Some(scope)) => {
            let ident = scope.ident;
            quote!(#krate::Scope::tenant(&#ident).map(|scope| #krate::RowContext::default().in_scope(scope)))
        }
    };
    (params, row)
}

/// How a function takes a value of that type: `&str` for `String`, `&[u8]` for `Vec<u8>`, else a reference.
fn borrowed(ty: &Type) -> TokenStream {
    if matches!(ty, Type::Reference(_)) {
        return quote!(#ty);
    }
    match last_name(ty).map(ToString::to_string).as_deref() {
        Some("String") => quote!(&::core::primitive::str),
        _ if is_byte_vec(ty) => quote!(&[::core::primitive::u8]),
        _ => quote!(&#ty),
    }
}

/// Whether [`borrowed`] gives a type that is sealed as it is.
fn borrows_itself(ty: &Type) -> bool {
    matches!(ty, Type::Reference(_)) || last_name(ty).is_some_and(|name| name == "String") || is_byte_vec(ty)
}

fn is_byte_vec(ty: &Type) -> bool {
    let text = quote!(#ty).to_string().replace(' ', "");
    matches!(text.as_str(), "Vec<u8>" | "std::vec::Vec<u8>" | "::std::vec::Vec<u8>")
}
