//! sqlx: `FromRow`, what `query_as!` fills, and the binds of a row.

mod read;
mod write;

use super::Context;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

pub(super) use read::stored;

pub(super) fn expand(cx: &Context<'_>, asked: &Ident) -> TokenStream {
    let private = &cx.private;
    let write = cx.model.writes().then(|| write::expand(cx));
    let read = cx.model.reads().then(|| read::expand(cx));
    let macro_name = quote_spanned!(Span::call_site().located_at(asked.span())=> if_sqlx!);
    quote!(#private::#macro_name { #write #read })
}
