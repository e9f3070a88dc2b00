//! diesel: hidden row structs that carry diesel's own derives, and impls for the model that
//! delegate to them. What the hidden structs hold in a sealed column is ciphertext already.

mod read;
mod write;

use super::Context;
use crate::ast::Diesel;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
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

/// A sealed column of another type than bytes is an error of its own. So is one that may be NULL
/// where the field may not, or the other way round, if the model wants its loads checked: without
/// that diesel lets queries say what is NULL.
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
            let nulls = (diesel.checks_loads && cx.model.reads() && sealed.attrs.hide_null.is_none()).then(|| {
                let check = match sealed.shows_null() {
                    true => quote_spanned!(span=> ColumnWithNull),
                    false => quote_spanned!(span=> ColumnWithoutNull),
                };
                let is_null = quote_spanned!(span=> <#sql_type as ::diesel::sql_types::SqlType>::IsNull);
                // All of the type bears the span, which the compiler shows from end to end.
                let private: TokenStream = private.clone().into_iter().map(|tree| spanned(tree, span)).collect();
                quote_spanned!(span=> const _: #private::#check<#is_null> = #private::#check::CHECKED;)
            });
            let holds = match cx.is_base64(&sealed) {
                true => quote_spanned!(span=> holds_text),
                false => quote_spanned!(span=> holds_bytes),
            };
            Some(quote_spanned!(span=> const _: () = #private::#holds::<#sql_type>(); #nulls))
        })
        .collect()
}

fn spanned(mut tree: TokenTree, span: Span) -> TokenTree {
    tree.set_span(span);
    tree
}
