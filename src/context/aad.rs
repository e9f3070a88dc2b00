//! The associated data that binds a sealed value to its column, scope and row.

use crate::context::{RowId, Scope};
use crate::format::length_prefix::lp_all;

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
        let len = u32::try_from(row.as_bytes().len()).unwrap_or(u32::MAX).to_be_bytes();
        let parts = [self.0.as_slice(), &len, row.as_bytes()];
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
    use crate::context::row_id::tests::{part, row_id, rows};
    use proptest::prelude::*;

    #[test]
    fn is_the_documented_encoding() {
        let row = RowId::of(&-7_i64).and("x").and([1_u8, 2].as_slice());
        let start = AadStart::new("t", "c", &Scope::tenant(42).unwrap());
        let expected = b"\0\0\0\x11fieldseal/1 value\0\0\0\x01t\0\0\0\x01c\0\0\0\x0242\0\0\0\x14\
                         i\0\0\0\x02-7t\0\0\0\x01xb\0\0\0\x02\x01\x02";
        start.complete(&row, |aad| assert_eq!(aad, expected));
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
    }
}
