//! Which row a value belongs to: the columns of its key.

use crate::context::ContextKind;
use crate::format::length_prefix::push_lp;
use smallvec::SmallVec;

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

    /// The encoding that the associated data ends with.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn push(&mut self, tag: u8, bytes: &[u8]) {
        self.0.push(tag);
        push_lp(&mut self.0, bytes);
    }
}

/// Types that name a row: what `row = field` takes, and [`RowId::of`].
///
/// The same key must give the same bytes whichever Rust type a model gives it: integers of every
/// width agree with each other. A program implements it for its own newtypes, by delegating to the
/// wrapped type:
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
/// Methods that are added later will have a default implementation.
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
        impl AsRowId for $int {
            const KIND: ContextKind = ContextKind::Int;

            fn push_to(&self, row: &mut RowId) {
                row.push(b'i', itoa::Buffer::new().format(*self).as_bytes());
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

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
impl AsRowId for uuid::Uuid {
    const KIND: ContextKind = ContextKind::Uuid;

    fn push_to(&self, row: &mut RowId) {
        self.as_bytes().as_slice().push_to(row);
    }
}

impl<T: AsRowId + ?Sized> AsRowId for &T {
    const KIND: ContextKind = T::KIND;

    fn push_to(&self, row: &mut RowId) {
        (**self).push_to(row);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_agree_whatever_their_width() {
        assert_eq!(RowId::of(&5_u8), RowId::of(&5_i64));
        assert_ne!(RowId::of(&5_u8), RowId::of("5"));
        assert_ne!(RowId::of("ab"), RowId::of("a").and("b"));
    }

    #[cfg(feature = "uuid")]
    #[test]
    fn a_uuid_is_its_bytes() {
        let id = uuid::Uuid::from_u128(0xAB << 120);
        assert_eq!(RowId::of(&id), RowId::of(id.as_bytes().as_slice()));
    }

    pub(in crate::context) fn part() -> impl Strategy<Value = String> {
        // Small alphabets with length bytes and separators among them, so that encodings have a
        // chance to collide.
        "[ab\\x00\\x01\\x02]{0,4}"
    }

    pub(in crate::context) fn rows() -> impl Strategy<Value = Vec<(u8, String)>> {
        prop::collection::vec((0..3_u8, part()), 0..4)
    }

    pub(in crate::context) fn row_id(columns: &[(u8, String)]) -> RowId {
        columns.iter().fold(RowId::UNBOUND, |row, (kind, text)| match kind {
            0 => row.and(&u64::try_from(text.len()).unwrap()),
            1 => row.and(text),
            _ => row.and(text.as_bytes()),
        })
    }

    proptest! {
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
