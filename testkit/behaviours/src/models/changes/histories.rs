//! Random histories of a database and its keys, against a plain map: every read gives what was
//! written last, or exactly the error that the key's state calls for. Two keyrings share a key
//! store, as two processes would, and see each other's changes when they refresh, or when they need
//! a key that they don't have; two libraries share a table with all four suites in it, as bytes and
//! as base64.
//!
//! `PROPTEST_CASES` says how many histories are tried.

use crate::models::{Client, Database as _, Failed, Store, World as Place, from_base64};
use fieldseal::envelope::Envelope;
use fieldseal::keyring::{KeyInfo, KeyringSource};
use fieldseal::keys::{KeyId, KeyState};
use fieldseal::kms::Local;
use fieldseal::store::Rusqlite;
use fieldseal::{Column, Error, ErrorKind, Keyring, KeyringError, Model as _, Scope};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

thread_local! {
    static CURRENT: Cell<Option<&'static Keyring>> = const { Cell::new(None) };
}

/// The keyring of whichever process acts.
pub struct Acting;

impl KeyringSource for Acting {
    fn keyring() -> Result<&'static Keyring, Error> {
        CURRENT.get().map_or_else(fieldseal::keyring::Installed::keyring, Ok)
    }
}

diesel::table! {
    history (id) {
        id -> BigInt,
        tenant -> BigInt,
        xaes -> Binary,
        xchacha -> Nullable<Binary>,
        gcm -> Binary,
        siv -> Binary,
        hidden -> Binary,
        xaes_64 -> Nullable<Text>,
        siv_64 -> Text,
    }
}

model! {
    #[derive(Debug, Clone, PartialEq)]
    #[encrypt(table = "rows", row = id, scope = tenant, keyring = Acting, size = 65535, no_debug)]
    #[diesel(table_name = history, treat_none_as_null = true)]
    pub struct Row {
        pub id: i64,
        tenant: i64,
        #[encrypt]
        xaes: String,
        #[encrypt(suite = "xchacha20-poly1305")]
        xchacha: Option<Vec<u8>>,
        #[encrypt(suite = "aes-256-gcm")]
        gcm: i64,
        #[encrypt(suite = "aes-256-siv", unbound_row)]
        siv: String,
        #[encrypt(pad = 16, hide_null)]
        hidden: Option<String>,
        #[encrypt(base64)]
        xaes_64: Option<String>,
        #[encrypt(base64, suite = "aes-256-siv", unbound_row)]
        siv_64: String,
    }
}

stores! { Row in history }

/// One of the two that share the table.
#[derive(Debug, Clone, Copy)]
enum Library {
    First,
    Second,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Promote,
    Retire,
    Reactivate,
    Destroy,
}

#[derive(Debug, Clone)]
enum Event {
    Write(Library, i64, i64, Text),
    Update(Library, i64, Text),
    Delete(i64),
    Read(Library, i64),
    EnsureScope(i64),
    Rotate(i64),
    Stage(i64),
    Step(Step, prop::sample::Index),
    Refresh,
    Reopen,
}

/// What a row's values are made of.
type Text = (String, Option<Vec<u8>>, i64, Option<String>);

fn event() -> impl Strategy<Value = Event> {
    let library = || prop_oneof![Just(Library::First), Just(Library::Second)];
    let (id, tenant) = (|| 1..6_i64, || TENANTS);
    let text = || {
        (
            "\\PC{0,20}",
            prop::option::of(prop::collection::vec(any::<u8>(), 0..20)),
            any::<i64>(),
            prop::option::of(".{0,20}"),
        )
    };
    let step = prop_oneof![Just(Step::Promote), Just(Step::Retire), Just(Step::Reactivate), Just(Step::Destroy)];
    prop_oneof![
        6 => (library(), id(), tenant(), text()).prop_map(|(library, id, tenant, text)| Event::Write(library, id, tenant, text)),
        3 => (library(), id(), text()).prop_map(|(library, id, text)| Event::Update(library, id, text)),
        1 => id().prop_map(Event::Delete),
        8 => (library(), id()).prop_map(|(library, id)| Event::Read(library, id)),
        1 => tenant().prop_map(Event::EnsureScope),
        2 => tenant().prop_map(Event::Rotate),
        1 => tenant().prop_map(Event::Stage),
        4 => (step, any::<prop::sample::Index>()).prop_map(|(step, which)| Event::Step(step, which)),
        2 => Just(Event::Refresh),
        1 => Just(Event::Reopen),
    ]
}

/// The real thing, and beside it the map.
struct World<A: Client, B> {
    place: Place<A>,
    second: B,
    keys: TempDir,
    processes: [Process; 2],
    rows: BTreeMap<i64, (Row, KeyId)>,
    /// The keys after each event; the last is how they are.
    log: Vec<Keys>,
}

struct Process {
    keyring: &'static Keyring,
    /// Since when it has surely seen each tenant's keys, as a place in the log. What happened later
    /// it may have seen.
    seen: BTreeMap<i64, usize>,
}

const TENANTS: std::ops::Range<i64> = 1..3;

/// Every key's scope and state.
type Keys = BTreeMap<KeyId, (i64, KeyState)>;

impl<A, B> World<A, B>
where
    A: Client + Store<Row>,
    B: Client<Database = A::Database> + Store<Row>,
{
    fn new() -> Self {
        let place = Place::<A>::with_table_of::<Row>();
        let second = B::connect(&place.database);
        let keys = tempfile::tempdir().unwrap();
        Local::create(keys.path().join("kek.json")).unwrap();
        Rusqlite::open(keys.path().join("keys.db")).unwrap().create_table().unwrap();
        let processes = [Process::start(&keys, 0), Process::start(&keys, 0)];
        Self { place, second, keys, processes, rows: BTreeMap::new(), log: vec![Keys::new()] }
    }

    fn run(&mut self, process: usize, event: Event) {
        self.log.push(self.keys().clone());
        let keyring = self.processes[process].keyring;
        CURRENT.set(Some(keyring));
        match event {
            Event::Write(library, id, tenant, text) => self.write(process, library, row(id, tenant, text), true),
            Event::Update(library, id, text) => {
                if let Some((Row { tenant, .. }, _)) = self.rows.get(&id) {
                    self.write(process, library, row(id, *tenant, text), false);
                }
            }
            Event::Delete(id) => {
                let there = self.rows.remove(&id).is_some();
                assert_eq!(self.place.client.delete(id).unwrap(), usize::from(there));
            }
            Event::Read(library, id) => self.read(process, library, id),
            Event::EnsureScope(tenant) => {
                let id = keyring.admin().ensure_scope(&scope(tenant)).unwrap();
                if self.primaries(process, tenant).iter().all(Option::is_none) {
                    assert_eq!(self.keys_mut().insert(id, (tenant, KeyState::Primary)), None);
                    self.saw(process, tenant);
                }
                assert!(self.primaries(process, tenant).contains(&Some(id)));
            }
            Event::Rotate(tenant) => {
                let id = keyring.admin().rotate(&scope(tenant)).unwrap();
                assert_eq!(self.keys_mut().insert(id, (tenant, KeyState::Staged)), None);
                self.promote(id);
                self.saw(process, tenant);
            }
            Event::Stage(tenant) => {
                let id = keyring.admin().stage(&scope(tenant)).unwrap();
                assert_eq!(self.keys_mut().insert(id, (tenant, KeyState::Staged)), None);
                self.saw(process, tenant);
            }
            Event::Step(step, which) => {
                if !self.keys().is_empty() {
                    let id = *which.get(&self.keys().keys().copied().collect::<Vec<_>>());
                    self.step(process, step, id);
                }
            }
            Event::Refresh => {
                keyring.refresh().unwrap();
                TENANTS.for_each(|tenant| self.saw(process, tenant));
            }
            Event::Reopen => self.processes[process] = Process::start(&self.keys, self.log.len() - 1),
        }
        self.check(process);
    }

    fn keys(&self) -> &Keys {
        self.log.last().unwrap()
    }

    fn keys_mut(&mut self) -> &mut Keys {
        self.log.last_mut().unwrap()
    }

    /// The tenant's keys in every way that the process may see them.
    fn views(&self, process: usize, tenant: i64) -> &[Keys] {
        &self.log[self.processes[process].seen[&tenant]..]
    }

    /// The tenant's primary as the process may see it; the last is as it is.
    fn primaries(&self, process: usize, tenant: i64) -> Vec<Option<KeyId>> {
        self.views(process, tenant).iter().map(|keys| primary(keys, tenant)).collect()
    }

    fn write(&mut self, process: usize, library: Library, row: Row, whole: bool) {
        let id = row.id;
        let done: Result<(), Failed> = match (library, whole) {
            (Library::First, true) => self.place.client.upsert(&row),
            (Library::First, false) => self.place.client.update(&row).map(|changed| assert_eq!(changed, 1)),
            (Library::Second, true) => self.second.upsert(&row),
            (Library::Second, false) => self.second.update(&row).map(|changed| assert_eq!(changed, 1)),
        };
        let primaries = self.primaries(process, row.tenant);
        match primaries.last().unwrap() {
            Some(_) => {
                done.unwrap();
                let keys: BTreeSet<_> =
                    Row::SCHEMA.columns.iter().filter_map(|column| self.key_of(column, id)).collect();
                let [key] = keys.into_iter().collect::<Vec<_>>()[..] else { panic!("one row under several keys") };
                assert!(primaries.contains(&Some(key)), "{key} is no primary");
                self.rows.insert(id, (row, key));
            }
            None => {
                let refusal = done.unwrap_err().refusal();
                assert_eq!(*refusal.error.kind(), ErrorKind::NoPrimary(scope(row.tenant)));
            }
        }
    }

    /// The key that a value is under, unless it's NULL.
    fn key_of(&mut self, column: &Column, id: i64) -> Option<KeyId> {
        let stored = self.place.database.raw(&Row::SCHEMA, column, id)?;
        let sealed = if column.is_base64() { from_base64(&stored).unwrap() } else { stored };
        Some(Envelope::parse(&sealed).unwrap().key_id)
    }

    fn read(&mut self, process: usize, library: Library, id: i64) {
        let read = match library {
            Library::First => self.place.client.load(id),
            Library::Second => self.second.load(id),
        }
        .map_err(Failed::refusal);
        let Some((row, key)) = self.rows.get(&id) else {
            assert!(read.unwrap().is_none());
            return;
        };
        let expected: Vec<_> = self
            .views(process, row.tenant)
            .iter()
            .filter_map(|keys| keys.get(key))
            .map(|(_, state)| match state {
                KeyState::Retired => Some(ErrorKind::RetiredKey(*key)),
                KeyState::Destroyed => Some(ErrorKind::DestroyedKey(*key)),
                _ => None,
            })
            .collect();
        match read {
            Ok(Some(read)) => {
                assert!(expected.contains(&None), "opened instead of {expected:?}");
                assert!(read == *row, "row {id} differs");
            }
            Err(refusal) => {
                assert!(
                    expected.contains(&Some(refusal.error.kind().clone())),
                    "{refusal:?} instead of {expected:?}"
                );
                assert_eq!(refusal.place().0, "rows");
            }
            Ok(None) => panic!("row {id} is gone"),
        }
    }

    fn step(&mut self, process: usize, step: Step, id: KeyId) {
        let keyring = self.processes[process].keyring;
        let (done, to) = match step {
            Step::Promote => (keyring.admin().promote_at_once(id), KeyState::Primary),
            Step::Retire => (keyring.admin().retire(id), KeyState::Retired),
            Step::Reactivate => (keyring.admin().reactivate(id), KeyState::Active),
            Step::Destroy => (keyring.admin().destroy(id), KeyState::Destroyed),
        };
        let from = self.keys()[&id].1;
        // A primary becomes active by another's promotion only.
        let allowed = from.step_to(to).is_ok() && (to != KeyState::Active || from == KeyState::Retired);
        match done {
            Ok(()) => {
                assert!(allowed, "{from} became {to}");
                if to == KeyState::Primary {
                    self.promote(id);
                } else {
                    self.keys_mut().get_mut(&id).unwrap().1 = to;
                }
                self.saw(process, self.keys()[&id].0);
            }
            Err(KeyringError::Transition { id: other, error }) => {
                assert!(!allowed && other == id, "{from} did not become {to}");
                assert_eq!((error.from, error.to), (from, to));
            }
            Err(error) => panic!("{error:?}"),
        }
    }

    fn promote(&mut self, id: KeyId) {
        let tenant = self.keys()[&id].0;
        if let Some(old) = primary(self.keys(), tenant) {
            self.keys_mut().get_mut(&old).unwrap().1 = KeyState::Active;
        }
        self.keys_mut().get_mut(&id).unwrap().1 = KeyState::Primary;
    }

    /// Whoever changes a scope's keys sees all of that scope.
    fn saw(&mut self, process: usize, tenant: i64) {
        self.processes[process].seen.insert(tenant, self.log.len() - 1);
    }

    /// The keyring has every key as it may see it; a primary that it met by itself opens only.
    fn check(&self, process: usize) {
        let known = self.processes[process].keyring.keys();
        for KeyInfo { id, scope: of, state, .. } in &known {
            let tenant = self.keys()[id].0;
            let states: Vec<_> = self
                .views(process, tenant)
                .iter()
                .filter_map(|keys| keys.get(id))
                .map(|(_, state)| *state)
                .collect();
            assert_eq!(*of, scope(tenant));
            let opens_only = *state == KeyState::Active && states.contains(&KeyState::Primary);
            assert!(states.contains(state) || opens_only, "{id} {state} of {states:?}");
        }
        let primaries: Vec<_> =
            known.iter().filter(|key| key.state == KeyState::Primary).map(|key| &key.scope).collect();
        assert_eq!(primaries.iter().collect::<BTreeSet<_>>().len(), primaries.len(), "one primary a scope");
    }
}

impl Process {
    fn start(folder: &TempDir, now: usize) -> Self {
        let kms = Local::open(folder.path().join("kek.json")).unwrap();
        let connection = rusqlite::Connection::open(folder.path().join("keys.db")).unwrap();
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA busy_timeout = 5000").unwrap();
        let keyring = Keyring::start(kms, Rusqlite::from_connection(connection)).unwrap();
        Self { keyring: Box::leak(Box::new(keyring)), seen: TENANTS.map(|tenant| (tenant, now)).collect() }
    }
}

fn primary(keys: &Keys, tenant: i64) -> Option<KeyId> {
    keys.iter().find(|(_, key)| **key == (tenant, KeyState::Primary)).map(|(id, _)| *id)
}

fn scope(tenant: i64) -> Scope {
    Scope::tenant(tenant).unwrap()
}

fn row(id: i64, tenant: i64, (text, bytes, number, hidden): Text) -> Row {
    Row {
        id,
        tenant,
        siv: text.chars().rev().collect(),
        siv_64: format!("{text}!"),
        xaes: text,
        xchacha: bytes,
        gcm: number,
        xaes_64: hidden.clone(),
        hidden,
    }
}

/// `cases` histories, unless PROPTEST_CASES says otherwise.
pub fn every_read_gives_what_was_written_or_the_right_error<A, B>(cases: u32)
where
    A: Client + Store<Row>,
    B: Client<Database = A::Database> + Store<Row>,
{
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { cases };
    let config = ProptestConfig { cases, failure_persistence: None, ..default };
    let histories = prop::collection::vec((0..2_usize, event()), 1..80);
    let run = TestRunner::new(config).run(&histories, |events| {
        let mut world = World::<A, B>::new();
        // So that most writes find a key.
        for tenant in TENANTS {
            world.run(0, Event::EnsureScope(tenant));
        }
        world.run(1, Event::Refresh);
        for (process, event) in events {
            world.run(process, event);
        }
        for process in 0..2 {
            world.run(process, Event::Reopen);
            for id in 1..6 {
                world.run(process, Event::Read(Library::First, id));
                world.run(process, Event::Read(Library::Second, id));
            }
        }
        Ok(())
    });
    run.unwrap_or_else(|failed| panic!("{failed}"));
}
