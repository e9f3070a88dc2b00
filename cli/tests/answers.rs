//! What a transcript can't show: what is typed, what is secret, what a running program sees.

mod common;

use common::{Folder, tenant};
use fieldseal::keys::KeyState;
use fieldseal::kms::{Argon2Params, Local, Passphrase};
use fieldseal::{Column, ErrorKind, Keyring, RowContext, RowId, Scope};

const NAME: Column = Column::new("patients", "name");

#[test]
fn shredding_asks_for_the_tenant_s_name() {
    let folder = Folder::with_keys(&["north"]);
    for wrong in ["", "\n", "y\n", "North\n", " north\n", "north \n"] {
        folder.type_in(wrong, ["shred", "--scope", "north"]).exits(4).says("nothing was changed");
        folder.key(&tenant("north"), KeyState::Primary);
    }
    let ended = folder.type_in("north\n", ["shred", "--scope", "north", "--json"]).succeeds();
    assert_eq!(ended.json()["keys"].as_array().map(Vec::len), Some(1), "what was asked is not on stdout");
    folder.key(&tenant("north"), KeyState::Destroyed);
    folder.key(&Scope::APPLICATION, KeyState::Primary);
}

#[test]
fn a_running_program_refuses_a_tenant_that_was_shredded() {
    let folder = Folder::with_keys(&["north"]);
    let kms = Local::open(folder.path("kek.json")).unwrap();
    let running = Keyring::builder(kms, folder.store()).without_background().start().unwrap();
    let row = RowContext::of_row(RowId::of(&1)).in_scope(tenant("north"));
    let stored = running.seal_bytes(&NAME, &row, b"Ada").unwrap();
    folder.run(["shred", "--scope", "north", "--yes-shred", "north"]).succeeds();
    running.refresh().unwrap();
    let refused = running.open_bytes(&NAME, &row, &stored).unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::DestroyedKey(_)), "{refused}");
}

#[test]
fn destroying_asks_for_the_key_s_id() {
    let folder = Folder::with_keys(&[]);
    folder.run(["key", "rotate", "--application", "--stage-only"]).succeeds();
    let staged = folder.key(&Scope::APPLICATION, KeyState::Staged);
    let primary = folder.key(&Scope::APPLICATION, KeyState::Primary);
    folder.type_in(&format!("{primary}\n"), ["key", "destroy", &staged]).exits(4);
    folder.type_in(&format!("{primary}\n"), ["key", "destroy", &primary]).exits(4).says("fieldseal key rotate");
    folder.key(&Scope::APPLICATION, KeyState::Staged);
    folder.type_in(&format!("{staged}\r\n"), ["key", "destroy", &staged]).succeeds();
    assert_eq!(folder.key(&Scope::APPLICATION, KeyState::Destroyed), staged);
}

#[test]
fn an_active_key_is_retired_before_it_is_destroyed() {
    let folder = Folder::with_keys(&[]);
    folder.run(["key", "rotate", "--application", "--at-once"]).succeeds();
    let active = folder.key(&Scope::APPLICATION, KeyState::Active);
    folder.run(["key", "destroy", &active, "--yes-destroy", &active]).exits(4).says("retire it first");
    folder.key(&Scope::APPLICATION, KeyState::Active);
}

/// A KEK file whose passphrase takes no second to try.
fn protect(folder: &Folder) {
    let cheap = Argon2Params::RECOMMENDED.with_memory_kib(8).with_iterations(1).with_parallelism(1);
    let passphrase = Passphrase::new("correct horse").argon2(cheap);
    Local::create_with_passphrase(folder.path("kek.json"), &passphrase).unwrap();
}

#[test]
fn a_passphrase_comes_from_a_file_or_the_environment() {
    let folder = Folder::new();
    protect(&folder);
    std::fs::write(folder.path("passphrase"), "correct horse\n").unwrap();
    folder.run(["init"]).exits(1).says("has a passphrase").says("FIELDSEAL_KEK_PASSPHRASE");
    folder.run(["init", "--kek-passphrase-file", "passphrase"]).succeeds();
    let rotate = ["kek", "rotate"];
    let by_environment = folder.command(rotate).env("FIELDSEAL_KEK_PASSPHRASE", "correct horse").output().unwrap();
    assert_eq!(by_environment.status.code(), Some(0));
    let wrong = folder.command(rotate).env("FIELDSEAL_KEK_PASSPHRASE", "battery staple").output().unwrap();
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(said.contains("the passphrase doesn't open") && !said.contains("battery"), "{said}");
    std::fs::write(folder.path("passphrase"), "\n").unwrap();
    folder.run(["kek", "rotate", "--kek-passphrase-file", "passphrase"]).exits(1).says("it is empty");
}

#[test]
fn no_password_of_a_url_is_printed() {
    let folder = Folder::new();
    for url in [
        "postgres://app:hunter2@127.0.0.1:1/app?password=hunter2",
        "mysql://app:hunter2@127.0.0.1:1/app",
        "postgres://app:hunter2@127.0.0.1:port/app",
        "oracle://app:hunter2@127.0.0.1/app",
        "postgres://app:hunter2@[/app",
    ] {
        for option in ["--database-url", "--key-store"] {
            for command in [["key", "list"], ["kek", "list"]] {
                let ended = folder.run(command.into_iter().chain(["-vvv", option, url]));
                assert_ne!(ended.code, Some(0));
                assert!(!format!("{ended:?}").contains("hunter2"), "{url}: {ended:#?}");
            }
            let help = folder.command(["--help"]).env("DATABASE_URL", url).output().unwrap();
            assert!(!String::from_utf8(help.stdout).unwrap().contains("hunter2"));
        }
    }
}

#[test]
fn the_file_env_is_read_and_the_environment_wins() {
    let folder = Folder::new();
    std::fs::write(folder.path(".env"), "DATABASE_URL=sqlite:app.db\nFIELDSEAL_KEK=\"local:env.json\"\n").unwrap();
    let init = |kek: Option<&str>| {
        let mut command = folder.command(["init", "--json"]);
        command.env_remove("DATABASE_URL").env_remove("FIELDSEAL_KEK");
        if let Some(kek) = kek {
            command.env("FIELDSEAL_KEK", kek);
        }
        command.output().unwrap()
    };
    assert_eq!(init(Some("local:set.json")).status.code(), Some(0));
    assert!(folder.path("set.json").exists() && !folder.path("env.json").exists());
    assert_eq!(init(None).status.code(), Some(4), "another KEK, and there are keys already");
    std::fs::write(folder.path(".env"), "DATABASE_URL=postgres://app:hun ter2@h/d\n").unwrap();
    let ended = folder.run(["key", "list"]).exits(2).says(".env");
    assert!(!ended.stderr.contains("ter2"), "{ended:#?}");
}

#[test]
fn several_keks_are_separated_in_the_environment() {
    let folder = Folder::with_keys(&[]);
    folder.run(["kek", "add", "local:glass.json", "--create"]).succeeds();
    for separated in ["local:kek.json,local:glass.json", "local:kek.json local:glass.json"] {
        let listed = folder.command(["kek", "list", "--json"]).env("FIELDSEAL_KEK", separated).output().unwrap();
        let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
        let usable = listed["keks"].as_array().unwrap().iter().filter(|kek| kek["given_as"].is_string()).count();
        assert_eq!(usable, 2, "{separated}: {listed}");
    }
}

#[test]
fn what_cannot_be_rewrapped_is_said_and_told_by_the_exit_code() {
    let folder = Folder::with_keys(&["north"]);
    // A key that only another KEK opens: its copies are moved away while nobody looks.
    folder.run(["kek", "add", "local:other.json", "--create"]).succeeds();
    let store = rusqlite::Connection::open(folder.path("app.db")).unwrap();
    let kek = Local::open(folder.path("kek.json")).unwrap();
    let kek = fieldseal::kms::Kms::kek(&kek).to_string();
    store
        .execute(
            "UPDATE fieldseal_keys SET wrapped = (SELECT json_group_array(json(value)) FROM json_each(wrapped) \
             WHERE json_extract(value, '$.kek') <> ?1) WHERE scope = 'north'",
            [kek],
        )
        .unwrap();
    let ended = folder.run(["kek", "rotate", "--json"]).exits(3);
    assert_eq!((&ended.json()["left"], &ended.json()["rewrapped"]), (&1.into(), &1.into()));
}

/// Nobody is told that something is waited for that never is.
#[test]
fn what_a_database_does_not_have_is_not_waited_for() {
    let folder = Folder::with_keys(&[]);
    std::fs::copy("tests/cmd/tenants.in/fieldseal.lock", folder.path("fieldseal.lock")).unwrap();
    for waits in [["--max-running", "5"], ["--replica", "sqlite:app.db"]] {
        folder.run(["reencrypt"].into_iter().chain(waits)).exits(2).says("SQLite has no server");
    }
    folder.run(["reencrypt", "--max-lag", "5s"]).exits(2).says("--replica");
    let mut command = folder.command(["reencrypt", "--replica", "postgres://app:secret@replica/app"]);
    let ended = command
        .env("DATABASE_URL", "mysql://127.0.0.1:1/app")
        .env("FIELDSEAL_KEY_STORE", "app.db")
        .output()
        .unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        ended.status.code() == Some(2) && said.contains("is no replica of") && !said.contains("secret"),
        "{said}"
    );
}

/// SQLite makes such a trigger, and refuses every write then.
#[test]
fn no_guard_is_made_for_a_column_that_is_not_there() {
    let folder = Folder::new();
    for file in ["app.db", "fieldseal.lock"] {
        std::fs::copy(format!("tests/cmd/guards.in/{file}"), folder.path(file)).unwrap();
    }
    folder.run(["init"]).succeeds();
    let connection = rusqlite::Connection::open(folder.path("app.db")).unwrap();
    connection.execute_batch("ALTER TABLE people DROP COLUMN notes").unwrap();
    folder.run(["guards", "apply"]).exits(1).says("no column notes");
    connection.execute_batch("INSERT INTO people (id) VALUES (50)").unwrap();
    folder.run(["guards", "apply", "--column", "people.name"]).succeeds();
}

/// What was staged before a leak.
#[test]
fn a_key_that_was_staged_before_is_named_where_it_is_not_taken_up() {
    let folder = Folder::with_keys(&["north"]);
    folder.run(["key", "rotate", "--scope", "north", "--stage-only"]).succeeds();
    let staged = folder.key(&tenant("north"), KeyState::Staged);
    folder.run(["key", "rotate", "--all", "--at-once"]).succeeds().says(&format!("key {staged} was staged before"));
}

/// A KEK that can't be opened is a finding among others.
#[test]
fn doctor_goes_on_past_a_kek_that_is_gone() {
    let folder = Folder::with_keys(&[]);
    std::fs::copy("tests/cmd/tenants.in/fieldseal.lock", folder.path("fieldseal.lock")).unwrap();
    let connection = rusqlite::Connection::open(folder.path("app.db")).unwrap();
    connection
        .execute_batch("CREATE TABLE visits (id TEXT PRIMARY KEY, clinic INTEGER NOT NULL, diagnosis)")
        .unwrap();
    for keks in [["--kek", "local:kek.json", "--kek", "local:gone.json"].as_slice(), &["--kek", "local:gone.json"]]
    {
        let found = folder.run(["doctor", "--json"].into_iter().chain(keks.iter().copied())).exits(3).json();
        let errors: Vec<_> =
            found.as_array().unwrap().iter().filter(|finding| finding["severity"] == "error").collect();
        assert!(errors.len() == 1 && errors[0]["place"] == "local:gone.json", "{found:#}");
    }
}

/// The models aren't those that the guards were made for.
#[test]
fn guards_of_columns_that_are_not_sealed_any_more_are_named_and_removed() {
    let folder = Folder::new();
    let copy = |from: &str, name: &str| {
        std::fs::copy(format!("tests/cmd/{from}"), folder.path(name)).unwrap();
    };
    copy("guards.in/app.db", "app.db");
    copy("guards.in/fieldseal.lock", "fieldseal.lock");
    folder.run(["init"]).succeeds();
    folder.run(["guards", "apply"]).succeeds();
    copy("tenants.in/fieldseal.lock", "fieldseal.lock");
    let triggers = || {
        let connection = rusqlite::Connection::open(folder.path("app.db")).unwrap();
        let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'";
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(triggers(), 4);
    let would = folder.run(["guards", "remove", "--stray", "--dry-run"]).succeeds();
    assert_eq!(would.stdout.matches("would be removed: fieldseal_guard_people_n").count(), 4, "{would:?}");
    assert_eq!(triggers(), 4);
    let removed = folder.run(["guards", "remove", "--stray", "--json"]).succeeds().json();
    assert_eq!((removed["triggers"].as_array().unwrap().len(), triggers()), (4, 0));
    folder.run(["guards", "remove", "--stray", "--column", "people.name"]).exits(2);
}

#[test]
fn every_command_has_a_manual_page_and_every_shell_its_completions() {
    let folder = Folder::new();
    folder.run(["man", "--dir", "man"]).succeeds();
    for page in [
        "",
        "-init",
        "-kek-rotate",
        "-kek-add",
        "-kek-remove",
        "-kek-list",
        "-key-list",
        "-key-rotate",
        "-key-destroy",
    ] {
        let page = folder.path(&format!("man/fieldseal{page}.1"));
        assert!(page.exists(), "{}", page.display());
    }
    assert!(folder.run(["man"]).succeeds().stdout.contains("Exit codes"));
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(folder.run(["completions", shell]).succeeds().stdout.contains("fieldseal"));
    }
}
