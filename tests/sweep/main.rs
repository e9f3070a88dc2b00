//! The behaviours of `tests/common/sweep` on SQLite. `tests/databases` has them on the servers.

#[path = "../common/sweep/mod.rs"]
mod sweep;

use fieldseal::sql::{Database, Sqlite};
use std::sync::Arc;
use std::time::Duration;
use sweep::Home;

fn sqlite() -> Home {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA journal_mode = WAL").unwrap();
    Home { database: open(path.to_str().unwrap()), url: path.display().to_string(), keep: Box::new(folder) }
}

fn open(path: &str) -> Arc<dyn Database> {
    Arc::new(Sqlite::at(path).busy_timeout(Duration::from_secs(30)))
}

sweep::sweep_behaviours!(crate::sqlite, crate::open);
