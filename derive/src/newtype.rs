//! `#[derive(EncryptValue)]`: a newtype sealed as what it wraps.

use crate::attr::NewtypeAttrs;
use crate::errors::Errors;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, Field, Fields, Path, Result, parse_quote};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let attrs = NewtypeAttrs::parse(&input.attrs, &mut errors);
    let field = only_field(input, &mut errors);
    if let Some(param) = input.generics.params.first() {
        errors.at(param, "a newtype with parameters can't be sealed");
    }
    errors.finish()?;
    let krate = attrs.krate.unwrap_or_else(|| parse_quote!(::fieldseal));
    Ok(field.map(|field| impls(&input.ident, field, &krate)).unwrap_or_default())
}

/// The one field that is sealed.
fn only_field<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Option<&'a Field> {
    const SYNTAX: &str = "`EncryptValue` is for a newtype around one value: `struct Email(String);`";
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(data) => {
            let hint = "an enum is sealed as a field: `#[encrypt(json)] status: Status`";
            errors.at(data.enum_token, format!("{SYNTAX}; {hint}"));
            return None;
        }
        Data::Union(data) => {
            errors.at(data.union_token, SYNTAX);
            return None;
        }
    };
    for field in fields {
        if let Some(attr) = field.attrs.iter().find(|attr| attr.path().is_ident("encrypt")) {
            errors.at(
                attr,
                "a newtype's field takes no `#[encrypt]`: the attributes go where the newtype is a field",
            );
        }
    }
    let mut rest = fields.iter();
    let first = rest.next();
    match (first, rest.next(), fields) {
        (Some(_), None, _) => {}
        (_, Some(second), Fields::Unnamed(_)) => errors.at(second, SYNTAX),
        (_, Some(second), _) => errors.at(second.ident.to_token_stream(), SYNTAX),
        (None, None, _) => errors.at(&input.ident, SYNTAX),
    }
    first
}

fn impls(name: &Ident, field: &Field, krate: &Path) -> TokenStream {
    let ty = &field.ty;
    let [inner, bytes, stored] =
        ["__inner", "__bytes", "__stored"].map(|name| Ident::new(name, Span::mixed_site()));
    let (get, make) = match &field.ident {
        Some(ident) => (quote!(self.#ident), quote!(|#inner| Self { #ident: #inner })),
        None => (quote!(self.0), quote!(Self)),
    };
    quote! {
        #[automatically_derived]
        impl #krate::Value for #name {
            const KIND: #krate::value::Kind = <#ty as #krate::Value>::KIND;

            fn encode(
                &self,
            ) -> ::core::result::Result<#krate::value::Encoded<'_>, &'static ::core::primitive::str> {
                <#ty as #krate::Value>::encode(&#get)
            }

            fn decode(
                #bytes: #krate::__private::Zeroizing<::std::vec::Vec<::core::primitive::u8>>,
            ) -> ::core::result::Result<Self, #krate::value::Malformed> {
                <#ty as #krate::Value>::decode(#bytes).map(#make)
            }

            fn from_plaintext(#stored: #krate::value::StoredValue<'_>) -> ::core::option::Option<Self> {
                <#ty as #krate::Value>::from_plaintext(#stored).map(#make)
            }
        }
    }
}
