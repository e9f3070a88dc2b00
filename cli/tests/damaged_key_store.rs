//! A key store with a record that can't be read: everything is done for the others, and the exit
//! code says that one is left.

mod common;

use common::{Ended, Folder, tenant};
use fieldseal::Scope;
use fieldseal::keys::KeyState;
use fieldseal::store::load_all;

/// Two clinics with three sealed rows each, where something happened to the key record of one
/// scope.
struct Damaged {
    folder: Folder,
    /// The key of that record.
    id: String,
}

impl Damaged {
    fn of(scope: &Scope) -> Self {
        Self::with(scope, "wrapped = 'x'")
    }

    fn with(scope: &Scope, damage: &str) -> Self {
        let folder = Folder::new();
        for file in ["app.db", "fieldseal.lock"] {
            std::fs::copy(format!("tests/cmd/tenants.in/{file}"), folder.path(file)).unwrap();
        }
        folder.run(["init"]).succeeds();
        folder.run(["encrypt"]).succeeds();
        let id = folder.key(scope, KeyState::Primary);
        let scope = scope.as_str();
        let sql = format!(
            "PRAGMA ignore_check_constraints = ON; UPDATE fieldseal_keys SET {damage} WHERE scope = '{scope}'"
        );
        let connection = rusqlite::Connection::open(folder.path("app.db")).unwrap();
        connection.execute_batch(&sql).unwrap();
        assert!(load_all(&folder.store()).is_err(), "nothing is damaged");
        Self { folder, id }
    }

    /// Runs a command, which warns of the record and ends with "something is left".
    #[track_caller]
    fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Ended {
        self.folder.run(args).exits(3).says(&format!("of data key {} is malformed", self.id)).says("backup")
    }
}

fn rows(ended: &Ended, pointer: &str) -> Vec<u64> {
    let json = ended.json();
    ["changed", "failed"]
        .map(|count| json.pointer(&format!("{pointer}/{count}")).unwrap().as_u64().unwrap())
        .to_vec()
}

#[test]
fn what_is_listed_is_listed_without_it() {
    let damaged = Damaged::of(&tenant("2"));
    for args in [["key", "list", "--json"].as_slice(), &["status", "--json"]] {
        let listed = damaged.run(args.iter().copied()).json();
        assert_eq!(listed["keys"].as_array().unwrap().len(), 2, "the application's and clinic 1's");
        assert_eq!(listed["damaged"][0]["id"], *damaged.id);
        assert_eq!(listed["damaged"][0]["column"], "wrapped");
    }
    damaged.run(["kek", "list"]);
    let found = damaged.folder.run(["doctor", "--json"]).exits(3).json();
    let of_it = |finding: &&serde_json::Value| finding["place"] == format!("key {}", damaged.id);
    assert_eq!(found.as_array().unwrap().iter().filter(of_it).count(), 1, "{found:#}");
    assert!(!found.to_string().contains("doesn't have"), "the key store has the key: {found:#}");
}

/// It reads like any record, and what is in it is another key's.
#[test]
fn doctor_unwraps_every_key() {
    let folder = Folder::with_keys(&["north", "south"]);
    std::fs::copy("tests/cmd/tenants.in/fieldseal.lock", folder.path("fieldseal.lock")).unwrap();
    let connection = rusqlite::Connection::open(folder.path("app.db")).unwrap();
    connection
        .execute_batch("CREATE TABLE visits (id TEXT PRIMARY KEY, clinic INTEGER NOT NULL, diagnosis)")
        .unwrap();
    let place = |id: String| format!("key {id}");
    let found = |args: &[&str]| {
        let found = folder.run(args.iter().copied()).exits(3).json();
        let errors = found.as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
        errors.map(|finding| finding["place"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    connection
        .execute_batch(
            "UPDATE fieldseal_keys SET wrapped = (SELECT wrapped FROM fieldseal_keys WHERE scope = 'north') WHERE scope = 'south'",
        )
        .unwrap();
    let south = place(folder.key(&tenant("south"), KeyState::Primary));
    assert_eq!(found(&["doctor", "--json"]), [south]);
    // One that needs no key has nothing to say of it.
    let ended = folder.run(["doctor", "--keys", "0", "--json"]);
    assert!(!ended.stdout.contains("\"error\""), "{ended:?}");
    connection
        .execute_batch("UPDATE fieldseal_keys SET wrapped = replace(wrapped, 'blob\":\"', 'blob\":\"AAAA')")
        .unwrap();
    assert!(found(&["doctor", "--json"]).contains(&"the key store".to_owned()));
}

#[test]
fn the_other_scopes_are_rotated_and_re_encrypted() {
    let damaged = Damaged::of(&tenant("2"));
    let rotated = damaged.run(["key", "rotate", "--all", "--at-once", "--json"]).json();
    let states: Vec<_> = rotated["scopes"].as_array().unwrap().iter().map(|scope| &scope["state"]).collect();
    assert_eq!(states, ["rotated", "rotated"]);
    let moved = damaged.folder.run(["reencrypt", "--json"]).exits(3);
    assert_eq!(rows(&moved, "/tables/0"), [3, 3], "{moved:#?}");
    damaged.folder.run(["verify"]).exits(3);
}

#[test]
fn the_other_keys_are_rewrapped_and_copied() {
    let damaged = Damaged::of(&tenant("2"));
    let rewrapped = damaged.run(["kek", "rotate", "--json"]).json();
    assert_eq!(rewrapped["rewrapped"], 2);
    let copied = damaged.run(["kek", "add", "local:glass.json", "--create", "--json"]).json();
    assert_eq!(copied["copied"], 2);
    // Which KEK the damaged record needs isn't known: none is taken away.
    damaged.folder.run(["kek", "remove", "local:glass.json"]).exits(1).says("backup");
    damaged.folder.run(["kek", "rotate", "--to", "local:new.json", "--create"]).exits(1).says("backup");
    damaged.folder.run(["verify"]).exits(3);
}

/// One clinic has two records then, of which one can't be read.
#[test]
fn a_scope_with_a_damaged_record_is_not_rotated() {
    let damaged = Damaged::of(&tenant("2"));
    let connection = rusqlite::Connection::open(damaged.folder.path("app.db")).unwrap();
    connection
        .execute_batch(
            "UPDATE fieldseal_keys SET state = 'active' WHERE scope = '2'; \
             INSERT INTO fieldseal_keys (id, scope, state, commitment, wrapped, created, revision) \
             SELECT id % 4294967295 + 1, scope, 'primary', commitment, '[]', created, 1 FROM fieldseal_keys WHERE scope = '2'",
        )
        .unwrap();
    let rotated = damaged.run(["key", "rotate", "--all", "--at-once", "--json"]).says("rotating failed for").json();
    let states: Vec<_> = rotated["scopes"].as_array().unwrap().iter().map(|scope| &scope["state"]).collect();
    assert_eq!(states, ["rotated", "rotated", "failed"]);
}

/// A keyring begins with the application's keys.
#[test]
fn without_the_application_s_key_the_tenants_go_on() {
    let damaged = Damaged::of(&Scope::APPLICATION);
    let rotated = damaged.run(["key", "rotate", "--all", "--at-once", "--json"]).json();
    assert_eq!(rotated["scopes"].as_array().unwrap().len(), 2);
    let moved = damaged.folder.run(["reencrypt", "--json"]).succeeds();
    assert_eq!(rows(&moved, "/tables/0"), [6, 0], "{moved:#?}");
    damaged.folder.run(["verify"]).succeeds();
}

/// An id that no order of ids above 0 has.
#[test]
fn no_kek_is_taken_away_while_a_record_cannot_be_read() {
    for damage in ["id = -id", "id = id + 4294967296", "wrapped = 'x'", "scope = CAST(scope AS BLOB)"] {
        let damaged = Damaged::with(&tenant("2"), damage);
        let folder = &damaged.folder;
        folder.run(["kek", "rotate", "--to", "local:new.json", "--create"]).exits(1).says("backup");
        folder.run(["kek", "remove", "local:kek.json", "--kek", "local:new.json"]).exits(1).says("backup");
        folder.run(["kek", "rotate", "--kek", "local:kek.json"]).exits(3).says("backup");
        let moved = rusqlite::Connection::open(folder.path("app.db")).unwrap();
        let both = "SELECT count(*) FROM fieldseal_keys WHERE json_array_length(wrapped) = 2";
        if damage != "wrapped = 'x'" {
            assert_eq!(moved.query_row(both, [], |row| row.get::<_, i64>(0)).unwrap(), 2, "{damage}");
        }
    }
}

/// Nobody is told that a tenant has no key, or is forgotten, because its records can't be read.
#[test]
fn a_scope_that_cannot_be_read_is_not_taken_for_none() {
    for damage in ["scope = CAST(scope AS BLOB)", "id = -id", "wrapped = 'x'"] {
        let damaged = Damaged::with(&tenant("2"), damage);
        let folder = &damaged.folder;
        for args in [
            ["key", "rotate", "--scope", "2", "--at-once"].as_slice(),
            &["init", "--scope", "2"],
            &["shred", "--scope", "2", "--yes-shred", "2"],
        ] {
            folder.run(args.iter().copied()).exits(1).says("is damaged");
        }
        // New plaintext of the tenant's gets no key of its own.
        let connection = rusqlite::Connection::open(folder.path("app.db")).unwrap();
        connection.execute_batch("INSERT INTO visits VALUES ('new', 2, 'plaintext')").unwrap();
        folder.run(["encrypt"]).exits(3);
        let keys: i64 = connection.query_row("SELECT count(*) FROM fieldseal_keys", [], |row| row.get(0)).unwrap();
        assert_eq!(keys, 3, "{damage}");
    }
}

#[test]
fn shredding_says_that_a_key_may_be_left() {
    let damaged = Damaged::with(&tenant("2"), "scope = CAST(scope AS BLOB)");
    damaged.folder.run(["shred", "--scope", "1", "--yes-shred", "1"]).exits(3).says("wasn't destroyed");
}

#[test]
fn what_is_left_is_left_the_second_time_too() {
    let damaged = Damaged::with(&tenant("2"), "id = id + 4294967296");
    damaged.folder.run(["key", "rotate", "--scope", "1", "--at-once"]).exits(3);
    for changed in [3, 0] {
        let moved = damaged.folder.run(["reencrypt", "--json"]).exits(3);
        assert_eq!(rows(&moved, "/tables/0"), [changed, 3], "{moved:#?}");
    }
}

/// Whatever is wrong with the key of one of them.
#[test]
fn a_staged_key_that_does_not_open_is_not_promoted() {
    for damage in [
        "wrapped = '[]'",
        "wrapped = replace(wrapped, 'blob\":\"', 'blob\":\"AAAA')",
        "created = created + 4000000000",
    ] {
        let folder = Folder::with_keys(&["north", "south"]);
        folder.run(["key", "rotate", "--all", "--stage-only"]).succeeds();
        let connection = rusqlite::Connection::open(folder.path("app.db")).unwrap();
        let sql = format!("UPDATE fieldseal_keys SET {damage} WHERE scope = 'north' AND state = 'staged'");
        connection.execute_batch(&sql).unwrap();
        let primary = folder.key(&tenant("north"), KeyState::Primary);
        // What was staged in the far future isn't waited for.
        let is_early = damage.starts_with("created");
        let (option, time, code) = if is_early { ("--quiet", "1s", 5) } else { ("--promote", "0s", 3) };
        let promoted = folder.run(["key", "rotate", "--all", option, "--propagation", time, "--json"]).exits(code);
        let states: Vec<_> =
            promoted.json()["scopes"].as_array().unwrap().iter().map(|scope| scope["state"].clone()).collect();
        assert_eq!((&states[0], &states[2]), (&"rotated".into(), &"rotated".into()), "{damage}");
        assert_eq!(folder.key(&tenant("north"), KeyState::Primary), primary, "{damage}");
    }
}

/// All values are under keys that can be read.
#[test]
fn an_older_damaged_key_keeps_no_value_from_being_opened() {
    let folder = Folder::new();
    for file in ["app.db", "fieldseal.lock"] {
        std::fs::copy(format!("tests/cmd/guards.in/{file}"), folder.path(file)).unwrap();
    }
    for args in [["init"].as_slice(), &["encrypt"], &["key", "rotate", "--all", "--at-once"], &["reencrypt"]] {
        folder.run(args.iter().copied()).succeeds();
    }
    let connection = rusqlite::Connection::open(folder.path("app.db")).unwrap();
    connection.execute_batch("UPDATE fieldseal_keys SET wrapped = 'x' WHERE state = 'active'").unwrap();
    folder.run(["verify"]).succeeds();
    folder.run(["reencrypt"]).succeeds();
}

/// A blob that the KMS rejects, of one key: the others are rewrapped, under a new version of the
/// KEK that wants a copy.
#[test]
fn a_key_that_the_kms_rejects_keeps_no_other_from_being_rewrapped() {
    let folder = Folder::with_keys(&["north", "south"]);
    let connection = rusqlite::Connection::open(folder.path("app.db")).unwrap();
    let last = "substr(wrapped, 1, length(wrapped) - 12) || 'AAAA' || substr(wrapped, -8)";
    connection.execute_batch(&format!("UPDATE fieldseal_keys SET wrapped = {last} WHERE scope = 'south'")).unwrap();
    let rewrapped =
        folder.run(["kek", "rotate", "--json"]).exits(3).says("keep a copy of kek.json").says("rejected");
    assert_eq!((&rewrapped.json()["rewrapped"], &rewrapped.json()["version"]), (&2.into(), &2.into()));
    let added = folder
        .run(["kek", "add", "local:glass.json", "--create", "--json"])
        .exits(3)
        .says("keep a copy of glass.json");
    assert_eq!(added.json()["copied"], 2);
}
