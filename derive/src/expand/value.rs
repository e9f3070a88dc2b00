//! One sealed field's value: its kind, sealing it, opening it.
//!
//! All three go through the same trait and bear the span of the field's type, so that a type that
//! can't be sealed is one error of the compiler's, at the type, however often the code uses it.

use super::generics::without_lifetimes;
use super::{Context, Sealed, local};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Type;

/// A reference to what is to be sealed.
pub(super) enum Given {
    /// A `&T`.
    One(TokenStream),
    /// An `Option<&T>`.
    Maybe(TokenStream),
}

impl Context<'_> {
    pub(super) fn kind(&self, sealed: &Sealed<'_>) -> TokenStream {
        let ty = without_lifetimes(sealed.field.value_type());
        let sealing = self.sealing(sealed, &ty);
        quote!(<#sealing>::KIND)
    }

    /// The expression that seals a value of the field's type. `self.row` is a
    /// `Result<RowContext, ContextError>` there.
    pub(super) fn seal(&self, sealed: &Sealed<'_>, value: &Given) -> TokenStream {
        self.seal_as(sealed, &sealed.field.value_type().to_token_stream(), value)
    }

    /// The expression that seals a field of `self`; NULL for a visible `None`.
    pub(super) fn seal_of_self(&self, sealed: &Sealed<'_>) -> TokenStream {
        let ident = sealed.field.ident;
        let given = match (sealed.field.option(), sealed.field.is_change()) {
            (None, _) => Given::One(quote!(&self.#ident)),
            (Some(_), false) => Given::Maybe(quote!(::core::option::Option::as_ref(&self.#ident))),
            (Some(_), true) => {
                let change = quote!(::core::option::Option::as_ref(&self.#ident));
                Given::Maybe(quote!(#change.and_then(::core::option::Option::as_ref)))
            }
        };
        self.seal(sealed, &given)
    }

    /// The expression that seals a value of another type, which is encoded as the field's is.
    pub(super) fn seal_as(&self, sealed: &Sealed<'_>, ty: &TokenStream, value: &Given) -> TokenStream {
        self.seal_by(&quote!(in_place), sealed, ty, value)
    }

    /// As [`Self::seal_as`], a `Vec` of one value for each key.
    pub(super) fn seal_under_each_key(&self, sealed: &Sealed<'_>, ty: &TokenStream, value: &Given) -> TokenStream {
        self.seal_by(&quote!(in_place_under_each_key), sealed, ty, value)
    }

    fn seal_by(&self, way: &TokenStream, sealed: &Sealed<'_>, ty: &TokenStream, value: &Given) -> TokenStream {
        let Self { private, row, .. } = self;
        let index = &sealed.index;
        let sealing = self.sealing(sealed, ty);
        let place = local("place");
        let call = match value {
            Given::One(value) => quote!(<#sealing>::seal(#value, #place)),
            Given::Maybe(value) => quote!(<#sealing>::seal_option(#value, #place)),
        };
        quote!(#private::#way(&__COLUMNS[#index], &#row, __KEYRING, |#place| #call))
    }

    /// The expression that opens `stored`, a `StoredBytes`, as a `Result` of the field's type.
    /// `self.row` is a `RowContext` there.
    pub(super) fn open(&self, sealed: &Sealed<'_>, stored: &TokenStream) -> TokenStream {
        let Self { private, row, .. } = self;
        let index = &sealed.index;
        let ty = sealed.field.value_type();
        let sealing = self.sealing(sealed, &ty.to_token_stream());
        let open = match sealed.field.option() {
            None => quote!(open),
            Some(_) => quote!(open_option),
        };
        let place = quote!(#private::Place { column: &__COLUMNS[#index], row: &#row, keyring: __KEYRING, under: ::core::option::Option::None });
        quote!(<#sealing>::#open(#stored, #place))
    }

    /// The impl for that type, as it stands in `<…>`. It bears the span of the field's type, which
    /// the compiler takes from the part before `as`.
    fn sealing(&self, sealed: &Sealed<'_>, ty: &TokenStream) -> TokenStream {
        let private = &self.private;
        let encoding = match sealed.attrs.json {
            Some(_) => quote!(#private::AsJson),
            None => quote!(#private::AsValue),
        };
        let encoding = spanned_as(sealed.field.value_type(), encoding);
        quote!(#encoding as #private::Sealing<#ty>)
    }
}

/// The tokens with the span of the type, which on a stable compiler is known only at its ends.
fn spanned_as(ty: &Type, tokens: TokenStream) -> TokenStream {
    let mut spans = ty.to_token_stream().into_iter().map(|tree| tree.span());
    let Some(first) = spans.next() else { return tokens };
    let last = spans.last().unwrap_or(first);
    let mut tokens: Vec<_> = tokens.into_iter().collect();
    for tree in &mut tokens {
        tree.set_span(first);
    }
    if let Some(tree) = tokens.last_mut() {
        tree.set_span(last);
    }
    tokens.into_iter().collect()
}
