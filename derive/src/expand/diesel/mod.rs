//! diesel: hidden row structs that carry diesel's own derives, and impls for the model that delegate to them. What the
//! hidden structs hold in a sealed column is ciphertext already.

mod read;
mod write;

use super::Context;
use crate::ast::Diesel;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse_str;
use syn::spanned::Spanned;

pub(super) fn expand(cx: &Context<'_>, diesel: &Diesel<'_>) -> TokenStream {
    let private = &cx.private;
    let columns = columns(cx, diesel);
    let write = cx.model.writes().then(|| write::expand(cx, diesel));
    let read = cx.model.reads().then(|| read::expand(cx, diesel));
    let macro_name = quote_spanned!(Span::call_site().located_at(diesel.table.span())=> if_diesel!);
    quote!(#private::#macro_name { #columns #write #read })
}

/// A sealed column of another type than bytes is an error of its own.
fn columns(cx: &Context<'_>, diesel: &Diesel<'_>) -> TokenStream {
    let private = &cx.private;
    let table = &diesel.table;
    cx.sealed()
        .filter_map(|sealed| {
            let field = sealed.field;
            let name = &field.diesel_column;
            let span = Span::call_site().located_at(field.ident.span());
            // diesel's own derives report a name that can't be one.
            let mut column: Ident = parse_str(name).or_else(|_| parse_str(&format!("r#{name}"))).ok()?;
            column.set_span(field.ident.span());
            let sql_type = quote_spanned!(span=> <#table::#column as ::diesel::Expression>::SqlType);
            Some(quote_spanned!(span=> const _: () = #private::holds_bytes::<#sql_type>();))
        })
        .collect()
}
