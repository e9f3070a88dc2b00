//! Random values: a guard and the format agree on each.

use super::world::{NAME, PEOPLE};
use super::{Home, World};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldseal::Dialect;
use fieldseal::envelope::Envelope;
use fieldseal::guards::KeyCheck;
use fieldseal::{Column, Suite};
use fieldseal_sweep::sql::Cell;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const SIV: &[Column] =
    &[NAME.with_suite(Suite::Aes256Siv), NAME.with_suite(Suite::Aes256Siv).base64().with_sql_name("note")];

/// Most of them nearly sealed.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![9 => Just(1_u8), 1 => any::<u8>()];
    let id = prop_oneof![1 => Just(0_u32), 1 => (0..32_u32).prop_map(|bit| 1 << bit), 3 => any::<u32>()];
    let near = (first, id, prop::collection::vec(any::<u8>(), 12..24))
        .prop_map(|(first, id, body)| [&[first], id.to_be_bytes().as_slice(), &body].concat());
    prop_oneof![8 => near, 1 => prop::collection::vec(any::<u8>(), 0..64)]
}

/// Base64 of such bytes, with up to two changes.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::sample::select(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".to_vec()),
        1 => Just(b'='),
        1 => prop::sample::select(b" \t\r\n\x0b-_.\"'\\\x01\x7f".to_vec()),
    ];
    let change = (any::<prop::sample::Index>(), prop::option::weighted(0.9, character), any::<bool>());
    (bytes(), prop::collection::vec(change, 0..3)).prop_map(|(bytes, changes)| {
        let mut text = STANDARD.encode(bytes).into_bytes();
        for (at, character, replaces) in changes {
            // Every other change is at the end, where the padding is.
            let at = if replaces { at.index(text.len() + 1) } else { text.len().saturating_sub(at.index(5)) };
            match character {
                Some(character) if at < text.len() => text[at] = character,
                Some(character) => text.push(character),
                None if at < text.len() => drop(text.remove(at)),
                None => {}
            }
        }
        String::from_utf8(text).unwrap()
    })
}

fn could_be_sealed(bytes: &[u8]) -> bool {
    bytes.len() >= Suite::Aes256Siv.overhead() && Envelope::parse(bytes).is_ok()
}

pub fn random_values_pass_exactly_if_they_could_be_sealed(home: Home) {
    let mut world = World::new(home);
    world.unsynchronised();
    let (bytes_type, text_type) = (world.type_of(false), world.type_of(true));
    world.batch(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name {bytes_type}, note {text_type})"));
    world.guard(&[PEOPLE.with_columns(SIV)], &KeyCheck::None);
    world.passes("INSERT INTO people (id) VALUES (1)", &[]);
    let cases = if world.dialect() == Dialect::Sqlite { 20_000 } else { 3000 };
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let world = std::cell::RefCell::new(world);
    let (passed, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let tried = runner.run(&(bytes(), text()), |(bytes, text)| {
        let mut world = world.borrow_mut();
        let decoded = STANDARD.decode(&text).ok();
        let expected = [could_be_sealed(&bytes), decoded.is_some_and(|bytes| could_be_sealed(&bytes))];
        let cells = [("name", Cell::Bytes(bytes)), ("note", Cell::text(&text))];
        for ((column, cell), expected) in cells.into_iter().zip(expected) {
            world.write(&format!("UPDATE people SET {column} = NULL"), &[]).unwrap();
            let done = world.write(&format!("UPDATE people SET {column} = ?"), &[cell]);
            if let Err(error) = &done {
                prop_assert!(error.to_string().contains("must be a sealed value"), "{}", error);
            }
            prop_assert_eq!(done.is_ok(), expected, "{} {:?}", column, text);
            let count = if expected { &passed } else { &refused };
            count.set(count.get() + 1);
        }
        Ok(())
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
    assert!(passed.get() > cases / 10 && refused.get() > cases / 10, "{passed:?} {refused:?}");
}
