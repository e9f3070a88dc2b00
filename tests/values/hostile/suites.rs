//! Columns that move from one suite to another: values under both open, others don't.

use super::*;
use fieldseal::keyring::KeyringSource as _;
use fieldseal::{Column, RowContext, RowId, Scope, Suite};

fn at(id: i64, tenant: i64) -> RowContext {
    RowContext::of_row(RowId::of(&id)).in_scope(Scope::tenant(tenant).unwrap())
}

#[test]
fn every_suite_can_follow_every_other() {
    let keyring = Keys::keyring().unwrap();
    for (old, new) in Suite::ALL.into_iter().flat_map(|old| Suite::ALL.map(|new| (old, new))) {
        if old == new {
            continue;
        }
        let before = Column::new("t", "c").with_suite(old);
        let during = Column::new("t", "c").with_suite(new).with_previous_suite(old);
        let after = Column::new("t", "c").with_suite(new);
        let here = at(1, 1);
        let open = |column: &Column, place: &RowContext, sealed: &[u8]| {
            keyring.open_bytes(column, place, sealed).map(|plaintext| plaintext.unwrap().to_vec())
        };
        for len in [0, 1, 20, 100] {
            let plaintext = vec![0xA5; len];
            let sealed = keyring.seal_bytes(&before, &here, &plaintext).unwrap();
            let resealed = keyring.seal_bytes(&during, &here, &plaintext).unwrap();
            assert_eq!(sealed.len(), len + old.overhead());
            assert_eq!(resealed.len(), len + new.overhead());
            assert_eq!(open(&during, &here, &sealed).unwrap(), plaintext, "{old} to {new}");
            assert_eq!(open(&during, &here, &resealed).unwrap(), plaintext, "{old} to {new}");
            assert_eq!(open(&after, &here, &resealed).unwrap(), plaintext, "{old} to {new}");
            for (column, value) in [(&before, &resealed), (&after, &sealed)] {
                let kind = open(column, &here, value).unwrap_err().kind().clone();
                let too_short = value.len() < column.suite().overhead();
                assert_eq!(kind, if too_short { ErrorKind::NotSealed } else { ErrorKind::Rejected });
            }
            for (suite, value) in [(old, &sealed), (new, &resealed)] {
                let moved = open(&during, &at(2, 1), value).is_ok();
                assert_eq!(moved, suite == Suite::Aes256Siv, "{suite} to another row");
                assert!(open(&during, &at(1, 2), value).is_err(), "{suite} to another tenant");
                for bit in (0..value.len() * 8).step_by(7) {
                    let mut flipped = value.clone();
                    flipped[bit / 8] ^= 1 << (bit % 8);
                    assert!(open(&during, &here, &flipped).is_err(), "{suite} bit {bit}");
                }
            }
        }
    }
}
