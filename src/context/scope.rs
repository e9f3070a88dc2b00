//! Whose data a value is: the application's, or one tenant's.

use crate::context::{ContextError, ContextKind};
use compact_str::{CompactString, ToCompactString};
use std::fmt;

const MAX_SCOPE: usize = 65_535;

/// Whose data a key is for: the whole application, or one tenant.
///
/// Each scope has data keys of its own, so a tenant can be forgotten by destroying its keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Scope(CompactString);

impl Scope {
    /// The whole application: the scope of a model without a `scope` attribute.
    pub const APPLICATION: Self = Self(CompactString::const_new(""));

    /// One tenant, by whatever the program's `scope` field holds: an integer, a UUID, text.
    ///
    /// # Errors
    ///
    /// If the tenant's name is empty (that would be the application's scope) or longer than 65,535
    /// bytes.
    pub fn tenant(name: impl AsScope) -> Result<Self, ContextError> {
        name.as_scope()
    }

    /// The scope's text; empty for the application.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A scope as a key store holds it: empty text is the application's.
    pub(crate) fn from_store(text: &str) -> Result<Self, ContextError> {
        if text.is_empty() { Ok(Self::APPLICATION) } else { Self::named(CompactString::from(text)) }
    }

    fn named(name: CompactString) -> Result<Self, ContextError> {
        match name.len() {
            0 => Err(ContextError::EmptyScope),
            1..=MAX_SCOPE => Ok(Self(name)),
            _ => Err(ContextError::LongScope),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("the application") } else { write!(f, "tenant {:?}", self.0) }
    }
}

/// Types that name a tenant: what `scope = field` takes, and [`Scope::tenant`].
///
/// A program implements it for its own newtypes, by delegating to the wrapped type:
///
/// ```
/// use fieldseal::Scope;
/// use fieldseal::context::{AsScope, ContextError, ContextKind};
///
/// struct ClinicId(u32);
///
/// impl AsScope for ClinicId {
///     const KIND: ContextKind = <u32 as AsScope>::KIND;
///
///     fn as_scope(&self) -> Result<Scope, ContextError> {
///         self.0.as_scope()
///     }
/// }
///
/// assert_eq!(Scope::tenant(ClinicId(7)), Scope::tenant("7"));
/// ```
///
/// Methods that are added later will have a default implementation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't name a scope",
    label = "not an integer, a UUID or text",
    note = "`scope = field` takes an integer, `String`, `&str` or, with fieldseal's feature `uuid`, a `Uuid`; it can't be an `Option`, because the scope must be known before the row is sealed"
)]
pub trait AsScope {
    /// What the type is to the schema lock. A newtype has the kind of the type that it wraps.
    const KIND: ContextKind;

    /// The scope of that name.
    ///
    /// # Errors
    ///
    /// [`ContextError`] for an empty or too long name.
    fn as_scope(&self) -> Result<Scope, ContextError>;
}

macro_rules! integers {
    ($($int:ty)*) => {$(
        impl AsScope for $int {
            const KIND: ContextKind = ContextKind::Int;

            fn as_scope(&self) -> Result<Scope, ContextError> {
                Ok(Scope(self.to_compact_string()))
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl AsScope for str {
    const KIND: ContextKind = ContextKind::Text;

    fn as_scope(&self) -> Result<Scope, ContextError> {
        Scope::named(CompactString::from(self))
    }
}

impl AsScope for String {
    const KIND: ContextKind = ContextKind::Text;

    fn as_scope(&self) -> Result<Scope, ContextError> {
        self.as_str().as_scope()
    }
}

#[cfg(feature = "uuid")]
impl AsScope for uuid::Uuid {
    const KIND: ContextKind = ContextKind::Uuid;

    fn as_scope(&self) -> Result<Scope, ContextError> {
        Ok(Scope(CompactString::from(&*self.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()))))
    }
}

impl<T: AsScope + ?Sized> AsScope for &T {
    const KIND: ContextKind = T::KIND;

    fn as_scope(&self) -> Result<Scope, ContextError> {
        (**self).as_scope()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_named_by_their_digits() {
        assert_eq!(Scope::tenant(5_u8), Scope::tenant("5"));
    }

    #[test]
    fn a_tenant_is_never_the_application() {
        assert_eq!(Scope::tenant(""), Err(ContextError::EmptyScope));
        assert_eq!(Scope::tenant("x".repeat(65_536)), Err(ContextError::LongScope));
        assert!(Scope::tenant("x".repeat(65_535)).is_ok());
    }

    #[cfg(feature = "uuid")]
    #[test]
    fn a_uuid_is_its_text() {
        let id = uuid::Uuid::from_u128(0xAB << 120);
        assert_eq!(Scope::tenant(id).unwrap().as_str(), "ab000000-0000-0000-0000-000000000000");
    }
}
