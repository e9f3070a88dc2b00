//! `lp`: byte strings with their length in front, the one building block of every encoding
//! (`docs/format.md`, "Notation").

/// Appends `u32(len(part)) ‖ part`.
///
/// A part longer than `u32::MAX` bytes can't be encoded; every caller bounds its parts far below
/// that.
pub(crate) fn push_lp(out: &mut impl Extend<u8>, part: &[u8]) {
    let len = u32::try_from(part.len()).unwrap_or(u32::MAX);
    out.extend(len.to_be_bytes());
    out.extend(part.iter().copied());
}

/// `lp(part) ‖ lp(part) ‖ …`
pub(crate) fn lp_all(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
    for part in parts {
        push_lp(&mut out, part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn puts_a_big_endian_length_in_front() {
        assert_eq!(lp_all(&[b"ab", b""]), [0, 0, 0, 2, b'a', b'b', 0, 0, 0, 0]);
    }

    proptest! {
        /// Two lists of the same number of parts have the same encoding only if they are the same.
        #[test]
        fn is_injective(a in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 3),
                        b in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 3)) {
            let encode = |parts: &[Vec<u8>]| lp_all(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(encode(&a) == encode(&b), a == b);
        }
    }
}
