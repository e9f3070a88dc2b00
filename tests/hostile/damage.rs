//! Values that somebody wrote into the database.

use super::*;
use fieldseal::{KeyId, KeyringSource as _, Scope};

#[test]
fn every_shorter_value_is_refused() {
    let mut database = filled();
    for (column, overhead) in COLUMNS {
        let whole = database.blob("vault", column, 1);
        for len in 0..whole.len() {
            let kind = if len < overhead { ErrorKind::NotSealed } else { ErrorKind::Rejected };
            refuse(&mut database, column, &&whole[..len], &[kind]);
        }
        for more in [1, 16] {
            let longer = [&whole[..], &vec![0; more]].concat();
            refuse(&mut database, column, &longer, &[ErrorKind::Rejected]);
        }
        put(&database, column, 1, &whole);
    }
    assert!(read(&mut database, 1).iter().all(Result::is_ok));
}

#[test]
fn every_flipped_bit_is_refused() {
    let mut database = filled();
    for (column, _) in COLUMNS {
        let whole = database.blob("vault", column, 1);
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let id = KeyId::new(u32::from_be_bytes(flipped[1..5].try_into().unwrap()));
            let kind = match bit / 8 {
                0 => ErrorKind::NotSealed,
                1..=4 => id.map_or(ErrorKind::NotSealed, ErrorKind::UnknownKey),
                _ => ErrorKind::Rejected,
            };
            refuse(&mut database, column, &flipped, &[kind]);
        }
        put(&database, column, 1, &whole);
    }
}

#[test]
fn every_wrong_header_is_refused() {
    let mut database = filled();
    let scope = |tenant: i64| Scope::tenant(tenant).unwrap();
    let unknown = KeyId::new(0xDEAD_BEEF).unwrap();
    let others = [2].map(|tenant| Keys::keyring().unwrap().primary(&scope(tenant)).unwrap());
    for (column, _) in COLUMNS {
        let whole = database.blob("vault", column, 1);
        let under = |id: u32| [&whole[..1], &id.to_be_bytes(), &whole[5..]].concat();
        for version in [0, 2, 0x80, 0xFF] {
            let other = [&[version], &whole[1..]].concat();
            refuse(&mut database, column, &other, &[ErrorKind::NotSealed]);
        }
        refuse(&mut database, column, &under(0), &[ErrorKind::NotSealed]);
        refuse(&mut database, column, &under(unknown.get()), &[ErrorKind::UnknownKey(unknown)]);
        for other in others {
            refuse(&mut database, column, &under(other.get()), &[ErrorKind::Rejected]);
        }
        put(&database, column, 1, &whole);
    }
}

#[test]
fn every_value_from_elsewhere_is_refused() {
    let mut database = filled();
    for (column, overhead) in COLUMNS {
        let whole = database.blob("vault", column, 1);
        for (other, _) in COLUMNS.into_iter().filter(|(other, _)| *other != column) {
            let moved = database.blob("vault", other, 1);
            let kind = if moved.len() < overhead { ErrorKind::NotSealed } else { ErrorKind::Rejected };
            refuse(&mut database, column, &moved, &[kind]);
        }
        let tenant_2 = database.blob("vault", column, 3);
        refuse(&mut database, column, &tenant_2, &[ErrorKind::Rejected]);
        let row_2 = database.blob("vault", column, 2);
        if column == "email" {
            put(&database, column, 1, &row_2);
            let moved = Vault { email: row(2, 1).email, ..row(1, 1) };
            assert_eq!(read(&mut database, 1), [Ok(shown(&moved).unwrap()), Ok(shown(&moved).unwrap())]);
        } else {
            refuse(&mut database, column, &row_2, &[ErrorKind::Rejected]);
        }
        put(&database, column, 1, &whole);
    }
}

#[test]
fn a_row_that_is_renumbered_or_given_to_another_tenant_is_refused() {
    for change in ["id = 7", "org_id = 2", "org_id = 3"] {
        let mut database = filled();
        database.sql(&format!("UPDATE vault SET {change} WHERE id = 1"), []);
        let id = if change == "id = 7" { 7 } else { 1 };
        assert_eq!(read(&mut database, id), [Err(ErrorKind::Rejected), Err(ErrorKind::Rejected)], "{change}");
    }
}

#[test]
fn what_is_not_sealed_is_refused() {
    let mut database = filled();
    for (column, _) in COLUMNS {
        let whole = database.blob("vault", column, 1);
        let bytes: &[u8] = b"plaintext that was never sealed, and is long enough for every suite";
        let plaintexts: [&dyn ToSql; 9] = [
            &"a plaintext that was never sealed",
            &"",
            &"\u{1}\u{1}\u{1}\u{1}\u{1} text that begins like a sealed value, and is as long as one",
            &bytes,
            &[0xFF_u8; 100].as_slice(),
            &8_675_309_123_i64,
            &i64::MIN,
            &2718.281828,
            &f64::INFINITY,
        ];
        for plaintext in plaintexts {
            refuse(&mut database, column, plaintext, &[ErrorKind::NotSealed]);
        }
        let sealed_as_text = format!("UPDATE vault SET {column} = CAST(?1 AS TEXT) WHERE id = 1");
        database.sql(&sealed_as_text, [&whole]);
        for result in read(&mut database, 1) {
            assert_eq!(result, Err(ErrorKind::NotSealed), "{column} with the right bytes as text");
        }
        put(&database, column, 1, &whole);
    }
}

#[test]
fn null_is_refused_where_none_was_written() {
    let mut database = filled();
    for (column, _) in COLUMNS.into_iter().filter(|(column, _)| *column != "note") {
        let whole = database.blob("vault", column, 1);
        refuse(&mut database, column, &Option::<i64>::None, &[ErrorKind::UnexpectedNull]);
        put(&database, column, 1, &whole);
    }
    put(&database, "note", 1, &Option::<i64>::None);
    let without = Vault { note: None, ..row(1, 1) };
    assert_eq!(read(&mut database, 1), [Ok(shown(&without).unwrap()), Ok(shown(&without).unwrap())]);
}
