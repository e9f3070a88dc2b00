//! Modules without a prelude, and with other meanings for the prelude's names: the derive's code
//! names everything by its full path.

use rusqlite::Connection;

testkit::test_keyring!(Keys, &[]);

#[no_implicit_prelude]
mod without_prelude {
    #[derive(::core::cmp::PartialEq, ::fieldseal::EncryptValue)]
    pub(crate) struct Email(pub(crate) ::std::string::String);

    #[derive(::core::clone::Clone, ::core::cmp::PartialEq, ::fieldseal::EncryptValue)]
    pub(crate) struct Phone {
        pub(crate) number: ::core::primitive::u64,
    }

    #[derive(::core::cmp::PartialEq, ::fieldseal::Encrypt)]
    #[encrypt(table = "people", row = id, keyring = super::Keys, rusqlite)]
    pub(crate) struct Person {
        pub(crate) id: ::core::primitive::i64,
        #[encrypt]
        pub(crate) email: Email,
        #[encrypt]
        pub(crate) phone: ::core::option::Option<Phone>,
        #[encrypt]
        pub(crate) name: ::std::string::String,
        #[encrypt(json, pad = 8, hide_null)]
        pub(crate) tags: ::core::option::Option<::std::vec::Vec<::std::string::String>>,
        #[encrypt(suite = "aes-256-siv", unbound_row)]
        pub(crate) bytes: ::std::vec::Vec<::core::primitive::u8>,
    }
}

/// Names of the prelude, with other meanings.
#[allow(dead_code, non_camel_case_types)]
mod other_meanings {
    pub(crate) struct Option;
    pub(crate) struct Result;
    pub(crate) struct String;
    pub(crate) struct Vec;
    pub(crate) struct Box;
    pub(crate) struct Some;
    pub(crate) struct None;
    pub(crate) struct Ok;
    pub(crate) struct Err;
    pub(crate) struct str;
    pub(crate) struct u8;
    pub(crate) struct i64;
    pub(crate) trait Clone {}
    pub(crate) trait Into {}
    pub(crate) trait From {}
    pub(crate) trait TryFrom {}
    pub(crate) trait Debug {}
    pub(crate) trait Value {}
    pub(crate) trait Model {}
    pub(crate) mod core {}
    pub(crate) mod std {}
    pub(crate) mod fieldseal {}
    pub(crate) mod rusqlite {}
}

/// Methods that come before those of `Option` and `Result`, since they take `self`.
#[allow(dead_code, clippy::wrong_self_convention, reason = "it's there to be in the way")]
trait Intrusive: Sized {
    fn as_ref(self) -> ! {
        panic!("not the method that was meant")
    }

    fn push_to(self) -> ! {
        panic!("not the method that was meant")
    }

    fn seal(self) -> ! {
        panic!("not the method that was meant")
    }
}

impl<T> Intrusive for T {}

#[no_implicit_prelude]
mod shadowed {
    #[allow(unused_imports)]
    use super::Intrusive;
    #[allow(unused_imports)]
    use super::other_meanings::*;

    #[derive(::core::cmp::PartialEq, ::fieldseal::Encrypt)]
    #[encrypt(table = "people", row = id, scope = id, keyring = super::Keys, rusqlite)]
    pub(crate) struct Person {
        pub(crate) id: ::core::primitive::i64,
        #[encrypt]
        pub(crate) name: ::std::string::String,
        #[encrypt]
        pub(crate) phone: ::core::option::Option<::core::primitive::u64>,
        #[encrypt(json)]
        pub(crate) tags: ::core::option::Option<::std::vec::Vec<::std::string::String>>,
    }

    #[derive(::fieldseal::EncryptValue)]
    #[allow(dead_code)]
    struct Email(::std::string::String);
}

#[test]
fn a_model_works_without_a_prelude() {
    use without_prelude::{Email, Person, Phone};

    let conn = Connection::open_in_memory().unwrap();
    conn.execute("CREATE TABLE p (id INTEGER, email BLOB, phone BLOB, name BLOB, tags BLOB, bytes BLOB)", [])
        .unwrap();
    let person = Person {
        id: 1,
        email: Email("a@b".to_owned()),
        phone: Some(Phone { number: 5 }),
        name: "n".to_owned(),
        tags: None,
        bytes: vec![1],
    };
    let insert = "INSERT INTO p VALUES (:id, :email, :phone, :name, :tags, :bytes)";
    conn.execute(insert, person.params().bind().as_slice()).unwrap();
    let loaded = conn.query_row("SELECT * FROM p", [], |row| Person::try_from(row)).unwrap();
    assert!(person == loaded);
}

#[test]
fn names_of_the_prelude_may_mean_something_else() {
    use shadowed::Person;

    let person = Person { id: 1, name: String::new(), phone: None, tags: None };
    assert_eq!(person.params().bind().len(), 4);
    let error = Person::seal_name(&1, "n").into_bytes().unwrap_err();
    assert_eq!(error.column(), Some("name"), "no key for that tenant");
}
