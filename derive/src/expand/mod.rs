//! The code that the derive writes: what every model has here, one file for each library beside it.

mod diesel;
mod generics;
mod rusqlite;
mod single;
mod sqlx;
mod value;

use crate::ast::{Field, Model};
use crate::attr::FieldAttrs;
use crate::errors::Errors;
use crate::valid::{self, logical_name};
use generics::without_lifetimes;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
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
    let rusqlite = model.attrs.rusqlite.as_ref().map(|asked| rusqlite::expand(&cx, asked));
    let sqlx = model.attrs.sqlx.as_ref().map(|asked| sqlx::expand(&cx, asked));
    let stored = model.attrs.stored.as_ref().map(|name| sqlx::stored(&cx, name));
    Ok(quote! {
        #stored

        #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
        const _: () = {
            #schema
            #debug
            #single
            #diesel
            #rusqlite
            #sqlx
        };
    })
}

/// What every part of the expansion needs.
struct Context<'a> {
    model: &'a Model<'a>,
    krate: Path,
    private: TokenStream,
    /// The variable that holds the row's context.
    row: Ident,
}

/// A sealed field with its place among the columns.
struct Sealed<'a> {
    index: Literal,
    field: &'a Field<'a>,
    attrs: &'a FieldAttrs,
}

/// The name of a variable that no name of the user's can meet: neither a field's nor, thanks to the
/// prefix, that of a constant or unit struct in scope, as diesel's `dsl` modules bring them.
fn local(name: &str) -> Ident {
    Ident::new(&format!("__fieldseal_{name}"), Span::mixed_site())
}

/// The variable of a field.
fn local_of(field: &Field<'_>) -> Ident {
    local(&format!("field_{}", field.ident.unraw()))
}

impl<'a> Context<'a> {
    fn new(model: &'a Model<'a>) -> Self {
        let krate = model.attrs.krate.clone().unwrap_or_else(|| parse_quote!(::fieldseal));
        let private = quote!(#krate::__private);
        Self { model, krate, private, row: local("row") }
    }

    fn sealed(&self) -> impl Iterator<Item = Sealed<'a>> {
        let sealed = self.model.sealed().enumerate();
        sealed.map(|(index, (field, attrs))| Sealed { index: Literal::usize_unsuffixed(index), field, attrs })
    }

    fn sealed_of(&self, field: &Field<'_>) -> Option<Sealed<'a>> {
        self.sealed().find(|sealed| std::ptr::eq(sealed.field, field))
    }

    /// `__COLUMNS`, `__SCHEMA`, `__KEYRING` and the `Model` impl.
    fn schema(&self) -> TokenStream {
        let Self { model, krate, private, .. } = self;
        let table = model.attrs.table.as_ref();
        let columns: Vec<_> = self.sealed().map(|sealed| self.column(&sealed)).collect();
        let count = columns.len();
        let keyring = model.attrs.keyring.clone().unwrap_or_else(|| parse_quote!(#krate::keyring::Installed));
        let name = &model.input.ident;
        let model_name = name.unraw().to_string();
        let sql_table = match model.diesel.as_ref().and_then(|diesel| diesel.table.segments.last()) {
            Some(segment) => segment.ident.unraw().to_string().into_token_stream(),
            None => table.to_token_stream(),
        };
        let row = model.row().map(|field| self.context_column(field, &quote!(AsRowId)));
        let scope = model.scope().map(|field| self.context_column(field, &quote!(AsScope)));
        let scope = scope.map(|column| quote!(.with_scope(#column)));
        let (impl_generics, ty_generics, wheres) = model.input.generics.split_for_impl();
        quote! {
            static __COLUMNS: [#krate::Column; #count] = [#(#columns),*];
            // Not in the `impl`, whose constants are evaluated only where they're used: a schema
            // that is refused is an error in every program that has the model.
            const __SCHEMA: #krate::Schema = #krate::Schema::new(#table, &__COLUMNS)
                .with_model(#model_name)
                .with_sql_table(#sql_table)
                .with_row(&[#(#row),*])
                #scope;
            const __KEYRING: #private::FindKeyring = <#keyring as #krate::keyring::KeyringSource>::keyring;

            #[automatically_derived]
            impl #impl_generics #krate::Model for #name #ty_generics #wheres {
                const SCHEMA: #krate::Schema = __SCHEMA;
            }
        }
    }

    fn context_column(&self, field: &Field<'_>, of: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let name = &field.sql_name;
        let ty = without_lifetimes(field.ty);
        quote!(#krate::schema::ContextColumn::new(#name, <#ty as #krate::context::#of>::KIND))
    }

    /// The `Column` of a sealed field, as a constant expression.
    fn column(&self, sealed: &Sealed<'_>) -> TokenStream {
        let Self { model, krate, .. } = self;
        let Sealed { field, attrs, .. } = sealed;
        let table = model.attrs.table.as_ref();
        let name = logical_name(field, attrs);
        let sql_name = &field.sql_name;
        let kind = self.kind(sealed);
        let variant = |suite: &crate::attr::Suite| {
            let variant = Ident::new(suite.variant, suite.literal.span());
            quote!(#krate::Suite::#variant)
        };
        let suite = attrs.suite.as_ref().map(variant).map(|suite| quote!(.with_suite(#suite)));
        let previous = attrs.previous_suite.as_ref().map(variant).map(|suite| quote!(.with_previous_suite(#suite)));
        let unbound = (!self.needs_row(sealed)).then(|| quote!(.unbound_row()));
        let multiple = attrs.pad.as_ref().and_then(|pad| pad.base10_parse::<usize>().ok());
        let pad = multiple.map(Literal::usize_unsuffixed).map(|multiple| match attrs.hide_null {
            Some(_) => quote!(.hide_null(#multiple)),
            None => quote!(.pad(#multiple)),
        });
        let migrating = model.attrs.migrating.as_ref().or(attrs.migrating.as_ref()).map(|_| quote!(.migrating()));
        let base64 = self.is_base64(sealed).then(|| quote!(.base64()));
        let size = attrs.size.as_ref().or(model.attrs.size.as_ref());
        let size = size.and_then(|size| size.base10_parse::<u32>().ok()).map(Literal::u32_unsuffixed);
        let size = size.map(|size| quote!(.with_size(#size)));
        quote! {
            #krate::Column::new(#table, #name).with_sql_name(#sql_name).with_kind(#kind)
                #suite #previous #unbound #pad #migrating #base64 #size
        }
    }

    /// Whether the column holds text.
    fn is_base64(&self, sealed: &Sealed<'_>) -> bool {
        self.model.attrs.base64.is_some() || sealed.attrs.base64.is_some()
    }

    /// Whether the row must be known to seal and open that field. A deterministic column's values
    /// are never bound, but those of its previous suite may be.
    fn needs_row(&self, sealed: &Sealed<'_>) -> bool {
        let Sealed { attrs, .. } = sealed;
        let was_bound = sealed.is_deterministic() && attrs.previous_suite.is_some();
        self.model.attrs.row.is_some() && (attrs.unbound_row.is_none() || was_bound)
    }

    /// A `Debug` that prints sealed fields redacted.
    fn debug(&self) -> Option<TokenStream> {
        if self.model.attrs.no_debug.is_some() {
            return None;
        }
        let name = &self.model.input.ident;
        let text = name.unraw().to_string();
        let formatter = local("formatter");
        let fields = self.model.fields.iter().map(|field| {
            let ident = field.ident;
            let label = ident.unraw().to_string();
            match field.sealed {
                Some(_) => quote!(.field(#label, &::core::format_args!("[redacted]"))),
                None => {
                    let value = quote_spanned!(Span::call_site().located_at(ident.span())=> &self.#ident);
                    quote!(.field(#label, #value))
                }
            }
        });
        let (impl_generics, ty_generics, wheres) = self.model.input.generics.split_for_impl();
        Some(quote! {
            #[automatically_derived]
            impl #impl_generics ::core::fmt::Debug for #name #ty_generics #wheres {
                fn fmt(&self, #formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    #formatter.debug_struct(#text) #(#fields)* .finish()
                }
            }
        })
    }

    /// The row's context, a `Result<RowContext, ContextError>`, from the parts of the row id and
    /// the scope.
    fn row_context(&self, row: &[Part], scope: Option<&Part>) -> TokenStream {
        let krate = &self.krate;
        let id = local("id");
        let pushes = row
            .iter()
            .map(|Part { ty, value }| quote!(<#ty as #krate::context::AsRowId>::push_to(#value, &mut #id);));
        let id_of_row = match row {
            [] => quote!(#krate::RowId::UNBOUND),
            _ => quote! {{
                let mut #id = #krate::RowId::UNBOUND;
                #(#pushes)*
                #id
            }},
        };
        let context = quote!(#krate::RowContext::of_row(#id_of_row));
        match scope {
            None => {
                quote!(::core::result::Result::<#krate::RowContext, #krate::context::ContextError>::Ok(#context))
            }
            Some(Part { ty, value }) => {
                let scope = local("scope");
                quote!(<#ty as #krate::context::AsScope>::as_scope(#value).map(|#scope| #context.in_scope(#scope)))
            }
        }
    }

    /// The row's context from the fields of `self`.
    fn row_context_of_self(&self) -> TokenStream {
        let part = |field: &Field<'_>| {
            let ident = field.ident;
            Part::new(field.ty, quote!(&self.#ident))
        };
        let row: Vec<_> = self.model.row().map(part).collect();
        self.row_context(&row, self.model.scope().map(part).as_ref())
    }
}

/// A column of the row id, or the scope: its type and a reference to it.
struct Part {
    ty: TokenStream,
    value: TokenStream,
}

impl Part {
    fn new(ty: &Type, value: TokenStream) -> Self {
        Self { ty: ty.to_token_stream(), value }
    }
}

impl Sealed<'_> {
    /// Whether equal values are equal in the database.
    fn is_deterministic(&self) -> bool {
        self.attrs.suite.as_ref().is_some_and(crate::attr::Suite::is_deterministic)
    }

    /// Whether the database sees a NULL for this field's `None`.
    fn shows_null(&self) -> bool {
        self.field.option().is_some() && (self.attrs.hide_null.is_none() || self.field.is_change())
    }
}
