//! Columns that move from one suite to another: values under both open, others don't.

use super::*;
use fieldseal::{Column, KeyringSource as _, RowContext, RowId, Scope, Suite};

diesel::table! {
    moves (id) {
        id -> BigInt,
        value -> Binary,
    }
}

macro_rules! stage {
    ($name:ident, $($attrs:tt)*) => {
        #[derive(Encrypt)]
        #[encrypt(table = "moves", row = id, keyring = Keys, rusqlite)]
        #[diesel(table_name = moves)]
        struct $name {
            id: i64,
            #[encrypt($($attrs)*)]
            value: String,
        }

        impl $name {
            fn insert(database: &mut Database, id: i64) {
                let row = Self { id, value: format!("value {id}") };
                diesel::insert_into(moves::table).values(&row).execute(&mut database.diesel).unwrap();
            }

            /// Both libraries agree.
            fn read(database: &mut Database, id: i64) -> Result<String, ErrorKind> {
                let [one, other] = load_both!(database, $name, moves, id).map(|(_, loaded)| match loaded {
                    Ok(row) => Ok(row.value),
                    Err(refusal) => Err(refusal.error.kind().clone()),
                });
                assert_eq!(one, other);
                one
            }
        }
    };
}

stage!(Bound, suite = "xaes-256-gcm");
stage!(ToSiv, suite = "aes-256-siv", previous_suite = "xaes-256-gcm", unbound_row);
stage!(Siv, suite = "aes-256-siv", unbound_row);
stage!(Back, suite = "xaes-256-gcm", previous_suite = "aes-256-siv");

#[test]
fn a_row_bound_column_moves_to_aes_siv_and_back() {
    let mut database = Database::new("CREATE TABLE moves (id INTEGER PRIMARY KEY, value BLOB NOT NULL)");
    let db = &mut database;
    let value = |id: i64| Ok(format!("value {id}"));
    Bound::insert(db, 1);
    Bound::insert(db, 2);
    ToSiv::insert(db, 3);
    Siv::insert(db, 4);
    for id in 1..=4 {
        assert_eq!(ToSiv::read(db, id), value(id));
        assert_eq!(Back::read(db, id), value(id));
    }
    Back::insert(db, 5);
    assert_eq!((Back::read(db, 5), Bound::read(db, 5)), (value(5), value(5)));
    for id in [1, 2, 5] {
        assert_eq!(Siv::read(db, id), Err(ErrorKind::Rejected), "the previous suite isn't named any more");
    }
    for id in [3, 4] {
        assert_eq!(Bound::read(db, id), Err(ErrorKind::NotSealed), "28 bytes are too short for it");
    }

    let mut move_to_1 = |from: i64| {
        db.sql("UPDATE moves SET value = (SELECT value FROM moves WHERE id = ?1) WHERE id = 1", [from]);
        [ToSiv::read(db, 1), Back::read(db, 1)]
    };
    for bound in [2, 5] {
        assert_eq!(
            move_to_1(bound),
            [Err(ErrorKind::Rejected), Err(ErrorKind::Rejected)],
            "stays bound to its row"
        );
    }
    assert_eq!(move_to_1(4), [value(4), value(4)], "was never bound");
}

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
