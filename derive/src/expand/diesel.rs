//! diesel: hidden row structs that carry diesel's own derives, and impls for the model that delegate to them. What the
//! hidden structs hold in a sealed column is ciphertext already.

use super::generics::{used_in, with_lifetime};
use super::value::Given;
use super::{Context, Part, Sealed, local, local_of};
use crate::ast::{Diesel, Field};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Lifetime, Type, parse_quote, parse_str};

pub(super) fn expand(cx: &Context<'_>, diesel: &Diesel<'_>) -> TokenStream {
    let private = &cx.private;
    let columns = columns(cx, diesel);
    let write = cx.model.writes().then(|| write(cx, diesel));
    let read = cx.model.reads().then(|| read(cx, diesel));
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

fn write(cx: &Context<'_>, diesel: &Diesel<'_>) -> TokenStream {
    let Context { model, .. } = cx;
    let table = &diesel.table;
    let name = &model.input.ident;
    let owned_impls = Write::new(cx, diesel, None).impls();
    // As in diesel: `serialize_as` consumes the field, so there's nothing to insert by reference.
    let consumes = model.plain().any(|field| field.diesel("serialize_as").is_some());
    let borrowed_impls = (!consumes).then(|| Write::new(cx, diesel, Some(parse_quote!('__row))).impls());
    let (impl_generics, ty_generics, wheres) = model.input.generics.split_for_impl();
    quote! {
        #owned_impls
        #borrowed_impls

        #[automatically_derived]
        impl #impl_generics ::diesel::internal::derives::insertable::UndecoratedInsertRecord<#table::table>
            for #name #ty_generics #wheres
        {
        }
    }
}

/// The hidden structs for writing, with owned or borrowed plain fields.
struct Write<'a> {
    cx: &'a Context<'a>,
    diesel: &'a Diesel<'a>,
    /// The lifetime of the borrow; `None` for the owned one.
    borrow: Option<Lifetime>,
}

/// A field of a hidden struct.
struct Hidden {
    ty: TokenStream,
    /// The value, from `self` or from what `seal` made.
    init: TokenStream,
    /// The statement that seals the value.
    seal: Option<TokenStream>,
}

impl<'a> Write<'a> {
    const fn new(cx: &'a Context<'a>, diesel: &'a Diesel<'a>, borrow: Option<Lifetime>) -> Self {
        Self { cx, diesel, borrow }
    }

    fn impls(&self) -> TokenStream {
        let Self { cx, diesel, borrow } = self;
        let Context { model, row, .. } = cx;
        let table = &diesel.table;
        let attrs = &diesel.attrs;
        // As the model's: what the hidden structs have is no more public than what the model has.
        let visibility = model.visibility();
        let name = &model.input.ident;
        let (insert, changeset) = match borrow {
            Some(_) => (quote!(__InsertRef), quote!(__ChangesetRef)),
            None => (quote!(__Insert), quote!(__Changeset)),
        };
        let hidden = |field: &Field<'_>| match cx.sealed().find(|sealed| std::ptr::eq(sealed.field, field)) {
            Some(sealed) => self.sealed(&sealed),
            None => self.plain(field),
        };
        let fields: Vec<_> = model.fields.iter().map(|field| (field, hidden(field))).collect();
        let types: Vec<_> = fields.iter().map(|(_, hidden)| hidden.ty.clone()).collect();
        let generics = with_lifetime(&model.input.generics, borrow.as_ref());
        let hidden = used_in(&types, generics.lifetimes().map(|param| &param.lifetime));
        let (impl_generics, _, wheres) = generics.split_for_impl();
        let (_, ty_generics, _) = model.input.generics.split_for_impl();
        let target = match borrow {
            Some(borrow) => quote!(&#borrow #name #ty_generics),
            None => quote!(#name #ty_generics),
        };
        let struct_fields: Vec<_> = fields
            .iter()
            .map(|(field, Hidden { ty, .. })| {
                let (ident, attrs) = (field.ident, &field.diesel_attrs);
                quote!(#(#attrs)* #ident: #ty)
            })
            .collect();
        let inits: Vec<_> = fields
            .iter()
            .map(|(field, Hidden { init, .. })| {
                let ident = field.ident;
                quote!(#ident: #init)
            })
            .collect();
        // Before the plain fields are moved out of `self`.
        let seals: Vec<_> = fields.iter().filter_map(|(_, hidden)| hidden.seal.as_ref()).collect();
        let context = cx.row_context_of_self();
        quote! {
            #[derive(::diesel::Insertable)]
            #(#attrs)*
            #[allow(dead_code)]
            #visibility struct #insert #hidden { #(#struct_fields),* }

            #[automatically_derived]
            impl #impl_generics ::diesel::Insertable<#table::table> for #target #wheres {
                type Values = <#insert #hidden as ::diesel::Insertable<#table::table>>::Values;

                fn values(self) -> Self::Values {
                    let #row = #context;
                    #(#seals)*
                    ::diesel::Insertable::<#table::table>::values(#insert { #(#inits),* })
                }
            }

            #[derive(::diesel::AsChangeset)]
            #(#attrs)*
            #[allow(dead_code)]
            #visibility struct #changeset #hidden { #(#struct_fields),* }

            #[automatically_derived]
            impl #impl_generics ::diesel::AsChangeset for #target #wheres {
                type Target = <#changeset #hidden as ::diesel::AsChangeset>::Target;
                type Changeset = <#changeset #hidden as ::diesel::AsChangeset>::Changeset;

                fn as_changeset(self) -> Self::Changeset {
                    let #row = #context;
                    #(#seals)*
                    ::diesel::AsChangeset::as_changeset(#changeset { #(#inits),* })
                }
            }
        }
    }

    fn plain(&self, field: &Field<'_>) -> Hidden {
        let private = &self.cx.private;
        let (ident, ty) = (field.ident, field.ty);
        let (ty, init) = match (&self.borrow, field.option()) {
            (None, _) => (quote!(#ty), quote!(self.#ident)),
            // A reference to a reference is more than diesel takes.
            (Some(_), _) if matches!(field.value_type(), Type::Reference(_)) => (quote!(#ty), quote!(self.#ident)),
            (Some(borrow), _) if field.diesel("embed").is_some() => {
                (quote!(#private::Embedded<#borrow, #ty>), quote!(#private::Embedded(&self.#ident)))
            }
            (Some(borrow), Some(inner)) => (
                quote!(::core::option::Option<&#borrow #inner>),
                quote!(::core::option::Option::as_ref(&self.#ident)),
            ),
            (Some(borrow), None) => (quote!(&#borrow #ty), quote!(&self.#ident)),
        };
        Hidden { ty, init, seal: None }
    }

    fn sealed(&self, sealed: &Sealed<'_>) -> Hidden {
        let cx = self.cx;
        let krate = &cx.krate;
        let ident = sealed.field.ident;
        let option = quote!(::core::option::Option);
        let value = local("value");
        let (ty, sealing) = if sealed.shows_null() {
            let given = match sealed.field.is_change() {
                true => Given::Maybe(quote!(#option::as_ref(#value))),
                false => Given::One(quote!(#value)),
            };
            let sealing = cx.seal(sealed, &given);
            (quote!(#option<#krate::SealedValue>), quote!(#option::as_ref(&self.#ident).map(|#value| #sealing)))
        } else {
            let given = match sealed.field.option() {
                Some(_) => Given::Maybe(quote!(#option::as_ref(&self.#ident))),
                None => Given::One(quote!(&self.#ident)),
            };
            (quote!(#krate::SealedValue), cx.seal(sealed, &given))
        };
        let local = local_of(sealed.field);
        Hidden { ty, init: local.to_token_stream(), seal: Some(quote!(let #local = #sealing;)) }
    }
}

fn read(cx: &Context<'_>, diesel: &Diesel<'_>) -> TokenStream {
    let Context { model, private, .. } = cx;
    let attrs = &diesel.attrs;
    let visibility = model.visibility();
    let name = &model.input.ident;
    let types: Vec<_> = model.fields.iter().map(|field| loaded_type(cx, field)).collect();
    let struct_fields = model.fields.iter().zip(&types).map(|(field, ty)| {
        let (name, attrs) = (loaded_name(field), &field.diesel_attrs);
        let is_renamed = field.diesel("embed").is_none() && field.diesel("column_name").is_none();
        let column = is_renamed.then(|| {
            let ident = field.ident;
            quote!(#[diesel(column_name = #ident)])
        });
        quote!(#(#attrs)* #column #name: #ty)
    });
    let hidden = used_in(&types, model.input.generics.lifetimes().map(|param| &param.lifetime));
    // A field from an expression has no column to find by name.
    let is_by_name = !model.fields.iter().any(|field| field.diesel("select_expression").is_some());
    let by_name_derive = is_by_name.then(|| quote!(, ::diesel::QueryableByName));
    let by_name = is_by_name.then(|| by_name(cx, &hidden));
    let open = open_row(cx);
    // diesel takes an error of this type for the absent side of a join. A plain field brings it by itself.
    let required: Vec<_> = cx.sealed().filter(|sealed| !sealed.shows_null()).collect();
    let sql_row = local("sql_row");
    let absent = (model.plain().next().is_none() && !required.is_empty()).then(|| {
        let idents = required.iter().map(|sealed| loaded_name(sealed.field));
        quote! {
            if true #(&& #sql_row.#idents.0.is_null())* {
                return ::core::result::Result::Err(#private::absent());
            }
        }
    });
    let (plain_generics, ty_generics, plain_wheres) = model.input.generics.split_for_impl();
    let mut queryable = model.input.generics.clone();
    queryable.params.push(parse_quote!(__ST));
    queryable.params.push(parse_quote!(__DB: ::diesel::backend::Backend));
    queryable.make_where_clause().predicates.push(parse_quote!(__Row #hidden: ::diesel::Queryable<__ST, __DB>));
    let (queryable_generics, _, queryable_wheres) = queryable.split_for_impl();
    let selectable = for_backend(cx, &quote!(__Row #hidden: ::diesel::Selectable<__DB>));
    let (selectable_generics, _, selectable_wheres) = selectable.split_for_impl();
    quote! {
        #[derive(::diesel::Queryable, ::diesel::Selectable #by_name_derive)]
        #(#attrs)*
        #[allow(dead_code)]
        #visibility struct __Row #hidden { #(#struct_fields),* }

        fn __open #plain_generics (
            #sql_row: __Row #hidden,
        ) -> ::diesel::deserialize::Result<#name #ty_generics> #plain_wheres {
            #absent
            #open
        }

        #[automatically_derived]
        impl #queryable_generics ::diesel::Queryable<__ST, __DB> for #name #ty_generics #queryable_wheres {
            type Row = <__Row #hidden as ::diesel::Queryable<__ST, __DB>>::Row;

            fn build(#sql_row: Self::Row) -> ::diesel::deserialize::Result<Self> {
                <__Row #hidden as ::diesel::Queryable<__ST, __DB>>::build(#sql_row).and_then(__open)
            }
        }

        #[automatically_derived]
        impl #selectable_generics ::diesel::Selectable<__DB> for #name #ty_generics #selectable_wheres {
            type SelectExpression = <__Row #hidden as ::diesel::Selectable<__DB>>::SelectExpression;

            fn construct_selection() -> Self::SelectExpression {
                <__Row #hidden as ::diesel::Selectable<__DB>>::construct_selection()
            }
        }

        #by_name
    }
}

fn by_name(cx: &Context<'_>, hidden: &TokenStream) -> TokenStream {
    let name = &cx.model.input.ident;
    let sql_row = local("sql_row");
    let (_, ty_generics, _) = cx.model.input.generics.split_for_impl();
    let generics = for_backend(cx, &quote!(__Row #hidden: ::diesel::QueryableByName<__DB>));
    let (impl_generics, _, wheres) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics ::diesel::QueryableByName<__DB> for #name #ty_generics #wheres {
            fn build<'__row>(
                #sql_row: &impl ::diesel::row::NamedRow<'__row, __DB>,
            ) -> ::diesel::deserialize::Result<Self> {
                <__Row #hidden as ::diesel::QueryableByName<__DB>>::build(#sql_row).and_then(__open)
            }
        }
    }
}

/// The model's generics with a backend, for which a hidden struct must be able to do something.
fn for_backend(cx: &Context<'_>, bound: &TokenStream) -> syn::Generics {
    let mut generics = cx.model.input.generics.clone();
    generics.params.push(parse_quote!(__DB: ::diesel::backend::Backend));
    generics.make_where_clause().predicates.push(parse_quote!(#bound));
    generics
}

/// A field's name in the hidden struct for loading: diesel's derives make variables of these names.
fn loaded_name(field: &Field<'_>) -> Ident {
    let mut name = local_of(field);
    name.set_span(Span::call_site().located_at(field.ident.span()));
    name
}

/// A field's type in the hidden struct for loading.
fn loaded_type(cx: &Context<'_>, field: &Field<'_>) -> TokenStream {
    let private = &cx.private;
    match cx.sealed().find(|sealed| std::ptr::eq(sealed.field, field)) {
        None => field.ty.to_token_stream(),
        Some(sealed) if sealed.shows_null() => quote!(::core::option::Option<#private::Loaded>),
        Some(sealed) if sealed.attrs.hide_null.is_some() => quote!(#private::LoadedEither),
        Some(_) => quote!(#private::Loaded),
    }
}

/// The hidden row, opened into the model.
fn open_row(cx: &Context<'_>) -> TokenStream {
    let Context { model, krate, private, row } = cx;
    let sql_row = local("sql_row");
    let part = |field: &Field<'_>| {
        let name = loaded_name(field);
        Part::new(field.ty, quote!(&#sql_row.#name))
    };
    let row_parts: Vec<_> = model.row().map(part).collect();
    let context = cx.row_context(&row_parts, model.scope().map(part).as_ref());
    let sealed = cx.sealed().map(|sealed| {
        let (name, local) = (loaded_name(sealed.field), local_of(sealed.field));
        let stored = match sealed.shows_null() {
            true => quote!(#private::stored_or_null(#sql_row.#name)),
            false => quote!(#sql_row.#name.0),
        };
        let opened = cx.open(&sealed, &stored);
        quote!(let #local = #opened?;)
    });
    let fields = model.fields.iter().map(|field| {
        let (ident, name, local) = (field.ident, loaded_name(field), local_of(field));
        match field.sealed {
            Some(_) => quote!(#ident: #local),
            None => quote!(#ident: #sql_row.#name),
        }
    });
    let name = &model.input.ident;
    quote! {
        let #row = #context.map_err(#krate::Error::from)?;
        #(#sealed)*
        ::core::result::Result::Ok(#name { #(#fields),* })
    }
}
