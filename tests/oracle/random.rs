//! Random values: Rust and the Python oracle say the same of each. The seeds are fixed, so that a
//! run can be repeated.

use crate::client::Refusal;
use crate::client::keys::Keys;
use fieldseal::kms::Local;
use fieldseal::{Column, ErrorKind, Keyring, RowContext, RowId, Scope, Suite, Value, store};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::json;
use testkit::place::{Element, Place};
use testkit::plaintexts::with_each_type;
use testkit::spelt::Spelt;

fn seeded(cases: u32) -> TestRunner {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, b"fieldseal against its own oracle");
    TestRunner::new_with_rng(config, rng)
}

/// What may happen to a value between sealing and opening.
#[derive(Debug, Clone)]
enum Damage {
    None,
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Append(u8),
}

impl Damage {
    fn applied_to(&self, sealed: &[u8]) -> Vec<u8> {
        let mut sealed = sealed.to_vec();
        match self {
            Self::None => {}
            Self::Flip(at, bit) => {
                let at = at.index(sealed.len());
                sealed[at] ^= 1 << bit;
            }
            Self::Cut(at) => sealed.truncate(at.index(sealed.len())),
            Self::Append(byte) => sealed.push(*byte),
        }
        sealed
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = || any::<prop::sample::Index>();
    prop_oneof![
        Just(Damage::None),
        (at(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        at().prop_map(Damage::Cut),
        any::<u8>().prop_map(Damage::Append),
    ]
}

fn element() -> impl Strategy<Value = Element> {
    prop_oneof![
        any::<i64>().prop_map(|int| Element::Int(int.to_string())),
        any::<String>().prop_map(Element::Text),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Element::Bytes(hex::encode(bytes))),
    ]
}

fn place() -> impl Strategy<Value = Place> {
    let row = prop::option::of(prop::collection::vec(element(), 1..4));
    (prop::sample::select(&Suite::ALL), ".{1,20}", ".{1,20}", ".{0,20}", row).prop_map(
        |(suite, table, column, scope, row)| {
            let row = row.filter(|_| suite != Suite::Aes256Siv);
            Place { suite: suite.name().into(), table, column, scope, row }
        },
    )
}

fn name_of(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotSealed => "not_sealed",
        ErrorKind::UnknownKey(_) => "unknown_key",
        ErrorKind::Rejected => "rejected",
        other => panic!("{other}"),
    }
}

#[test]
#[ignore = "needs the Python oracle: bash tests/all"]
fn both_say_the_same_of_200_values() {
    let plaintext = prop::collection::vec(any::<u8>(), 0..100);
    seeded(200)
        .run(&(place(), plaintext, damage()), |(place, plaintext, damage)| {
            let keys = Keys::of(&place);
            for sealed in [keys.seal(&place, &plaintext), crate::client::seal(&place, keys.key(), &plaintext)] {
                let stored = damage.applied_to(&sealed);
                let here = keys.open(&place, &stored).map_err(|error| name_of(error.kind()).to_owned());
                let there = crate::client::open(&place, keys.key(), &stored).map_err(|Refusal(kind)| kind);
                prop_assert_eq!(&here, &there);
                prop_assert_eq!(here.ok(), matches!(damage, Damage::None).then(|| plaintext.clone()));
            }
            Ok(())
        })
        .unwrap();
}

mod encodings {
    use super::*;
    use std::path::PathBuf;
    use tempfile::TempDir;

    const EACH: usize = 100;

    const KINDS: [&str; 22] = [
        "text",
        "bytes",
        "bool",
        "i8",
        "i16",
        "i32",
        "i64",
        "i128",
        "u8",
        "u16",
        "u32",
        "u64",
        "u128",
        "f32",
        "f64",
        "uuid",
        "date",
        "time",
        "datetime",
        "timestamp",
        "timestamp-offset",
        "decimal",
    ];

    fn numbers(len: usize) -> BoxedStrategy<Vec<u8>> {
        prop::collection::vec(any::<u8>(), len).boxed()
    }

    /// Encodings of the kind. Half of the dates are in years that both crates have, half in those
    /// that chrono has.
    fn encoding(kind: &str) -> BoxedStrategy<Vec<u8>> {
        let nanos = || prop_oneof![Just(0), 0..1_000_000_000_u32];
        let seconds =
            || prop_oneof![-300_000_000_000..200_000_000_000_i64, -8_000_000_000_000..8_000_000_000_000_i64];
        let moment = || (seconds(), nanos());
        let moment_bytes =
            |(seconds, nanos): (i64, u32)| [&seconds.to_be_bytes()[..], &nanos.to_be_bytes()].concat();
        match kind {
            "text" => any::<String>().prop_map(String::into_bytes).boxed(),
            "bytes" => prop::collection::vec(any::<u8>(), 0..50).boxed(),
            "bool" => prop::collection::vec(0..2_u8, 1).boxed(),
            "i8" | "u8" => numbers(1),
            "i16" | "u16" => numbers(2),
            "i32" | "u32" | "f32" => numbers(4),
            "i64" | "u64" | "f64" => numbers(8),
            "i128" | "u128" | "uuid" => numbers(16),
            "date" => prop_oneof![-4_000_000..2_900_000, -96_000_000..95_000_000_i32]
                .prop_map(|day: i32| day.to_be_bytes().to_vec())
                .boxed(),
            "time" => {
                let clock = (0..86_400_u32, nanos());
                clock.prop_map(|(second, nanos)| [second.to_be_bytes(), nanos.to_be_bytes()].concat()).boxed()
            }
            "datetime" | "timestamp" => moment().prop_map(moment_bytes).boxed(),
            "timestamp-offset" => (moment(), -86_399..86_400_i32)
                .prop_map(move |(moment, east)| [moment_bytes(moment), east.to_be_bytes().to_vec()].concat())
                .boxed(),
            "decimal" => (0..2_u8, 0..=28_u8, numbers(12))
                .prop_map(|(sign, scale, coefficient)| [vec![sign, scale], coefficient].concat())
                .boxed(),
            _ => unreachable!("{kind}"),
        }
    }

    struct Program {
        dir: TempDir,
        keyring: Keyring,
        database: rusqlite::Connection,
    }

    impl Program {
        fn start() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let kms = Local::create(dir.path().join("kek.json")).unwrap();
            let keyring = Keyring::start(kms, store::File::create(dir.path().join("keys.json")).unwrap()).unwrap();
            keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
            let database = rusqlite::Connection::open(dir.path().join("app.db")).unwrap();
            Self { dir, keyring, database }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        /// Writes every value that is one here into a table of its own, and returns what they are
        /// as text.
        fn write<T: Value + Spelt>(&self, table: &str, column: &Column, encodings: &[Vec<u8>]) -> Vec<String> {
            let create = format!("CREATE TABLE \"{table}\" (id INTEGER PRIMARY KEY, value BLOB)");
            let insert = format!("INSERT INTO \"{table}\" VALUES (?1, ?2)");
            let transaction = self.database.unchecked_transaction().unwrap();
            transaction.execute(&create, []).unwrap();
            let mut written = Vec::new();
            for value in encodings.iter().filter_map(|bytes| T::decode(bytes.clone().into()).ok()) {
                let id = i64::try_from(written.len()).unwrap();
                let sealed = self.keyring.seal(column, &RowContext::of_row(RowId::of(&id)), &value);
                transaction.execute(&insert, (id, sealed)).unwrap();
                written.push(value.spelt());
            }
            transaction.commit().unwrap();
            written
        }

        /// Python opens the values and spells them the same.
        fn check<T: Value + Spelt>(&self, encodings: &[Vec<u8>]) {
            let table = format!("{} of {}", T::KIND, std::any::type_name::<T>());
            let column = Column::new("values", "value").with_kind(T::KIND);
            let written = self.write::<T>(&table, &column, encodings);
            assert!(written.len() > EACH / 3, "{table} has {} values only", written.len());
            let expected: Vec<_> = written.into_iter().map(|text| json!({ "value": text })).collect();
            let opened = crate::client::open_database(json!({
                "kek_file": self.path("kek.json"), "keys": { "file": self.path("keys.json") },
                "database": self.path("app.db"), "table": "values", "sql_table": table,
                "columns": [{
                    "column": "value", "sql_column": "value", "suite": column.suite().name(), "kind": T::KIND.name(),
                }],
                "row": [{ "column": "id", "kind": "int" }],
            }));
            assert_eq!(opened.unwrap()["rows"], json!(expected), "{table}");
        }
    }

    #[test]
    #[ignore = "needs the Python oracle: bash tests/all"]
    fn both_read_the_same_from_100_values_of_each_kind() {
        let (program, mut runner) = (Program::start(), seeded(0));
        for kind in KINDS {
            let encoding = encoding(kind);
            let encodings: Vec<_> = (0..EACH).map(|_| encoding.new_tree(&mut runner).unwrap().current()).collect();
            with_each_type!(kind => check(&program, &encodings));
        }
    }

    fn check<T: Value + Spelt>(program: &Program, encodings: &[Vec<u8>]) {
        program.check::<T>(encodings);
    }
}
