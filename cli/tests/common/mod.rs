//! A folder with an empty SQLite database, and the program run in it.

#![allow(dead_code, reason = "each test binary uses its part")]

use fieldseal::Scope;
use fieldseal::keys::{KeyRecord, KeyState};
use fieldseal::store::{KeyStore, Rusqlite};
use serde_json::Value;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// Where commands run, with nothing of the machine's own environment that could change what they
/// do.
pub struct Folder {
    dir: TempDir,
    pub database_url: String,
}

impl Folder {
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join("app.db"), "").unwrap();
        Self { dir, database_url: "sqlite:app.db".to_owned() }
    }

    /// … with a KEK, and a key for the application and each tenant.
    pub fn with_keys(tenants: &[&str]) -> Self {
        let folder = Self::new();
        let scopes = tenants.iter().flat_map(|tenant| ["--scope", tenant]);
        folder.run(["init"].into_iter().chain(scopes)).succeeds();
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn command<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fieldseal"));
        command.current_dir(self.dir.path()).args(args).stdin(Stdio::null());
        for variable in ["KEY_STORE", "KEK_PASSPHRASE", "LOCK_FILE"] {
            command.env_remove(format!("FIELDSEAL_{variable}"));
        }
        command.env("DATABASE_URL", &self.database_url).env("FIELDSEAL_KEK", "local:kek.json");
        command
    }

    pub fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Ended {
        Ended::of(self.command(args).output().unwrap())
    }

    /// Runs it with `typed` on stdin.
    pub fn type_in<'a>(&self, typed: &str, args: impl IntoIterator<Item = &'a str>) -> Ended {
        let mut command = self.command(args);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        Ended::of(child.wait_with_output().unwrap())
    }

    pub fn start<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Child {
        self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    pub fn store(&self) -> Rusqlite {
        Rusqlite::open(self.path("app.db")).unwrap()
    }

    /// Every key of the scope in that state.
    pub fn keys(&self, scope: &Scope, state: KeyState) -> Vec<KeyRecord> {
        let mut records = self.store().load_scope(scope).unwrap();
        records.retain(|record| record.state == state);
        records
    }

    /// The id of the scope's only key in that state.
    pub fn key(&self, scope: &Scope, state: KeyState) -> String {
        let keys = self.keys(scope, state);
        assert_eq!(keys.len(), 1, "{scope} has {} keys that are {state}", keys.len());
        keys[0].id.to_string()
    }
}

pub fn tenant(name: &str) -> Scope {
    Scope::tenant(name).unwrap()
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.exits(0)
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// On stderr.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "{words:?} is not in {self:#?}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}
