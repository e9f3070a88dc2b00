//! The behaviours of `tests/common/sweep` on SQLite. `tests/databases` has them on the servers.

#[path = "../common/sweep/mod.rs"]
mod sweep;

use fieldseal::sql::Sqlite;
use std::sync::Arc;
use sweep::Home;

fn sqlite() -> Home {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA journal_mode = WAL").unwrap();
    Home { database: Arc::new(Sqlite::at(path)), keep: Box::new(folder) }
}

sweep::sweep_behaviours!(crate::sqlite);
