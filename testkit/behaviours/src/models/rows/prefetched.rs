//! A program that never waits: what a page needs is known from what is stored, before any of it is
//! opened.

use crate::models::{Client, Store, World};
use fieldseal::keyring::{KeyringSource, Need};
use fieldseal::value::{Json, StoredValue};
use fieldseal::{Error, ErrorKind, Keyring, Model as _, RowContext, RowId, Scope, Sealed, store, testing};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

diesel::table! {
    page (id) {
        id -> BigInt,
        xaes -> Binary,
        xchacha -> Nullable<Binary>,
        gcm -> Binary,
        siv -> Binary,
        padded -> Binary,
        json -> Binary,
        xaes_64 -> Text,
        xchacha_64 -> Nullable<Text>,
        gcm_64 -> Text,
        siv_64 -> Text,
        padded_64 -> Text,
        json_64 -> Text,
    }
}

model! {
    #[encrypt(table = "page", row = id, keyring = NeverWaits, size = 65535)]
    #[diesel(table_name = page, treat_none_as_null = true)]
    pub struct Page {
        pub id: i64,
        #[encrypt]
        xaes: Sealed<String>,
        #[encrypt(suite = "xchacha20-poly1305")]
        xchacha: Option<Sealed<Vec<u8>>>,
        #[encrypt(suite = "aes-256-gcm")]
        gcm: Sealed<i64>,
        #[encrypt(suite = "aes-256-siv", unbound_row)]
        siv: Sealed<String>,
        #[encrypt(pad = 32)]
        padded: Sealed<String>,
        #[encrypt]
        json: Sealed<Json<Vec<String>>>,
        #[encrypt(base64)]
        xaes_64: Sealed<String>,
        #[encrypt(base64, suite = "xchacha20-poly1305")]
        xchacha_64: Option<Sealed<Vec<u8>>>,
        #[encrypt(base64, suite = "aes-256-gcm")]
        gcm_64: Sealed<i64>,
        #[encrypt(base64, suite = "aes-256-siv", unbound_row)]
        siv_64: Sealed<String>,
        #[encrypt(base64, pad = 32)]
        padded_64: Sealed<String>,
        #[encrypt(base64)]
        json_64: Sealed<Json<Vec<String>>>,
    }
}

stores! { Page in page }

/// One keyring for all tests of this module, which forget its keys: one test at a time.
pub struct NeverWaits;

impl KeyringSource for NeverWaits {
    fn keyring() -> Result<&'static Keyring, Error> {
        static KEYRING: OnceLock<Keyring> = OnceLock::new();
        Ok(KEYRING.get_or_init(|| {
            let builder = Keyring::builder(testing::FaultyKms::new(), store::Memory::new());
            let keyring = builder.never_wait().without_background().start().unwrap();
            keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
            keyring
        }))
    }
}

fn alone() -> (&'static Keyring, MutexGuard<'static, ()>) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    (NeverWaits::keyring().unwrap(), turn)
}

fn row(id: i64) -> Page {
    Page {
        id,
        xaes: Sealed::new(format!("text {id}")),
        xchacha: (id % 2 == 0).then(|| Sealed::new(vec![255, 0])),
        gcm: Sealed::new(-id),
        siv: Sealed::new(format!("{id}@example.org")),
        padded: Sealed::new("padded".to_owned()),
        json: Sealed::new(Json(vec!["monday".to_owned()])),
        xaes_64: Sealed::new(format!("text {id} in base64")),
        xchacha_64: (id % 2 == 0).then(|| Sealed::new(vec![0, 255])),
        gcm_64: Sealed::new(id),
        siv_64: Sealed::new(format!("{id}@base64.example.org")),
        padded_64: Sealed::new("padded".to_owned()),
        json_64: Sealed::new(Json(vec!["tuesday".to_owned()])),
    }
}

/// What a field is without its type.
struct Field {
    need: Option<Need>,
    opens: Result<String, ErrorKind>,
}

fn fields(page: &Page) -> Vec<Field> {
    fn of<T: fieldseal::Value + Clone>(sealed: &Sealed<T>, shown: impl Fn(T) -> String) -> Field {
        Field { need: sealed.need(), opens: sealed.open().map(shown).map_err(|error| error.kind().clone()) }
    }
    let text = |text: String| text;
    let bytes = |bytes: Vec<u8>| format!("{bytes:?}");
    let json = |Json(days): Json<Vec<String>>| days.join(" ");
    let mut fields = vec![
        of(&page.xaes, text),
        of(&page.gcm, |number| number.to_string()),
        of(&page.siv, text),
        of(&page.padded, text),
        of(&page.json, json),
        of(&page.xaes_64, text),
        of(&page.gcm_64, |number| number.to_string()),
        of(&page.siv_64, text),
        of(&page.padded_64, text),
        of(&page.json_64, json),
    ];
    fields.extend([&page.xchacha, &page.xchacha_64].into_iter().flatten().map(|sealed| of(sealed, bytes)));
    fields
}

/// In base64 and in bytes, whatever the library calls them: text, bytes, or neither.
pub fn a_program_that_never_waits_opens_what_it_prefetched<C: Client + Store<Page>>() {
    let (keyring, _turn) = alone();
    let mut world = World::<C>::with_table_of::<Page>();
    keyring.prefetch_blocking([Need::Seal(Scope::APPLICATION)]).unwrap();
    let old = keyring.primary(&Scope::APPLICATION).unwrap();
    assert_eq!(world.client.insert(&row(1)).unwrap(), 1);
    let new = keyring.admin().rotate(&Scope::APPLICATION).unwrap();
    assert_eq!(world.client.insert_many(&[row(2), row(3)]).unwrap(), 2);
    keyring.forget_keys();

    let rows = world.client.load_all().unwrap();
    let needs = rows.iter().flat_map(fields).map(|field| field.need.expect("a need for every kind of column"));
    let needs: Vec<_> = needs.collect();
    for (row, key) in rows.iter().zip([old, new, new]) {
        for field in fields(row) {
            assert_eq!(field.need, Some(Need::Open(key)), "row {}", row.id);
            assert_eq!(field.opens, Err(ErrorKind::NotLoaded(Need::Open(key))), "row {}", row.id);
        }
    }
    keyring.prefetch_blocking(needs).unwrap();
    for (id, loaded) in (1..).zip(&rows) {
        let opened: Vec<_> = fields(loaded).into_iter().map(|field| field.opens).collect();
        let written: Vec<_> = fields(&row(id)).into_iter().map(|field| field.opens).collect();
        assert_eq!(opened, written, "row {id}");
    }

    // And from what plain SQL gives, whose bytes say nothing of their type.
    keyring.forget_keys();
    for column in Page::SCHEMA.columns {
        let stored = world.database_raw(column, 2);
        for stored in [StoredValue::Bytes(&stored), StoredValue::Untyped(&stored)] {
            assert_eq!(Need::of_stored(column, stored), Some(Need::Open(new)), "{}", column.name());
        }
        let text = Need::of_stored(column, StoredValue::Text(&stored));
        assert_eq!(text, column.is_base64().then_some(Need::Open(new)), "{}", column.name());
        let row = RowContext::of_row(RowId::of(&2_i64));
        assert!(keyring.open_bytes(column, &row, &stored).is_err(), "not prefetched");
    }
}

impl<C: Client + Store<Page>> World<C> {
    fn database_raw(&mut self, column: &fieldseal::Column, id: i64) -> Vec<u8> {
        crate::models::Database::raw(&mut self.database, &Page::SCHEMA, column, id).unwrap()
    }
}
