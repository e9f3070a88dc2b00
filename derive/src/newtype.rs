//! `#[derive(EncryptValue)]`: a newtype sealed as what it wraps.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Result};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    const SYNTAX: &str = "`EncryptValue` is for a newtype around one value: `struct Email(String);`";
    let field = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.first(),
            Fields::Named(fields) if fields.named.len() == 1 => fields.named.first(),
            _ => None,
        },
        _ => None,
    };
    let field = field.ok_or_else(|| Error::new_spanned(&input.ident, SYNTAX))?;
    if let Some(param) = input.generics.params.first() {
        return Err(Error::new_spanned(param, "a newtype with parameters can't be sealed"));
    }
    let name = &input.ident;
    let ty = &field.ty;
    let (get, make) = match &field.ident {
        Some(ident) => (quote!(self.#ident), quote!(|inner| Self { #ident: inner })),
        None => (quote!(self.0), quote!(Self)),
    };
    Ok(quote! {
        #[automatically_derived]
        impl ::fieldseal::Value for #name {
            const KIND: &'static str = <#ty as ::fieldseal::Value>::KIND;

            fn encode(&self) -> ::core::result::Result<::fieldseal::Encoded<'_>, &'static str> {
                ::fieldseal::Value::encode(&#get)
            }

            fn decode(
                bytes: ::fieldseal::__private::Zeroizing<::std::vec::Vec<u8>>,
            ) -> ::core::result::Result<Self, ::fieldseal::Malformed> {
                <#ty as ::fieldseal::Value>::decode(bytes).map(#make)
            }

            fn from_plaintext(stored: ::fieldseal::StoredValue<'_>) -> ::core::option::Option<Self> {
                <#ty as ::fieldseal::Value>::from_plaintext(stored).map(#make)
            }
        }
    })
}
