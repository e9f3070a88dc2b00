//! The code that the derive writes: what every model has here, one file for each library beside it.

mod diesel;
mod rusqlite;
mod single;

use crate::ast::{Field, Model};
use crate::attr::FieldAttrs;
use crate::errors::Errors;
use crate::valid::{self, logical_name};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DeriveInput, Path, Result, Type, parse_quote};

pub(crate) fn encrypt(input: &DeriveInput) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let model = match Model::parse(input, &mut errors) {
        Ok(model) => model,
        Err(error) => {
            errors.push(error);
            return errors.finish().map(|()| TokenStream::new());
        }
    };
    valid::model(&model, &mut errors);
    errors.finish()?;
    let cx = Context::new(&model);
    let schema = cx.schema();
    let debug = cx.debug();
    let single = single::expand(&cx);
    let diesel = model.diesel.as_ref().map(|table| diesel::expand(&cx, table));
    let rusqlite = model.attrs.rusqlite.as_ref().map(|_| rusqlite::expand(&cx));
    Ok(quote! {
        #[allow(clippy::all, clippy::pedantic, clippy::restriction)]
        const _: () = {
            #schema
            #debug
            #single
            #diesel
            #rusqlite
        };
    })
}

/// What every part of the expansion needs.
struct Context<'a> {
    model: &'a Model<'a>,
    krate: Path,
    private: TokenStream,
}

/// A sealed field with its place among the columns.
struct Sealed<'a> {
    index: usize,
    field: &'a Field<'a>,
    attrs: &'a FieldAttrs,
}

impl<'a> Context<'a> {
    fn new(model: &'a Model<'a>) -> Self {
        let krate = model.attrs.krate.clone().unwrap_or_else(|| parse_quote!(::fieldseal));
        let private = quote!(#krate::__private);
        Self { model, krate, private }
    }

    fn sealed(&self) -> impl Iterator<Item = Sealed<'a>> {
        self.model.sealed().enumerate().map(|(index, (field, attrs))| Sealed { index, field, attrs })
    }

    /// `__COLUMNS`, `__KEYRING` and the `Model` impl.
    fn schema(&self) -> TokenStream {
        let Self { model, krate, private } = self;
        let table = model.attrs.table.as_ref();
        let columns: Vec<_> = self.sealed().map(|sealed| self.column(&sealed)).collect();
        let count = columns.len();
        let keyring = model.attrs.keyring.clone().unwrap_or_else(|| parse_quote!(#krate::Installed));
        let name = &model.input.ident;
        let model_name = name.to_string();
        let sql_table = match model.diesel.as_ref().and_then(|diesel| diesel.table.segments.last()) {
            Some(segment) => segment.ident.unraw().to_string().into_token_stream(),
            None => table.to_token_stream(),
        };
        let row = model.row().map(|field| self.context_column(field, &quote!(AsRowId)));
        let scope = match model.scope() {
            Some(field) => {
                let column = self.context_column(field, &quote!(AsScope));
                quote!(::core::option::Option::Some(#column))
            }
            None => quote!(::core::option::Option::None),
        };
        let (impl_generics, ty_generics, _) = model.input.generics.split_for_impl();
        quote! {
            static __COLUMNS: [#krate::Column; #count] = [#(#columns),*];
            const __KEYRING: #private::FindKeyring = <#keyring as #krate::KeyringSource>::keyring;

            #[automatically_derived]
            impl #impl_generics #krate::Model for #name #ty_generics {
                const SCHEMA: #krate::Schema = #krate::Schema {
                    model: #model_name,
                    table: #table,
                    sql_table: #sql_table,
                    row: &[#(#row),*],
                    scope: #scope,
                    columns: &__COLUMNS,
                };
            }
        }
    }

    fn context_column(&self, field: &Field<'_>, of: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let name = &field.sql_name;
        let ty = without_lifetimes(field.ty);
        let kind = quote_spanned!(field.ty.span()=> <#ty as #krate::#of>::KIND);
        quote!(#krate::ContextColumn { name: #name, kind: #kind })
    }

    /// The `Column` of a sealed field, as a constant expression.
    fn column(&self, sealed: &Sealed<'_>) -> TokenStream {
        let Self { model, krate, private } = self;
        let Sealed { field, attrs, .. } = sealed;
        let table = model.attrs.table.as_ref();
        let name = logical_name(field, attrs);
        let sql_name = &field.sql_name;
        let ty = without_lifetimes(field.ty);
        let kind = match (&attrs.json, field.option()) {
            // `Option<Option<T>>` of a changeset is a column of `Option<T>`.
            (None, Some(inner)) if crate::ast::option_of(inner).is_some() => {
                let inner = without_lifetimes(inner);
                quote_spanned!(field.ty.span()=> <#inner as #private::ModelField>::KIND)
            }
            (None, _) => quote_spanned!(field.ty.span()=> <#ty as #private::ModelField>::KIND),
            (Some(_), inner) => {
                let ty = without_lifetimes(inner.unwrap_or(field.ty));
                quote_spanned!(field.ty.span()=> <#krate::Json<#ty> as #krate::Value>::KIND)
            }
        };
        let suite = attrs.suite.as_ref().map(|suite| {
            let variant = Ident::new(suite.variant, suite.literal.span());
            quote!(.suite(#krate::Suite::#variant))
        });
        let previous = attrs.previous_suite.as_ref().map(|suite| {
            let variant = Ident::new(suite.variant, suite.literal.span());
            quote!(.previous_suite(#krate::Suite::#variant))
        });
        // A deterministic column's values are never bound, but those of its previous suite may be.
        let was_bound =
            previous.is_some() && attrs.suite.as_ref().is_some_and(crate::attr::Suite::is_deterministic);
        let is_unbound = model.attrs.row.is_none() || (attrs.unbound_row.is_some() && !was_bound);
        let unbound = is_unbound.then(|| quote!(.unbound_row()));
        let pad = attrs.pad.as_ref().map(|multiple| quote!(.pad(#multiple)));
        let hide_null = attrs.hide_null.as_ref().map(|_| quote!(.hide_null()));
        let migrating = model.attrs.migrating.as_ref().or(attrs.migrating.as_ref()).map(|_| quote!(.migrating()));
        quote! {
            #krate::Column::new(#table, #name).sql_name(#sql_name).kind(#kind) #suite #previous #unbound #pad #hide_null #migrating
        }
    }

    /// A `Debug` that prints sealed fields redacted.
    fn debug(&self) -> Option<TokenStream> {
        if self.model.attrs.no_debug.is_some() {
            return None;
        }
        let name = &self.model.input.ident;
        let text = name.to_string();
        let fields = self.model.fields.iter().map(|field| {
            let ident = field.ident;
            let label = ident.unraw().to_string();
            match field.sealed {
                Some(_) => quote!(.field(#label, &::core::format_args!("[redacted]"))),
                None => quote!(.field(#label, &self.#ident)),
            }
        });
        let (impl_generics, ty_generics, _) = self.model.input.generics.split_for_impl();
        Some(quote! {
            #[automatically_derived]
            impl #impl_generics ::core::fmt::Debug for #name #ty_generics {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.debug_struct(#text) #(#fields)* .finish()
                }
            }
        })
    }

    /// The row's context, a `Result<RowContext, ContextError>`, from the fields of `owner` (`self`, say) or, without
    /// one, from variables of the fields' names.
    fn row_context(&self, owner: Option<TokenStream>) -> TokenStream {
        let krate = &self.krate;
        let place = |field: &Field<'_>| {
            let ident = field.ident;
            match &owner {
                Some(owner) => quote!(&#owner.#ident),
                None => quote!(&#ident),
            }
        };
        let mut row = quote!(#krate::RowId::UNBOUND);
        for field in self.model.row() {
            let value = place(field);
            row = quote_spanned!(field.ty.span()=> #row.and(#value));
        }
        match self.model.scope() {
            None => quote! {
                ::core::result::Result::<#krate::RowContext, #krate::ContextError>::Ok(#krate::RowContext::of_row(#row))
            },
            Some(field) => {
                let value = place(field);
                let tenant = quote_spanned!(field.ty.span()=> #krate::Scope::tenant(#value));
                quote!(#tenant.map(|scope| #krate::RowContext::of_row(#row).in_scope(scope)))
            }
        }
    }

    /// The expression that seals `value`, a reference to the field or to what is inside its `Option`.
    fn seal(&self, sealed: &Sealed<'_>, value: &TokenStream) -> TokenStream {
        let private = &self.private;
        let index = sealed.index;
        let function = if sealed.attrs.json.is_some() { quote!(seal_json) } else { quote!(seal) };
        quote_spanned!(sealed.field.ty.span()=> #private::#function(#value, &__COLUMNS[#index], &__row, __KEYRING))
    }

    /// The expression that opens `stored`, a `StoredBytes`, as the field's type. `__row` is a `RowContext` there.
    fn open(&self, sealed: &Sealed<'_>, stored: &TokenStream) -> TokenStream {
        let private = &self.private;
        let index = sealed.index;
        let function = match (&sealed.attrs.json, sealed.field.option()) {
            (None, _) => quote!(open),
            (Some(_), None) => quote!(open_json),
            (Some(_), Some(_)) => quote!(open_json_option),
        };
        quote_spanned! {sealed.field.ty.span()=>
            #private::#function(#stored, &__COLUMNS[#index], &__row, __KEYRING)
        }
    }
}

impl Sealed<'_> {
    /// Whether the database sees a NULL for this field's `None`.
    fn shows_null(&self) -> bool {
        self.field.option().is_some() && self.attrs.hide_null.is_none()
    }
}

/// The type with every lifetime `'static`, for constants, which know no lifetime of the struct.
fn without_lifetimes(ty: &Type) -> Type {
    fn tokens(stream: TokenStream) -> TokenStream {
        let mut out = TokenStream::new();
        let mut trees = stream.into_iter().peekable();
        while let Some(tree) = trees.next() {
            match tree {
                proc_macro2::TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                    trees.next();
                    out.extend(quote!('static));
                }
                proc_macro2::TokenTree::Punct(punct) if punct.as_char() == '&' => {
                    out.extend(quote!(&));
                    let has_lifetime =
                        matches!(trees.peek(), Some(proc_macro2::TokenTree::Punct(next)) if next.as_char() == '\'');
                    if !has_lifetime {
                        out.extend(quote!('static));
                    }
                }
                proc_macro2::TokenTree::Group(group) => {
                    let mut inner = proc_macro2::Group::new(group.delimiter(), tokens(group.stream()));
                    inner.set_span(group.span());
                    out.extend(inner.into_token_stream());
                }
                other => out.extend(other.into_token_stream()),
            }
        }
        out
    }
    let stream = tokens(ty.to_token_stream());
    parse_quote!(#stream)
}
