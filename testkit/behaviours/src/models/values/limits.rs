//! Values that are too large, and models without a keyring or a key.

use crate::models::vault::{Vault, row};
use crate::models::{Client, Database as _, Dialect, Failed, Store, World};
use fieldseal::{ErrorKind, Scope};

/// The row by itself, and in the middle of others.
fn refused(client: &mut impl Store<Vault>, bad: &Vault) -> [Failed; 4] {
    let batch = [row(5, 1), bad.clone(), row(6, 1)];
    [
        client.insert(bad).unwrap_err(),
        client.insert_many(&batch).unwrap_err(),
        client.upsert(bad).unwrap_err(),
        client.update(&Vault { id: 1, ..bad.clone() }).unwrap_err(),
    ]
}

pub fn a_value_that_is_too_large_to_be_sealed_is_not_written<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    let len = 65 << 20;
    let (bytes, base64) = (len + 45, (len + 45_usize).div_ceil(3) * 4);
    let large = Vault { photo: vec![7; len], ..row(4, 1) };
    let refusal = world.client.insert(&large).unwrap_err().refusal();
    assert_eq!((refusal.place(), refusal.error.kind()), (("vault", "photo"), &ErrorKind::TooLong(bytes)));
    assert!(refusal.printed.len() < 8000);
    // A third less in base64.
    let large = Vault { photo_64: vec![7; len], ..row(4, 1) };
    let refusal = world.client.insert(&large).unwrap_err().refusal();
    assert_eq!((refusal.place(), refusal.error.kind()), (("vault", "photo_64"), &ErrorKind::TooLong(base64)));
    assert_eq!(world.database.count("vault"), 3);
    assert_eq!(world.read(1).unwrap(), crate::models::vault::shown(&row(1, 1)).unwrap());
}

pub fn a_stored_value_that_is_too_large_is_refused<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    let zeros = World::<C>::dialect().zeros(70_000_000);
    for column in ["photo", "photo_64"] {
        let text = if column == "photo" { &zeros.0 } else { &zeros.1 };
        let put = world.database.try_execute(&format!("UPDATE vault SET {column} = {text} WHERE id = 1"));
        if World::<C>::dialect() == Dialect::Mysql {
            assert!(put.unwrap_err().contains("max_allowed_packet"), "MariaDB makes no such value");
            continue;
        }
        put.unwrap();
        let refusal = world.read_printed(1).unwrap_err();
        assert_eq!((refusal.place(), refusal.error.kind()), (("vault", column), &ErrorKind::TooLong(70_000_000)));
        world.client.update(&row(1, 1)).unwrap();
    }
}

diesel::table! {
    orphans (id) {
        id -> BigInt,
        name -> Binary,
        nick -> Nullable<Text>,
    }
}

model! {
    /// Without `keyring`: it needs `fieldseal::install`, which these tests never call.
    #[encrypt(table = "orphans", row = id, size = 255)]
    #[diesel(table_name = orphans)]
    pub struct Orphan {
        pub id: i64,
        #[encrypt]
        name: String,
        #[encrypt(base64)]
        nick: Option<String>,
    }
}

stores! { Orphan in orphans }

pub fn without_a_keyring_nothing_is_written_and_nothing_is_read<C: Client + Store<Orphan>>() {
    let mut world = World::<C>::with_table_of::<Orphan>();
    let orphan = Orphan { id: 1, name: "unsealed name".into(), nick: Some("unsealed nick".into()) };
    let inserted = world.client.insert(&orphan).map(drop);
    for failed in [inserted, world.client.upsert(&orphan)] {
        let refusal = failed.unwrap_err().refusal();
        assert_eq!((refusal.place(), refusal.error.kind()), (("orphans", "name"), &ErrorKind::NotInstalled));
        assert!(!refusal.printed.contains("unsealed"));
    }
    assert_eq!(world.database.count("orphans"), 0);
    let sealed = Orphan::seal_name(&1, "unsealed name");
    assert_eq!(*sealed.bytes().unwrap_err().kind(), ErrorKind::NotInstalled);

    world.database.execute("INSERT INTO orphans (id, nick) VALUES (1, 'plaintext')");
    let refusal = world.client.load(1).map(drop).unwrap_err().refusal();
    assert_eq!((refusal.place(), refusal.error.kind()), (("orphans", "name"), &ErrorKind::NotInstalled));
}

pub fn a_tenant_without_a_key_gets_nothing_written<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    for failed in refused(&mut world.client, &row(4, 77)) {
        let refusal = failed.refusal();
        assert_eq!(*refusal.error.kind(), ErrorKind::NoPrimary(Scope::tenant(77).unwrap()));
        assert_eq!(refusal.place().0, "vault");
    }
    assert_eq!(world.database.count("vault"), 3);
}
