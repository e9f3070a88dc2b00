//! `seal_f`, `seal_f_under_each_key` and `open_f`: one value by itself.

use super::value::Given;
use super::{Context, Part, Sealed};
use crate::ast::{Field, bare, last_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{Type, TypeReference};

pub(super) fn expand(cx: &Context<'_>) -> TokenStream {
    let functions = cx.sealed().map(|sealed| {
        let seal = cx.model.writes().then(|| seal(cx, &sealed));
        let open = cx.model.reads().then(|| open(cx, &sealed));
        quote!(#seal #open)
    });
    let name = &cx.model.input.ident;
    let (impl_generics, ty_generics, wheres) = cx.model.input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(dead_code)]
        impl #impl_generics #name #ty_generics #wheres {
            #(#functions)*
        }
    }
}

fn seal(cx: &Context<'_>, sealed: &Sealed<'_>) -> TokenStream {
    let Context { krate, row, .. } = cx;
    let visibility = cx.model.visibility();
    let function = format_ident!("seal_{}", sealed.field.ident.unraw());
    let column = &sealed.field.sql_name;
    let doc = format!("Seals one value for `{column}` of that row.");
    let value = param("to_seal");
    let (params, context) = place(cx, sealed);
    let ty = match sealed.attrs.json {
        // Only the type itself is known to be written as JSON and read again.
        Some(_) => Borrowed::Other(sealed.field.value_type()),
        None => Borrowed::of(sealed.field.value_type()),
    };
    let (param, target, reference) = (ty.param(), ty.target(), ty.reference(&value));
    let (param, given) = match sealed.field.option() {
        None => (param, Given::One(reference)),
        Some(_) if ty.is_reference() => {
            (quote!(::core::option::Option<#param>), Given::Maybe(quote!(::core::option::Option::as_ref(&#value))))
        }
        Some(_) => (quote!(::core::option::Option<#param>), Given::Maybe(quote!(#value))),
    };
    let sealing = cx.seal_as(sealed, &target, &given);
    let lookup = sealed.is_deterministic().then(|| {
        let function = format_ident!("{function}_under_each_key");
        let doc =
            format!("Seals one value as `{column}` may hold it under each key that opens values, for a lookup.");
        let sealing = cx.seal_under_each_key(sealed, &target, &given);
        quote! {
            #[doc = #doc]
            #visibility fn #function(#(#params,)* #value: #param) -> ::std::vec::Vec<#krate::value::SealedValue> {
                let #row = #context;
                #sealing
            }
        }
    });
    quote! {
        #[doc = #doc]
        #visibility fn #function(#(#params,)* #value: #param) -> #krate::value::SealedValue {
            let #row = #context;
            #sealing
        }

        #lookup
    }
}

fn open(cx: &Context<'_>, sealed: &Sealed<'_>) -> TokenStream {
    let Context { krate, row, .. } = cx;
    let visibility = cx.model.visibility();
    let function = format_ident!("open_{}", sealed.field.ident.unraw());
    let doc = format!("Opens one value of `{}` of that row.", sealed.field.sql_name);
    let value = param("to_open");
    let (params, context) = place(cx, sealed);
    let ty = sealed.field.ty;
    let opening =
        cx.open(sealed, &quote!(#krate::value::StoredBytes::copy_of(::core::convert::Into::into(#value))));
    quote! {
        #[doc = #doc]
        #visibility fn #function<'__stored>(
            #(#params,)*
            #value: impl ::core::convert::Into<#krate::value::StoredValue<'__stored>>,
        ) -> ::core::result::Result<#ty, #krate::Error> {
            let #row = #context?;
            #opening
        }
    }
}

/// The parameters that say which row it is, scope first, and the context made of them.
fn place(cx: &Context<'_>, sealed: &Sealed<'_>) -> (Vec<TokenStream>, TokenStream) {
    let scope = cx.model.scope();
    let row: Vec<_> = cx.model.row().filter(|_| cx.needs_row(sealed)).collect();
    let is_scope = |field: &Field<'_>| scope.is_some_and(|scope| scope.ident == field.ident);
    let params = scope
        .into_iter()
        .chain(row.iter().copied().filter(|field| !is_scope(field)))
        .map(|field| {
            let (name, ty) = (param_of(field), Borrowed::of(field.ty).param());
            quote!(#name: #ty)
        })
        .collect();
    let part = |field: &Field<'_>| {
        let ty = Borrowed::of(field.ty);
        Part { ty: ty.target(), value: ty.reference(&param_of(field)) }
    };
    let row: Vec<_> = row.into_iter().map(part).collect();
    (params, cx.row_context(&row, scope.map(part).as_ref()))
}

/// A parameter's name, which is seen in documentation and can't meet a field's name; see
/// [`super::local`].
fn param(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

fn param_of(field: &Field<'_>) -> Ident {
    param(&format!("for_{}", field.ident.unraw()))
}

/// How a function takes a value: `&str` for a `String`, `&[u8]` for a `Vec<u8>`, a reference as it
/// is, and a reference to anything else.
enum Borrowed<'a> {
    Text,
    Bytes,
    Reference(&'a TypeReference),
    Other(&'a Type),
}

impl<'a> Borrowed<'a> {
    fn of(ty: &'a Type) -> Self {
        let ty = bare(ty);
        match ty {
            Type::Reference(reference) => Self::Reference(reference),
            _ if is_byte_vec(ty) => Self::Bytes,
            _ if last_name(ty).is_some_and(|name| name == "String") => Self::Text,
            _ => Self::Other(ty),
        }
    }

    const fn is_reference(&self) -> bool {
        !matches!(self, Self::Other(_))
    }

    /// The parameter's type.
    fn param(&self) -> TokenStream {
        match self {
            Self::Other(ty) => quote!(&#ty),
            _ => self.target(),
        }
    }

    /// The type that is sealed, or is part of the row id.
    fn target(&self) -> TokenStream {
        match self {
            Self::Text => quote!(&::core::primitive::str),
            Self::Bytes => quote!(&[::core::primitive::u8]),
            Self::Reference(reference) => reference.to_token_stream(),
            Self::Other(ty) => ty.to_token_stream(),
        }
    }

    /// A reference to [`Self::target`], from the parameter.
    fn reference(&self, param: &Ident) -> TokenStream {
        if self.is_reference() { quote!(&#param) } else { quote!(#param) }
    }
}

fn is_byte_vec(ty: &Type) -> bool {
    let text = ty.to_token_stream().to_string().replace(' ', "");
    matches!(text.as_str(), "Vec<u8>" | "std::vec::Vec<u8>" | "::std::vec::Vec<u8>")
}
