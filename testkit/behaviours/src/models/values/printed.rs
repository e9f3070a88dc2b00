//! What libraries and databases print of rows, of statements and of what went wrong: never a value,
//! never a key.

use crate::models::vault::{Keys, Vault, columns, row};
use crate::models::{Client, Database as _, Failed, Raw, Store, World, from_base64};
use fieldseal::keyring::KeyringSource as _;
use fieldseal::{ErrorKind, Scope, Suite};
use std::io::Write;
use std::sync::{Arc, Mutex};
use testkit::scanner::Secrets;
use tracing_subscriber::fmt::MakeWriter;

fn secrets() -> Secrets {
    let mut secrets = Secrets::new();
    for (id, tenant) in [(1, 1), (2, 1), (3, 2), (4, 1), (5, 77)] {
        let Vault { name, email, note, visits, ssn, name_64, email_64, note_64, .. } = row(id, tenant);
        let [note, note_64, ssn] = [note.unwrap(), note_64.unwrap(), ssn.open().unwrap()];
        for text in [&name, &email, &note, &visits[0], &ssn, &name_64, &email_64, &note_64] {
            secrets.add(text, text.as_bytes());
        }
    }
    secrets.add("photo", &row(1, 1).photo);
    for column in columns() {
        for tenant in [1, 2] {
            let scope = Scope::tenant(tenant).unwrap();
            let keyring = Keys::keyring().unwrap();
            let keyset = keyring.admin().dangerously_export_cleartext_tink_keyset(column, &scope).unwrap();
            let keyset: serde_json::Value = serde_json::from_str(&keyset).unwrap();
            let message = from_base64(keyset["key"][0]["keyData"]["value"].as_str().unwrap().as_bytes()).unwrap();
            let len = if column.suite() == Suite::Aes256Siv { 64 } else { 32 };
            for half in message[message.len() - len..].chunks(32) {
                secrets.add("column key", half);
            }
        }
    }
    secrets
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

pub fn nothing_that_is_logged_shows_a_secret<C: Client + Store<Vault>>() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        tracing::trace!(secret = testkit::scanner::PLANTED, "planted");
        let mut world = World::<C>::filled();
        world.client.update(&row(1, 1)).unwrap();
        world.client.upsert(&row(4, 1)).unwrap();
        assert!(world.client.insert(&row(4, 1)).is_err());
        world.put(&columns()[0], 1, &Raw::Null);
        assert!(world.client.load_all().is_err());
    });
    let log = log.0.lock().unwrap();
    secrets().check(C::NAME, &log);
}

pub fn no_error_shows_a_secret<C: Client + Store<Vault>>() {
    let mut world = World::<C>::filled();
    let mut printed = vec![format!("{:?} {:#?}", row(1, 1), Some(row(2, 1)))];
    let keep = |printed: &mut Vec<String>, failed: Failed, of_the_database: bool| {
        assert_eq!(failed.error.is_none(), of_the_database, "{}", failed.printed);
        printed.push(failed.printed);
    };
    // The database's own errors.
    keep(&mut printed, world.client.insert(&row(1, 1)).unwrap_err(), true);
    keep(&mut printed, world.client.insert_many(&[row(4, 1), row(1, 1)]).unwrap_err(), true);
    world.client.delete(4).unwrap();
    // fieldseal's, in the library's.
    keep(&mut printed, world.client.insert(&row(5, 77)).unwrap_err(), false);
    let long = Vault { email: row(4, 1).email.repeat(20), ..row(4, 1) };
    keep(&mut printed, world.client.upsert(&long).unwrap_err(), false);
    for column in columns() {
        let whole = world.sealed(column, 1);
        let mut plaintexts = vec![row(1, 1).name.into_bytes(), row(1, 1).photo];
        plaintexts.push([&whole[..5], &plaintexts[0][..]].concat());
        plaintexts.push([&[1, 0, 0, 0, 7], &row(1, 1).email.repeat(4).into_bytes()[..]].concat());
        plaintexts.push(whole[..whole.len() - 1].to_vec());
        for plaintext in plaintexts {
            world.put_sealed(column, &plaintext);
            let refusal = world.read_printed(1).unwrap_err();
            printed.push(refusal.printed);
        }
        if !matches!(column.name(), "note" | "note_64") {
            world.put(column, 1, &Raw::Null);
            let refusal = world.read_printed(1).unwrap_err();
            assert_eq!(*refusal.error.kind(), ErrorKind::UnexpectedNull);
            printed.push(refusal.printed);
        }
        world.put_sealed(column, &whole);
    }
    // There is no such table any more.
    world.database.execute("ALTER TABLE vault RENAME TO elsewhere");
    keep(&mut printed, world.client.insert(&row(4, 1)).unwrap_err(), true);
    keep(&mut printed, world.client.upsert(&row(4, 1)).unwrap_err(), true);
    keep(&mut printed, world.client.load(1).map(drop).unwrap_err(), true);
    secrets().check_text(C::NAME, &printed.join("\n"));
}
