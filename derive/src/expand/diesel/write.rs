//! `Insertable` and `AsChangeset`, by value and by reference: of hidden structs whose sealed fields
//! are sealed already.

use crate::ast::{Diesel, Field};
use crate::expand::generics::{used_in, with_lifetime};
use crate::expand::value::Given;
use crate::expand::{Context, Sealed, local, local_of};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Generics, Lifetime, Type, parse_quote};

pub(super) fn expand(cx: &Context<'_>, diesel: &Diesel<'_>) -> TokenStream {
    let table = &diesel.table;
    let name = &cx.model.input.ident;
    let owned = Write::new(cx, diesel, None).impls();
    // As in diesel: `serialize_as` consumes the field, so there's nothing to insert by reference.
    let consumes = cx.model.plain().any(|field| field.diesel("serialize_as").is_some());
    let borrowed = (!consumes).then(|| Write::new(cx, diesel, Some(parse_quote!('__row))).impls());
    let (impl_generics, ty_generics, wheres) = cx.model.input.generics.split_for_impl();
    quote! {
        #owned
        #borrowed

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
    fields: Vec<Hidden<'a>>,
    /// What the impls have: the model's, and the borrow's lifetime.
    generics: Generics,
    /// What the hidden structs have, as arguments.
    arguments: TokenStream,
}

/// A field of a hidden struct.
struct Hidden<'a> {
    field: &'a Field<'a>,
    ty: TokenStream,
    /// The value, from `self` or from what `seal` made.
    init: TokenStream,
    /// The statement that seals the value.
    seal: Option<TokenStream>,
}

impl<'a> Write<'a> {
    fn new(cx: &'a Context<'a>, diesel: &'a Diesel<'a>, borrow: Option<Lifetime>) -> Self {
        let fields: Vec<_> = cx.model.fields.iter().map(|field| Hidden::new(cx, field, borrow.as_ref())).collect();
        let types: Vec<_> = fields.iter().map(|hidden| hidden.ty.clone()).collect();
        let generics = with_lifetime(&cx.model.input.generics, borrow.as_ref());
        let arguments = used_in(&types, generics.lifetimes().map(|param| &param.lifetime));
        Self { cx, diesel, borrow, fields, generics, arguments }
    }

    fn impls(&self) -> TokenStream {
        let insertable = self.insertable();
        let changeset = self.changeset();
        quote!(#insertable #changeset)
    }

    fn insertable(&self) -> TokenStream {
        let Self { arguments, .. } = self;
        let table = &self.diesel.table;
        let hidden = match self.borrow {
            Some(_) => quote!(__InsertRef),
            None => quote!(__Insert),
        };
        let definition = self.definition(&quote!(Insertable), &hidden);
        let (target, seals, inits) = (self.target(), self.seals(), self.inits());
        let (impl_generics, _, wheres) = self.generics.split_for_impl();
        quote! {
            #definition

            #[automatically_derived]
            impl #impl_generics ::diesel::Insertable<#table::table> for #target #wheres {
                type Values = <#hidden #arguments as ::diesel::Insertable<#table::table>>::Values;

                fn values(self) -> Self::Values {
                    #seals
                    ::diesel::Insertable::<#table::table>::values(#hidden { #inits })
                }
            }
        }
    }

    fn changeset(&self) -> TokenStream {
        let Self { arguments, .. } = self;
        let hidden = match self.borrow {
            Some(_) => quote!(__ChangesetRef),
            None => quote!(__Changeset),
        };
        let definition = self.definition(&quote!(AsChangeset), &hidden);
        let (target, seals, inits) = (self.target(), self.seals(), self.inits());
        let (impl_generics, _, wheres) = self.generics.split_for_impl();
        quote! {
            #definition

            #[automatically_derived]
            impl #impl_generics ::diesel::AsChangeset for #target #wheres {
                type Target = <#hidden #arguments as ::diesel::AsChangeset>::Target;
                type Changeset = <#hidden #arguments as ::diesel::AsChangeset>::Changeset;

                fn as_changeset(self) -> Self::Changeset {
                    #seals
                    ::diesel::AsChangeset::as_changeset(#hidden { #inits })
                }
            }
        }
    }

    /// A hidden struct, with the derive of that name. Its visibility is the model's: what it has is
    /// no more public than what the model has.
    fn definition(&self, derive: &TokenStream, hidden: &TokenStream) -> TokenStream {
        let Self { arguments, .. } = self;
        let attrs = &self.diesel.attrs;
        let visibility = self.cx.model.visibility();
        let fields = self.fields.iter().map(|Hidden { field, ty, .. }| {
            let (ident, attrs) = (field.ident, &field.diesel_attrs);
            quote!(#(#attrs)* #ident: #ty)
        });
        quote! {
            #[derive(::diesel::#derive)]
            #(#attrs)*
            #[allow(dead_code)]
            #visibility struct #hidden #arguments { #(#fields),* }
        }
    }

    /// The type that the impls are for.
    fn target(&self) -> TokenStream {
        let name = &self.cx.model.input.ident;
        let (_, ty_generics, _) = self.cx.model.input.generics.split_for_impl();
        match &self.borrow {
            Some(borrow) => quote!(&#borrow #name #ty_generics),
            None => quote!(#name #ty_generics),
        }
    }

    /// The statements that seal, which come before the plain fields are moved out of `self`.
    fn seals(&self) -> TokenStream {
        let row = &self.cx.row;
        let context = self.cx.row_context_of_self();
        let seals = self.fields.iter().filter_map(|hidden| hidden.seal.as_ref());
        quote!(let #row = #context; #(#seals)*)
    }

    /// The fields of a hidden struct, with their values.
    fn inits(&self) -> TokenStream {
        let inits = self.fields.iter().map(|Hidden { field, init, .. }| {
            let ident = field.ident;
            quote!(#ident: #init)
        });
        quote!(#(#inits),*)
    }
}

impl<'a> Hidden<'a> {
    fn new(cx: &Context<'_>, field: &'a Field<'a>, borrow: Option<&Lifetime>) -> Self {
        match cx.sealed_of(field) {
            Some(sealed) => Self::sealed(cx, field, &sealed),
            None => Self::plain(cx, field, borrow),
        }
    }

    fn plain(cx: &Context<'_>, field: &'a Field<'a>, borrow: Option<&Lifetime>) -> Self {
        let private = &cx.private;
        let (ident, ty) = (field.ident, field.ty);
        let (ty, init) = match (borrow, field.option()) {
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
        Self { field, ty, init, seal: None }
    }

    fn sealed(cx: &Context<'_>, field: &'a Field<'a>, sealed: &Sealed<'_>) -> Self {
        let krate = &cx.krate;
        let ident = field.ident;
        let option = quote!(::core::option::Option);
        let value = local("value");
        let (ty, sealing) = if sealed.shows_null() {
            let given = match field.is_change() {
                true => Given::Maybe(quote!(#option::as_ref(#value))),
                false => Given::One(quote!(#value)),
            };
            let sealing = cx.seal(sealed, &given);
            (
                quote!(#option<#krate::value::SealedValue>),
                quote!(#option::as_ref(&self.#ident).map(|#value| #sealing)),
            )
        } else {
            let given = match field.option() {
                Some(_) => Given::Maybe(quote!(#option::as_ref(&self.#ident))),
                None => Given::One(quote!(&self.#ident)),
            };
            (quote!(#krate::value::SealedValue), cx.seal(sealed, &given))
        };
        let local = local_of(field);
        Self { field, ty, init: local.to_token_stream(), seal: Some(quote!(let #local = #sealing;)) }
    }
}
