//! Finding rows by the ciphertext of a deterministic column, across rotations.

use crate::models::{Client, Store, World};
use fieldseal::keyring::KeyringSource as _;
use fieldseal::value::SealedValue;
use fieldseal::{ErrorKind, Keyring, Scope, Sealed};
use std::sync::atomic::{AtomicI64, Ordering};
use testkit::test_keyring;

test_keyring!(Keys, &[]);

diesel::table! {
    people (id) {
        id -> BigInt,
        org_id -> BigInt,
        email -> Binary,
        phone -> Nullable<Binary>,
        email_64 -> Text,
        phone_64 -> Nullable<Text>,
    }
}

model! {
    #[encrypt(table = "people", row = id, scope = org_id, keyring = Keys, size = 255)]
    #[diesel(table_name = people)]
    pub struct Person {
        pub id: i64,
        org_id: i64,
        #[encrypt(suite = "aes-256-siv", unbound_row)]
        email: String,
        #[encrypt(suite = "aes-256-siv", unbound_row)]
        phone: Option<String>,
        #[encrypt(suite = "aes-256-siv", unbound_row, base64)]
        email_64: String,
        #[encrypt(suite = "aes-256-siv", unbound_row, base64)]
        phone_64: Option<String>,
    }
}

model! {
    /// The same rows, with fields that aren't opened on load.
    #[encrypt(table = "people", row = id, scope = org_id, keyring = Keys, size = 255)]
    #[diesel(table_name = people)]
    pub struct Contact {
        pub id: i64,
        org_id: i64,
        #[encrypt(suite = "aes-256-siv", unbound_row)]
        email: Sealed<String>,
        #[encrypt(suite = "aes-256-siv", unbound_row, base64)]
        email_64: Sealed<String>,
    }
}

stores! { Person in people find email phone email_64 phone_64, Contact in people }

const ADA: &str = "ada@example.org";
const PHONE: &str = "+32 2 555 00 00";

fn keys() -> &'static Keyring {
    Keys::keyring().unwrap()
}

/// A tenant of this test alone, with a first key.
fn tenant() -> (i64, Scope) {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    let tenant = NEXT.fetch_add(1, Ordering::Relaxed);
    let scope = Scope::tenant(tenant).unwrap();
    keys().admin().ensure_scope(&scope).unwrap();
    (tenant, scope)
}

fn person(id: i64, org_id: i64, email: &str) -> Person {
    let phone = (id % 2 == 0).then(|| PHONE.to_owned());
    Person { id, org_id, email: email.to_owned(), email_64: email.to_owned(), phone_64: phone.clone(), phone }
}

/// The same ids for the column of bytes and for that of base64.
fn find(client: &mut impl Store<Person>, column: &str, candidates: [&[SealedValue]; 2]) -> Vec<i64> {
    let base64 = client.find(&format!("{column}_64"), candidates[1]).unwrap();
    let bytes = client.find(column, candidates[0]).unwrap();
    assert_eq!(bytes, base64);
    bytes
}

fn emails(tenant: i64, email: &str) -> [Vec<SealedValue>; 2] {
    [Person::seal_email_under_each_key(&tenant, email), Person::seal_email_64_under_each_key(&tenant, email)]
}

fn phones(tenant: i64, phone: Option<&str>) -> [Vec<SealedValue>; 2] {
    [Person::seal_phone_under_each_key(&tenant, phone), Person::seal_phone_64_under_each_key(&tenant, phone)]
}

pub fn rows_are_found_under_every_key_that_opens<C: Client + Store<Person> + Store<Contact>>() {
    let mut world = World::<C>::with_table_of::<Person>();
    let ((one, scope), (two, _)) = (tenant(), tenant());
    let oldest = keys().primary(&scope).unwrap();
    for id in 0..4 {
        for row in
            [person(2 * id, one, ADA), person(2 * id + 1, one, "grace@example.org"), person(100 + id, two, ADA)]
        {
            Store::<Person>::insert(&mut world.client, &row).unwrap();
        }
        keys().admin().rotate(&scope).unwrap();
    }
    let found =
        |client: &mut C, column, [bytes, base64]: &[Vec<SealedValue>; 2]| find(client, column, [bytes, base64]);
    let client = &mut world.client;
    let candidates = emails(one, ADA);
    assert!(candidates.iter().all(|candidates| candidates.len() == 5));
    assert_eq!(candidates[0][0], Person::seal_email(&one, ADA), "the primary first");
    assert_eq!(candidates[1][0], Person::seal_email_64(&one, ADA), "the primary first");
    assert_eq!(found(client, "email", &candidates), [0, 2, 4, 6]);
    let newest = [vec![Person::seal_email(&one, ADA)], vec![Person::seal_email_64(&one, ADA)]];
    assert_eq!(found(client, "email", &newest), [0_i64; 0]);
    assert_eq!(found(client, "phone", &phones(one, Some(PHONE))), [0, 2, 4, 6]);
    assert_eq!(found(client, "phone", &phones(one, None)), [0_i64; 0]);
    assert_eq!(found(client, "email", &emails(two, ADA)), [100, 101, 102, 103]);

    // A field that was loaded sealed is opened and sealed anew, under each key.
    let loaded: Contact = client.load(0).unwrap().unwrap();
    assert_eq!(Contact::seal_email_under_each_key(&one, &loaded.email), candidates[0]);
    assert_eq!(Contact::seal_email_64_under_each_key(&one, &loaded.email_64), candidates[1]);

    // What a retired key sealed can't be found: it can't be opened either.
    keys().admin().retire(oldest).unwrap();
    assert_eq!(found(client, "email", &emails(one, ADA)), [2, 4, 6]);
}

pub fn a_lookup_that_cannot_be_made_is_one_error<C: Client + Store<Person>>() {
    let mut world = World::<C>::with_table_of::<Person>();
    let stranger = Scope::tenant(-9).unwrap();
    for (column, candidates) in ["email", "email_64"].into_iter().zip(emails(-9, ADA)) {
        let [value] = &candidates[..] else { panic!("{candidates:?}") };
        assert_eq!(*value.bytes().unwrap_err().kind(), ErrorKind::NoPrimary(stranger.clone()));
        let refusal = world.client.find(column, &candidates).unwrap_err().refusal();
        assert_eq!(refusal.place(), ("people", column));
    }
}
