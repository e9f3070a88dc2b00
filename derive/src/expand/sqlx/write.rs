//! `SqlxModel` and `SqlxRow`: the columns' names, and their binds.

use crate::ast::Field;
use crate::expand::generics::with_lifetime;
use crate::expand::{Context, Sealed, local};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Generics, WherePredicate, parse_quote};

pub(super) fn expand(cx: &Context<'_>) -> TokenStream {
    let write = Write::new(cx);
    let (model, row) = (write.model(), write.row());
    quote!(#model #row)
}

struct Write<'a> {
    cx: &'a Context<'a>,
    /// The fields that are columns, in their order.
    columns: Vec<&'a Field<'a>>,
    /// The type parameter that is the database, and the variables of `bind_each`.
    database: Ident,
    to: Ident,
    values: Ident,
}

impl<'a> Write<'a> {
    fn new(cx: &'a Context<'a>) -> Self {
        let columns = cx.model.fields.iter().filter(|field| field.sqlx.skip.is_none()).collect();
        let [database, to, values] = ["Database", "to", "values"].map(local);
        Self { cx, columns, database, to, values }
    }

    fn model(&self) -> TokenStream {
        let Context { model, krate, .. } = self.cx;
        let name = &model.input.ident;
        let names = self.columns.iter().map(|field| &field.sql_name);
        let (impl_generics, ty_generics, wheres) = model.input.generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::sqlx::SqlxModel for #name #ty_generics #wheres {
                const COLUMNS: &'static [&'static ::core::primitive::str] = &[#(#names),*];
            }
        }
    }

    fn row(&self) -> TokenStream {
        let Self { cx, database, to, values, .. } = self;
        let Context { model, krate, private, row } = cx;
        let name = &model.input.ident;
        let [indices, column, binder] = ["columns", "column", "Binder"].map(local);
        let places = || (0..).map(Literal::usize_unsuffixed);
        let binds = self.columns.iter().zip(places()).map(|(field, place)| {
            let bind = self.bind(field);
            quote!(#place => #bind,)
        });
        let seals = self.sealed().map(|(place, sealed)| {
            let value = cx.seal_of_self(&sealed);
            quote!(#place => ::core::option::Option::Some(#value),)
        });
        let context = cx.row_context_of_self();
        let generics = self.generics();
        let (impl_generics, _, wheres) = generics.split_for_impl();
        let (_, ty_generics, _) = model.input.generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::sqlx::SqlxRow<'__query, #database> for #name #ty_generics #wheres {
                fn bind_each<#binder: #krate::sqlx::SqlxBind<'__query, Database = #database>>(
                    &'__query self,
                    #indices: &[::core::primitive::usize],
                    mut #to: #binder,
                ) -> ::core::result::Result<#binder, ::sqlx::Error> {
                    let #row = #context;
                    let mut #values = #private::SealedColumns::<#database>::seal(#indices, |#column| match #column {
                        #(#seals)*
                        _ => ::core::option::Option::None,
                    })?;
                    for #column in #indices {
                        #to = match *#column {
                            #(#binds)*
                            _ => #to,
                        };
                    }
                    ::core::result::Result::Ok(#to)
                }
            }
        }
    }

    /// The sealed ones, with their places among the columns.
    fn sealed(&self) -> impl Iterator<Item = (Literal, Sealed<'a>)> {
        let sealed = self.columns.iter().enumerate().map(|(place, field)| (place, self.cx.sealed_of(field)));
        sealed.filter_map(|(place, sealed)| Some((Literal::usize_unsuffixed(place), sealed?)))
    }

    /// The statement with that column bound to it.
    fn bind(&self, field: &Field<'_>) -> TokenStream {
        let Self { cx, to, values, .. } = self;
        let krate = &cx.krate;
        let value = match field.sealed {
            Some(_) => quote!(#values.take_next()),
            None => plain(field).0,
        };
        quote!(#krate::sqlx::SqlxBind::bind_value(#to, #value))
    }

    /// The model's, with the statement's lifetime and the database, to which every value can be
    /// bound.
    fn generics(&self) -> Generics {
        let Self { cx, database, columns, .. } = self;
        let krate = &cx.krate;
        let mut generics = with_lifetime(&cx.model.input.generics, Some(&parse_quote!('__query)));
        generics.params.push(parse_quote!(#database: #krate::sqlx::SqlxDatabase));
        let plain = columns.iter().filter(|field| field.sealed.is_none()).map(|field| plain(field).1);
        let bound = [quote!(#krate::value::SealedValue)].into_iter().chain(plain).map(|ty| -> WherePredicate {
            parse_quote!(#ty: ::sqlx::Encode<'__query, #database> + ::sqlx::Type<#database>)
        });
        generics.make_where_clause().predicates.extend(bound);
        generics
    }
}

/// What is bound of a field that isn't sealed, and its type as far as the database must know it.
fn plain(field: &Field<'_>) -> (TokenStream, TokenStream) {
    let (ident, ty) = (field.ident, field.ty);
    let span = Span::call_site().located_at(ident.span());
    match (&field.sqlx.json, field.option()) {
        (Some(json), Some(inner)) if json.nullable => (
            quote_spanned!(span=> ::core::option::Option::as_ref(&self.#ident).map(::sqlx::types::Json)),
            quote!(::core::option::Option<::sqlx::types::Json<&'__query #inner>>),
        ),
        (Some(_), _) => {
            (quote_spanned!(span=> ::sqlx::types::Json(&self.#ident)), quote!(::sqlx::types::Json<&'__query #ty>))
        }
        (None, _) => (quote_spanned!(span=> &self.#ident), quote!(#ty)),
    }
}
