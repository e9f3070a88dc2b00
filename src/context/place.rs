//! Table, column, scope and row: what a sealed value is bound to, and the AAD that binds it.

use super::ContextKind;
use crate::framing::{lp_all, push_lp};
use compact_str::{CompactString, ToCompactString};
use smallvec::SmallVec;
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

/// Why a scope or row id was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// An empty tenant name would be the application's scope.
    #[error("the scope of a tenant is empty; give every tenant a name, number or UUID")]
    EmptyScope,
    /// The column binds values to their row, and no row was named.
    #[error(
        "the column binds its values to their row, and no row is named: give the row's id, or declare the column `unbound_row`"
    )]
    MissingRow,
    /// The tenant's name is too long.
    #[error("the scope of a tenant is longer than 65,535 bytes")]
    LongScope,
}

/// Types that name a tenant: what `scope = field` takes, and [`Scope::tenant`].
///
/// A program implements it for its own newtypes, by that of the type that they wrap:
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
/// What is added to it later has a default.
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

/// The id of a row: one or several columns, or none if values aren't bound to their row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RowId(SmallVec<[u8; 64]>);

impl RowId {
    /// For values that aren't bound to their row.
    pub const UNBOUND: Self = Self(SmallVec::new_const());

    /// The id of a row with a single key column.
    #[must_use]
    pub fn of(id: &(impl AsRowId + ?Sized)) -> Self {
        Self::default().and(id)
    }

    /// Adds the next column of a composite key, in the order that the model declares.
    #[must_use]
    pub fn and(mut self, id: &(impl AsRowId + ?Sized)) -> Self {
        id.push_to(&mut self);
        self
    }

    /// Whether values are bound to no row.
    #[must_use]
    pub fn is_unbound(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, tag: u8, bytes: &[u8]) {
        self.0.push(tag);
        push_lp(&mut self.0, bytes);
    }
}

/// Types that name a row: what `row = field` takes, and [`RowId::of`].
///
/// The same key must give the same bytes whichever Rust type a model gives it: integers of every
/// width agree with each other. A program implements it for its own newtypes, by that of the type
/// that they wrap:
///
/// ```
/// use fieldseal::RowId;
/// use fieldseal::context::{AsRowId, ContextKind};
///
/// struct PatientId(i64);
///
/// impl AsRowId for PatientId {
///     const KIND: ContextKind = <i64 as AsRowId>::KIND;
///
///     fn push_to(&self, row: &mut RowId) {
///         self.0.push_to(row);
///     }
/// }
///
/// assert_eq!(RowId::of(&PatientId(7)), RowId::of(&7_u8));
/// ```
///
/// What is added to it later has a default.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a row id",
    label = "not an integer, text, bytes or a UUID",
    note = "`row = field` takes an integer, `String`, `&str`, `Vec<u8>` or, with fieldseal's feature `uuid`, a `Uuid`; it can't be an `Option`, because the id must be known before the row is sealed. A row id that the database assigns needs `#[encrypt(unbound_row)]`"
)]
pub trait AsRowId {
    /// What the type is to the schema lock. A newtype has the kind of the type that it wraps.
    const KIND: ContextKind;

    /// Appends this column of the key to the row id.
    fn push_to(&self, row: &mut RowId);
}

macro_rules! integers {
    ($($int:ty)*) => {$(
        impl AsScope for $int {
            const KIND: ContextKind = ContextKind::Int;

            fn as_scope(&self) -> Result<Scope, ContextError> {
                Ok(Scope(self.to_compact_string()))
            }
        }

        impl AsRowId for $int {
            const KIND: ContextKind = ContextKind::Int;

            fn push_to(&self, row: &mut RowId) {
                row.push(b'i', itoa::Buffer::new().format(*self).as_bytes());
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

impl AsRowId for str {
    const KIND: ContextKind = ContextKind::Text;

    fn push_to(&self, row: &mut RowId) {
        row.push(b't', self.as_bytes());
    }
}

impl AsRowId for String {
    const KIND: ContextKind = ContextKind::Text;

    fn push_to(&self, row: &mut RowId) {
        self.as_str().push_to(row);
    }
}

impl AsRowId for [u8] {
    const KIND: ContextKind = ContextKind::Bytes;

    fn push_to(&self, row: &mut RowId) {
        row.push(b'b', self);
    }
}

impl AsRowId for Vec<u8> {
    const KIND: ContextKind = ContextKind::Bytes;

    fn push_to(&self, row: &mut RowId) {
        self.as_slice().push_to(row);
    }
}

#[cfg(feature = "uuid")]
impl AsScope for uuid::Uuid {
    const KIND: ContextKind = ContextKind::Uuid;

    fn as_scope(&self) -> Result<Scope, ContextError> {
        Ok(Scope(CompactString::from(&*self.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()))))
    }
}

#[cfg(feature = "uuid")]
impl AsRowId for uuid::Uuid {
    const KIND: ContextKind = ContextKind::Uuid;

    fn push_to(&self, row: &mut RowId) {
        self.as_bytes().as_slice().push_to(row);
    }
}

impl<T: AsScope + ?Sized> AsScope for &T {
    const KIND: ContextKind = T::KIND;

    fn as_scope(&self) -> Result<Scope, ContextError> {
        (**self).as_scope()
    }
}

impl<T: AsRowId + ?Sized> AsRowId for &T {
    const KIND: ContextKind = T::KIND;

    fn push_to(&self, row: &mut RowId) {
        (**self).push_to(row);
    }
}

/// The scope and the row that a value belongs to: what the associated data of every value in the
/// row has in common.
///
/// ```
/// use fieldseal::{RowContext, RowId, Scope};
///
/// let row = RowContext::of_row(RowId::of(&7)).in_scope(Scope::tenant(42)?);
/// assert_eq!(row.scope.as_str(), "42");
/// # Ok::<(), fieldseal::context::ContextError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct RowContext {
    /// The tenant, or the application.
    pub scope: Scope,
    /// The row.
    pub row: RowId,
}

impl RowContext {
    /// The context of a row in the application's scope.
    #[must_use]
    pub const fn of_row(row: RowId) -> Self {
        Self { scope: Scope::APPLICATION, row }
    }

    /// The same row in that scope.
    #[must_use]
    pub fn in_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }
}

/// What the associated data of every value of one column in one scope begins with:
/// `lp("fieldseal/1 value") ‖ lp(table) ‖ lp(column) ‖ lp(scope)`. What is left is `lp(row)`.
pub(crate) struct AadStart(Vec<u8>);

/// Associated data up to this many bytes needs no allocation.
const SHORT_AAD: usize = 192;

impl AadStart {
    pub(crate) fn new(table: &str, column: &str, scope: &Scope) -> Self {
        Self(lp_all(&[b"fieldseal/1 value", table.as_bytes(), column.as_bytes(), scope.as_str().as_bytes()]))
    }

    /// Hands the associated data of that row's value to `with`.
    pub(crate) fn complete<T>(&self, row: &RowId, with: impl FnOnce(&[u8]) -> T) -> T {
        let len = u32::try_from(row.0.len()).unwrap_or(u32::MAX).to_be_bytes();
        let parts = [self.0.as_slice(), &len, &row.0];
        let mut short = [0; SHORT_AAD];
        match concat_into(&mut short, parts) {
            Some(aad) => with(aad),
            None => with(&parts.concat()),
        }
    }
}

/// The parts one after the other; `None` if they don't fit.
fn concat_into<'a>(out: &'a mut [u8], parts: [&[u8]; 3]) -> Option<&'a [u8]> {
    let mut len = 0;
    for part in parts {
        let end = len + part.len();
        out.get_mut(len..end)?.copy_from_slice(part);
        len = end;
    }
    out.get(..len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_the_documented_encoding() {
        let row = RowId::of(&-7_i64).and("x").and([1_u8, 2].as_slice());
        let start = AadStart::new("t", "c", &Scope::tenant(42).unwrap());
        let expected = b"\0\0\0\x11fieldseal/1 value\0\0\0\x01t\0\0\0\x01c\0\0\0\x0242\0\0\0\x14\
                         i\0\0\0\x02-7t\0\0\0\x01xb\0\0\0\x02\x01\x02";
        start.complete(&row, |aad| assert_eq!(aad, expected));
    }

    #[test]
    fn integers_agree_whatever_their_width() {
        assert_eq!(RowId::of(&5_u8), RowId::of(&5_i64));
        assert_ne!(RowId::of(&5_u8), RowId::of("5"));
        assert_ne!(RowId::of("ab"), RowId::of("a").and("b"));
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
    fn a_uuid_is_its_bytes_as_a_row_and_its_text_as_a_scope() {
        let id = uuid::Uuid::from_u128(0xAB << 120);
        assert_eq!(RowId::of(&id), RowId::of(id.as_bytes().as_slice()));
        assert_eq!(Scope::tenant(id).unwrap().as_str(), "ab000000-0000-0000-0000-000000000000");
    }

    fn part() -> impl Strategy<Value = String> {
        // Small alphabets with length bytes and separators among them, so that encodings have a
        // chance to collide.
        "[ab\\x00\\x01\\x02]{0,4}"
    }

    fn rows() -> impl Strategy<Value = Vec<(u8, String)>> {
        prop::collection::vec((0..3_u8, part()), 0..4)
    }

    fn row_id(columns: &[(u8, String)]) -> RowId {
        columns.iter().fold(RowId::UNBOUND, |row, (kind, text)| match kind {
            0 => row.and(&u64::try_from(text.len()).unwrap()),
            1 => row.and(text),
            _ => row.and(text.as_bytes()),
        })
    }

    proptest! {
        #[test]
        fn different_contexts_have_different_aad(a in (part(), part(), part(), rows()), b in (part(), part(), part(), rows())) {
            let encode = |(table, column, scope, row): &(String, String, String, Vec<(u8, String)>)| {
                AadStart::new(table, column, &Scope::from_store(scope).unwrap()).complete(&row_id(row), <[u8]>::to_vec)
            };
            let same = a.0 == b.0 && a.1 == b.1 && a.2 == b.2 && row_id(&a.3) == row_id(&b.3);
            prop_assert_eq!(encode(&a) == encode(&b), same);
        }

        #[test]
        fn different_rows_have_different_ids(a in rows(), b in rows()) {
            let canonical = |columns: &[(u8, String)]| columns.iter().map(|(kind, text)| match kind {
                0 => (0, text.len().to_string()),
                kind => (*kind, text.clone()),
            }).collect::<Vec<_>>();
            prop_assert_eq!(row_id(&a) == row_id(&b), canonical(&a) == canonical(&b));
        }
    }
}
