//! What a column puts around an encoded value before it is sealed: the mark of a hidden NULL, and
//! padding.

use crate::model::Column;

const NULL: u8 = 0x00;
const VALUE: u8 = 0x01;
/// ISO/IEC 7816-4: one such byte, then zeros.
const PAD_START: u8 = 0x80;

/// A plaintext that isn't framed as its column frames it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadFrame;

/// Length of the framed plaintext. `encoded` is `None` for a hidden NULL.
pub(crate) fn framed_len(column: &Column, encoded: Option<&[u8]>) -> usize {
    column.framed_len(encoded.map_or(0, <[u8]>::len))
}

/// Appends the framed plaintext, of exactly [`framed_len`] bytes.
pub(crate) fn push_framed(column: &Column, encoded: Option<&[u8]>, out: &mut Vec<u8>) {
    let end = out.len() + framed_len(column, encoded);
    if column.hides_null() {
        out.push(if encoded.is_some() { VALUE } else { NULL });
    }
    out.extend_from_slice(encoded.unwrap_or_default());
    if column.padding() > 0 {
        out.push(PAD_START);
        out.resize(end, 0);
    }
}

/// Takes the frame off in place. `false` for a hidden NULL.
pub(crate) fn unframe(column: &Column, plaintext: &mut Vec<u8>) -> Result<bool, BadFrame> {
    if column.padding() > 0 {
        let last = plaintext.iter().rposition(|byte| *byte != 0).ok_or(BadFrame)?;
        if plaintext.get(last) != Some(&PAD_START) {
            return Err(BadFrame);
        }
        plaintext.truncate(last);
    }
    if column.hides_null() {
        match (plaintext.first().copied(), plaintext.len()) {
            (Some(NULL), 1) => return Ok(false),
            (Some(VALUE), _) => drop(plaintext.drain(..1)),
            _ => return Err(BadFrame),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: Column = Column::new("t", "c");
    const PADDED: Column = Column::new("t", "c").pad(16);
    const HIDDEN: Column = Column::new("t", "c").hide_null(16);

    fn framed(column: &Column, encoded: Option<&[u8]>) -> Vec<u8> {
        let mut out = Vec::new();
        push_framed(column, encoded, &mut out);
        assert_eq!(out.len(), framed_len(column, encoded));
        out
    }

    #[test]
    fn lengths_are_hidden_up_to_a_multiple() {
        assert_eq!(framed(&PADDED, Some(&[7; 15])).len(), 16);
        assert_eq!(framed(&PADDED, Some(&[7; 16])).len(), 32);
        assert_eq!(framed(&HIDDEN, None).len(), framed(&HIDDEN, Some(b"")).len());
    }

    #[test]
    fn refuses_bad_frames() {
        for bad in [b"".as_slice(), &[0; 16], b"abc", b"\x80\x01"] {
            assert_eq!(unframe(&PADDED, &mut bad.to_vec()), Err(BadFrame), "{bad:?}");
        }
        for bad in [b"\x80".as_slice(), b"\x00x\x80", b"\x02\x80"] {
            assert_eq!(unframe(&HIDDEN, &mut bad.to_vec()), Err(BadFrame), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn frames_come_off(encoded in prop::option::of(prop::collection::vec(prop::sample::select(vec![0, 1, 0x80, 7]), 0..40))) {
            for column in [&PLAIN, &PADDED, &HIDDEN] {
                if encoded.is_none() && !column.hides_null() {
                    continue;
                }
                let mut plaintext = framed(column, encoded.as_deref());
                let value = unframe(column, &mut plaintext).unwrap();
                prop_assert_eq!(value.then_some(plaintext), encoded.clone());
            }
        }
    }
}
