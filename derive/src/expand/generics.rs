//! Lifetimes: models have no other parameters.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use std::collections::HashSet;
use syn::{Generics, Lifetime, Type, parse_quote};

/// The generics with another lifetime in front.
pub(super) fn with_lifetime(generics: &Generics, lifetime: Option<&Lifetime>) -> Generics {
    let mut generics = generics.clone();
    if let Some(lifetime) = lifetime {
        generics.params.insert(0, parse_quote!(#lifetime));
    }
    generics
}

/// The lifetimes that occur in the types, as arguments: `<'a, 'b>`. A hidden struct can't use the
/// others, which only sealed fields had.
pub(super) fn used_in<'a>(types: &[TokenStream], lifetimes: impl Iterator<Item = &'a Lifetime>) -> TokenStream {
    let mut used = HashSet::new();
    for ty in types {
        collect(ty.clone(), &mut used);
    }
    let kept = lifetimes.filter(|lifetime| used.contains(&lifetime.ident.to_string()));
    quote!(<#(#kept),*>)
}

fn collect(stream: TokenStream, used: &mut HashSet<String>) {
    let mut trees = stream.into_iter();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                used.extend(trees.next().map(|name| name.to_string()));
            }
            TokenTree::Group(group) => collect(group.stream(), used),
            _ => {}
        }
    }
}

/// The type with every lifetime `'static`, for constants, which know no lifetime of the struct.
pub(super) fn without_lifetimes(ty: &Type) -> TokenStream {
    with_static(ty.to_token_stream())
}

fn with_static(stream: TokenStream) -> TokenStream {
    let mut out = TokenStream::new();
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                trees.next();
                out.extend(quote!('static));
            }
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                out.extend([TokenTree::Punct(punct)]);
                let is_lifetime =
                    |tree: &TokenTree| matches!(tree, TokenTree::Punct(next) if next.as_char() == '\'');
                if !trees.peek().is_some_and(is_lifetime) {
                    out.extend(quote!('static));
                }
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), with_static(group.stream()));
                inner.set_span(group.span());
                out.extend([TokenTree::Group(inner)]);
            }
            other => out.extend([other]),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_become_static() {
        let with = |ty: Type| without_lifetimes(&ty).to_string();
        assert_eq!(with(parse_quote!(&str)), quote!(&'static str).to_string());
        assert_eq!(with(parse_quote!(&'a [Cow<'b, str>])), quote!(&'static [Cow<'static, str>]).to_string());
        assert_eq!(with(parse_quote!(Option<(&'_ u8, String)>)), quote!(Option<(&'static u8, String)>).to_string());
    }

    #[test]
    fn a_lifetime_is_not_taken_for_one_that_its_name_begins_with() {
        let lifetimes: [Lifetime; 2] = [parse_quote!('a), parse_quote!('ab)];
        let kept = used_in(&[quote!(Vec<(u8, &'ab str)>)], lifetimes.iter());
        assert_eq!(kept.to_string(), quote!(<'ab>).to_string());
    }
}
