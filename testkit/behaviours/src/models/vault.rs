//! One column of each suite and of each kind of field, as bytes and as base64.

use super::{Client, Database, Dialect, Raw, Store, World};
use fieldseal::{Column, ErrorKind, Model as _, Sealed};
use testkit::database::Refusal;
use testkit::test_keyring;

test_keyring!(Keys, &[1, 2]);

diesel::table! {
    vault (id) {
        id -> BigInt,
        org_id -> BigInt,
        name -> Binary,
        photo -> Binary,
        balance -> Binary,
        email -> Binary,
        note -> Nullable<Binary>,
        illness -> Binary,
        visits -> Binary,
        ssn -> Binary,
        name_64 -> Text,
        photo_64 -> Text,
        balance_64 -> Text,
        email_64 -> Text,
        note_64 -> Nullable<Text>,
        illness_64 -> Text,
        visits_64 -> Text,
        ssn_64 -> Text,
    }
}

model! {
    #[derive(Clone)]
    #[encrypt(table = "vault", row = id, scope = org_id, keyring = Keys, size = 65535)]
    #[diesel(table_name = vault, treat_none_as_null = true)]
    pub struct Vault {
        pub id: i64,
        pub org_id: i64,
        #[encrypt]
        pub name: String,
        #[encrypt(suite = "xchacha20-poly1305", size = 4294967295)]
        pub photo: Vec<u8>,
        #[encrypt(suite = "aes-256-gcm", size = 255)]
        pub balance: i64,
        #[encrypt(suite = "aes-256-siv", unbound_row, size = 255)]
        pub email: String,
        #[encrypt]
        pub note: Option<String>,
        #[encrypt(pad = 16, hide_null)]
        pub illness: Option<String>,
        #[encrypt(json)]
        pub visits: Vec<String>,
        #[encrypt]
        pub ssn: Sealed<String>,
        #[encrypt(base64)]
        pub name_64: String,
        #[encrypt(base64, suite = "xchacha20-poly1305", size = 4294967295)]
        pub photo_64: Vec<u8>,
        #[encrypt(base64, suite = "aes-256-gcm", size = 255)]
        pub balance_64: i64,
        #[encrypt(base64, suite = "aes-256-siv", unbound_row, size = 255)]
        pub email_64: String,
        #[encrypt(base64)]
        pub note_64: Option<String>,
        #[encrypt(base64, pad = 16, hide_null)]
        pub illness_64: Option<String>,
        #[encrypt(base64, json)]
        pub visits_64: Vec<String>,
        #[encrypt(base64)]
        pub ssn_64: Sealed<String>,
    }
}

stores! { Vault in vault }

pub fn row(id: i64, org_id: i64) -> Vault {
    Vault {
        id,
        org_id,
        name: format!("name of {id}"),
        photo: vec![0x5A; 20],
        balance: -1000 - id,
        email: format!("{id}@example.org"),
        note: Some(format!("a note on {id}")),
        illness: Some("flu".into()),
        visits: vec!["monday at nine".into()],
        ssn: Sealed::new(format!("ssn number {id}")),
        name_64: format!("name of {id} in base64"),
        photo_64: vec![0x5A; 21],
        balance_64: 1000 + id,
        email_64: format!("{id}@base64.example.org"),
        note_64: Some(format!("note {id} in base64")),
        illness_64: Some("cold".into()),
        visits_64: vec!["tuesday".into()],
        ssn_64: Sealed::new(format!("ssn {id} in base64")),
    }
}

/// All of it, opened.
pub fn shown(vault: &Vault) -> Result<String, fieldseal::Error> {
    let Vault { id, org_id, name, photo, balance, email, note, illness, visits, ssn, .. } = vault;
    let Vault { name_64, photo_64, balance_64, email_64, note_64, illness_64, visits_64, ssn_64, .. } = vault;
    let (ssn, ssn_64) = (ssn.open()?, ssn_64.open()?);
    let bytes = format!("{name} {photo:?} {balance} {email} {note:?} {illness:?} {visits:?} {ssn}");
    let base64 = format!("{name_64} {photo_64:?} {balance_64} {email_64} {note_64:?} {illness_64:?} {visits_64:?}");
    Ok(format!("{id} {org_id} {bytes} {base64} {ssn_64}"))
}

pub fn columns() -> &'static [Column] {
    Vault::SCHEMA.columns
}

impl<C: Client + Store<Vault>> World<C> {
    /// Rows 1 and 2 of tenant 1, row 3 of tenant 2.
    pub fn filled() -> Self {
        let mut world = Self::with_table_of::<Vault>();
        assert_eq!(world.client.insert_many(&[row(1, 1), row(2, 1)]).unwrap(), 2);
        assert_eq!(world.client.insert(&row(3, 2)).unwrap(), 1);
        for id in 1..=3 {
            assert_eq!(world.read(id), Ok(shown(&row(id, 1 + id / 3)).unwrap()));
        }
        world
    }

    pub fn stored(&mut self, column: &Column, id: i64) -> Vec<u8> {
        self.database.raw(&Vault::SCHEMA, column, id).unwrap()
    }

    /// The sealed bytes, also of a column of base64.
    pub fn sealed(&mut self, column: &Column, id: i64) -> Vec<u8> {
        let stored = self.stored(column, id);
        if column.is_base64() { super::from_base64(&stored).unwrap() } else { stored }
    }

    /// The row, or the kind of the error.
    pub fn read(&mut self, id: i64) -> Result<String, ErrorKind> {
        self.read_printed(id).map_err(|refusal| refusal.error.kind().clone())
    }

    pub fn read_printed(&mut self, id: i64) -> Result<String, Refusal> {
        let loaded = self.client.load(id).map_err(|failed| failed.refusal())?;
        shown(&loaded.unwrap()).map_err(|error| Refusal::of(&error))
    }

    pub fn put(&mut self, column: &Column, id: i64, value: &Raw) {
        self.database.put(&Vault::SCHEMA, column, id, value);
    }

    /// Puts those sealed bytes into the column of row 1.
    pub fn put_sealed(&mut self, column: &Column, sealed: &[u8]) {
        self.put(column, 1, &Raw::sealed(column, sealed));
    }

    /// Puts `value` into the column of row 1: it must be refused for one of `kinds`, and nothing of
    /// it printed.
    pub fn refuse(&mut self, column: &Column, value: &Raw, kinds: &[ErrorKind]) {
        self.put(column, 1, value);
        let name = column.name();
        let refusal = self.read_printed(1).expect_err(name);
        assert!(kinds.contains(refusal.error.kind()), "{name}: {refusal:?}, not {kinds:?}");
        assert_eq!(refusal.place(), ("vault", name));
        for form in &value.printed_forms() {
            assert!(!refusal.printed.contains(form.as_str()), "{name}: {refusal:?} shows {form}");
        }
    }

    pub fn refuse_sealed(&mut self, column: &Column, sealed: &[u8], kinds: &[ErrorKind]) {
        self.refuse(column, &Raw::sealed(column, sealed), kinds);
    }

    /// Refused by the database itself, or else by fieldseal as what it is.
    pub fn refuse_by_either(&mut self, column: &Column, value: &Raw) {
        let dialect: Dialect = Self::dialect();
        if dialect.takes(column, value) {
            self.refuse(column, value, &[dialect.kind_of(column, value)]);
        } else {
            let put = self.database.try_put(&Vault::SCHEMA, column, 1, value);
            assert!(put.is_err(), "{dialect:?} takes {value:?} for {}", column.name());
        }
    }
}
