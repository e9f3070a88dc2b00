//! Values that somebody wrote into the database: opened rightly, or refused with a typed error that
//! names the column and not the value.

use crate::models::vault::{Keys, Vault, columns, row, shown};
use crate::models::{Client, Database as _, Raw, Store, World};
use fieldseal::keyring::KeyringSource as _;
use fieldseal::keys::KeyId;
use fieldseal::{ErrorKind, Scope, Suite};

pub fn every_shorter_value_is_refused<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    for column in columns() {
        let whole = world.sealed(column, 1);
        for len in (0..whole.len()).rev().step_by(C::step(column)) {
            let kind = if len < column.suite().overhead() { ErrorKind::NotSealed } else { ErrorKind::Rejected };
            world.refuse_sealed(column, &whole[..len], &[kind]);
        }
        world.refuse_sealed(column, b"", &[ErrorKind::NotSealed]);
        for more in [1, 16] {
            let longer = [&whole[..], &vec![0; more]].concat();
            world.refuse_sealed(column, &longer, &[ErrorKind::Rejected]);
        }
        world.put_sealed(column, &whole);
    }
    assert_eq!(world.read(1), Ok(shown(&row(1, 1)).unwrap()));
}

pub fn every_flipped_bit_is_refused<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    for column in columns() {
        let whole = world.sealed(column, 1);
        for bit in (0..whole.len() * 8).step_by(C::step(column)) {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let id = KeyId::new(u32::from_be_bytes(flipped[1..5].try_into().unwrap()));
            let kind = match bit / 8 {
                0 => ErrorKind::NotSealed,
                1..=4 => id.map_or(ErrorKind::NotSealed, ErrorKind::UnknownKey),
                _ => ErrorKind::Rejected,
            };
            world.refuse_sealed(column, &flipped, &[kind]);
        }
        world.put_sealed(column, &whole);
    }
}

pub fn every_wrong_header_is_refused<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    let unknown = KeyId::new(0xDEAD_BEEF).unwrap();
    let other = Keys::keyring().unwrap().primary(&Scope::tenant(2).unwrap()).unwrap();
    for column in columns() {
        let whole = world.sealed(column, 1);
        let under = |id: u32| [&whole[..1], &id.to_be_bytes(), &whole[5..]].concat();
        for version in [0, 2, 0x80, 0xFF] {
            world.refuse_sealed(column, &[&[version], &whole[1..]].concat(), &[ErrorKind::NotSealed]);
        }
        world.refuse_sealed(column, &under(0), &[ErrorKind::NotSealed]);
        world.refuse_sealed(column, &under(unknown.get()), &[ErrorKind::UnknownKey(unknown)]);
        world.refuse_sealed(column, &under(other.get()), &[ErrorKind::Rejected]);
        world.put_sealed(column, &whole);
    }
}

pub fn every_value_from_elsewhere_is_refused<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    for column in columns() {
        let whole = world.sealed(column, 1);
        for other in columns().iter().filter(|other| *other != column) {
            let moved = world.sealed(other, 1);
            let short = moved.len() < column.suite().overhead();
            world.refuse_sealed(column, &moved, &[if short { ErrorKind::NotSealed } else { ErrorKind::Rejected }]);
        }
        let tenant_2 = world.sealed(column, 3);
        world.refuse_sealed(column, &tenant_2, &[ErrorKind::Rejected]);
        let row_2 = world.sealed(column, 2);
        if column.suite() == Suite::Aes256Siv {
            world.put_sealed(column, &row_2);
            let moved = match column.name() {
                "email" => Vault { email: row(2, 1).email, ..row(1, 1) },
                _ => Vault { email_64: row(2, 1).email_64, ..row(1, 1) },
            };
            assert_eq!(world.read(1), Ok(shown(&moved).unwrap()));
        } else {
            world.refuse_sealed(column, &row_2, &[ErrorKind::Rejected]);
        }
        world.put_sealed(column, &whole);
    }
}

pub fn a_row_that_is_renumbered_or_given_to_another_tenant_is_refused<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    for (from, change, to) in [(1, "id = 7", 7), (2, "org_id = 2", 2), (3, "org_id = 3", 3)] {
        world.database.execute(&format!("UPDATE vault SET {change} WHERE id = {from}"));
        assert_eq!(world.read(to), Err(ErrorKind::Rejected), "{change}");
    }
}

pub fn what_is_not_sealed_is_refused<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    let bytes = b"plaintext that was never sealed, and is long enough for every suite";
    let plaintexts = [
        Raw::text("a plaintext that was never sealed"),
        Raw::text(""),
        Raw::text("\u{1}\u{1}\u{1}\u{1}\u{1} text that begins like a sealed value, and is as long as one"),
        Raw::Bytes(bytes.to_vec()),
        Raw::Bytes(vec![0xFF; 100]),
        Raw::Integer(8_675_309_123),
        Raw::Integer(i64::MIN),
        Raw::Real(2_718.281_828),
        Raw::Real(f64::INFINITY),
    ];
    for column in columns() {
        let whole = world.sealed(column, 1);
        for plaintext in &plaintexts {
            world.refuse_by_either(column, plaintext);
        }
        world.put_sealed(column, &whole);
    }
}

pub fn null_is_refused_where_none_was_written<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    for column in columns() {
        let whole = world.sealed(column, 1);
        let expected = match column.name() {
            "note" => Vault { note: None, ..row(1, 1) },
            "note_64" => Vault { note_64: None, ..row(1, 1) },
            _ => {
                world.refuse(column, &Raw::Null, &[ErrorKind::UnexpectedNull]);
                world.put_sealed(column, &whole);
                continue;
            }
        };
        world.put(column, 1, &Raw::Null);
        assert_eq!(world.read(1), Ok(shown(&expected).unwrap()));
        world.put_sealed(column, &whole);
    }
}
