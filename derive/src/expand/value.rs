//! One sealed field's value: its kind, sealing it, opening it.
//!
//! All three go through the same trait and name the field's type, so that a type that can't be sealed is one error of the
//! compiler's, at the type, however often the code uses it.

use super::generics::without_lifetimes;
use super::{Context, Sealed, local};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

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
        let field = self.field_trait(sealed);
        quote!(<#ty as #field>::KIND)
    }

    /// The expression that seals a value of the field's type. `self.row` is a `Result<RowContext, ContextError>` there.
    pub(super) fn seal(&self, sealed: &Sealed<'_>, value: &Given) -> TokenStream {
        self.seal_as(sealed, &sealed.field.value_type().to_token_stream(), value)
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
        let field = self.field_trait(sealed);
        let place = local("place");
        let call = match value {
            Given::One(value) => quote!(<#ty as #field>::seal(#value, #place)),
            Given::Maybe(value) => quote!(<#ty as #field>::seal_option(#value, #place)),
        };
        quote!(#private::#way(&__COLUMNS[#index], &#row, __KEYRING, |#place| #call))
    }

    /// The expression that opens `stored`, a `StoredBytes`, as a `Result` of the field's type. `self.row` is a
    /// `RowContext` there.
    pub(super) fn open(&self, sealed: &Sealed<'_>, stored: &TokenStream) -> TokenStream {
        let Self { private, row, .. } = self;
        let index = &sealed.index;
        let ty = sealed.field.value_type();
        let field = self.field_trait(sealed);
        let open = match sealed.field.option() {
            None => quote!(open),
            Some(_) => quote!(open_option),
        };
        let place = quote!(#private::Place { column: &__COLUMNS[#index], row: &#row, keyring: __KEYRING, under: ::core::option::Option::None });
        quote!(<#ty as #field>::#open(#stored, #place))
    }

    fn field_trait(&self, sealed: &Sealed<'_>) -> TokenStream {
        let private = &self.private;
        match sealed.attrs.json {
            Some(_) => quote!(#private::JsonField),
            None => quote!(#private::ModelField),
        }
    }
}
