#![cfg_attr(doc, doc = include_str!("guide/links.md"))]
//! Field-level encryption at rest for SQL databases: the fields that a model marks are ciphertext
//! in the database and plaintext in the program, and the program's queries stay as they were.
//!
//! Keys are wrapped by a KMS, and what is sealed opens only in the table, column, tenant and row
//! that it was sealed for.
//!
//! # Quick start
//!
//! With rusqlite; [diesel] and [sqlx] have pages of their own.
//!
//! ```toml
//! [dependencies]
//! fieldseal = { version = "0.1", features = ["rusqlite"] }
//! rusqlite = { version = "0.43", features = ["bundled"] }
//! ```
//!
//! ```
//! use fieldseal::{Encrypt, Keyring, Scope, kms, store};
//!
//! #[derive(Encrypt)]
//! #[encrypt(table = "patients", row = id, rusqlite)]
//! struct Patient {
//!     id: i64,
//!     #[encrypt]
//!     name: String,
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # std::env::set_current_dir(&folder)?;
//! // Once, at the start: where the KEK is, and where the data keys are that it wraps.
//! let kms = kms::Local::open_or_create("kek.json")?;
//! let keys = store::Rusqlite::open("app.db")?;
//! keys.create_table()?;
//! let keyring = Keyring::start(kms, keys)?;
//! keyring.admin().ensure_scope(&Scope::APPLICATION)?;
//! fieldseal::install(keyring)?;
//!
//! // From here on, rusqlite as ever.
//! let db = rusqlite::Connection::open("app.db")?;
//! db.execute_batch("CREATE TABLE patients (id INTEGER PRIMARY KEY, name BLOB NOT NULL)")?;
//! let ada = Patient { id: 1, name: "Ada".into() };
//! let insert = "INSERT INTO patients (id, name) VALUES (:id, :name)";
//! db.execute(insert, ada.params().bind().as_slice())?;
//! let select = "SELECT * FROM patients WHERE id = 1";
//! let loaded = db.query_row(select, [], |row| Patient::try_from(row))?;
//! assert_eq!(loaded.name, "Ada");
//!
//! let stored: Vec<u8> = db.query_row("SELECT name FROM patients", [], |row| row.get(0))?;
//! assert_eq!(stored.len(), "Ada".len() + 45); // a key id, a nonce, the ciphertext, a tag
//! # Ok(())
//! # }
//! ```
//!
//! `open_or_create` is for development only. In production `create` the KEK once and `open` it from
//! then on, or use a KMS: a new KEK in place of a lost one opens nothing.
//!
//! # Where to go next
//!
//! - [`guide`]: pages about [models] and [mistakes that lose a value], libraries, [keys] and their
//!   rotation, the [threat model].
//! - [`derive@Encrypt`]: the derive, and every attribute.
//! - [`Keyring`]: the keys of a running program; [its guide][the keyring] has leases, loading and
//!   fleets.
//! - [`kms`]: where KEKs live. [`store`]: where wrapped data keys do.
//! - [`SchemaLock`]: a test that fails when a change of code would strand data.
//! - [`guards`]: triggers that keep out what isn't sealed.
//! - [Examples](https://github.com/fieldseal/fieldseal/tree/main/examples): in a checkout of the
//!   repository `cargo run --example quickstart` shows what the program sees and what the file
//!   holds.
//!
//! # What it doesn't protect
//!
//! It doesn't
//!
//! - hide that a value exists, or how long it is, unless it's padded;
//! - hide how often a value occurs, in columns that are declared for search by equality;
//! - notice that someone put an older value back where it was;
//! - protect against someone inside the process, or with access to the KMS.
//!
//! There was no outside audit. The [threat model] has the whole list.
//!
#![cfg_attr(doc, doc = include_str!("../docs/features.md"))]
#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![cfg_attr(docsrs, feature(doc_cfg))]
// These features are internal, and turned on by others alone.
#![cfg_attr(
    docsrs,
    doc(auto_cfg(hide(
        feature = "_diesel-store",
        feature = "_sqlx-store",
        feature = "_sql-store",
        feature = "_sweep"
    )))
)]

#[cfg(feature = "_sweep")]
#[doc(hidden)]
pub mod __sweep;
#[cfg(feature = "blocking")]
pub mod blocking;
pub mod context;
mod db;
mod debug;
pub mod dialect;
mod error;
mod files;
mod format;
pub mod guards;
pub mod guide;
pub mod keyring;
pub mod keys;
pub mod kms;
mod model;
mod random;
mod retry;
pub mod schema;
mod sealed;
pub mod store;
mod suite;
#[cfg(feature = "testing")]
pub mod testing;
pub mod value;

pub use context::row_context::RowContext;
pub use context::row_id::RowId;
pub use context::scope::Scope;
pub use dialect::name::Dialect;
pub use error::{Error, ErrorKind};
#[cfg(feature = "derive")]
pub use fieldseal_derive::{Encrypt, EncryptValue};
pub use format::envelope;
pub use keyring::builder::KeyringBuilder;
pub use keyring::error::KeyringError;
pub use keyring::handle::Keyring;
pub use keyring::slot::install;
pub use model::{Column, Model, Schema};
pub use schema::lock::SchemaLock;
pub use sealed::Sealed;
pub use suite::Suite;
pub use value::field::{Field, Value};

/// Models with rusqlite: [the guide](crate::guide::rusqlite).
#[cfg(feature = "rusqlite")]
pub mod rusqlite {
    pub use crate::db::rusqlite::NamedParams;
}

/// Models with sqlx: [the guide](crate::guide::sqlx).
#[cfg(feature = "sqlx")]
pub mod sqlx {
    pub use crate::db::sqlx::{BindRow, PushRows, SqlxBind, SqlxDatabase, SqlxModel, SqlxRow};
}

/// What the derive's code calls. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "diesel")]
    pub use crate::db::diesel::{
        ColumnWithNull, ColumnWithoutNull, Embedded, Loaded, LoadedEither, absent, holds_bytes, holds_text,
        stored_or_null,
    };
    #[cfg(feature = "rusqlite")]
    pub use crate::db::rusqlite::{error as rusqlite_error, stored as rusqlite_stored};
    #[cfg(feature = "sqlx")]
    pub use crate::db::sqlx::{SealedColumns, decode_error as sqlx_error};
    pub use crate::sealed::{AsJson, AsValue, FindKeyring, Place, Sealing, in_place, in_place_under_each_key};
    pub use crate::{__if_diesel as if_diesel, __if_rusqlite as if_rusqlite, __if_sqlx as if_sqlx};
    #[cfg(feature = "rusqlite")]
    pub use ::rusqlite;
    #[cfg(feature = "sqlx")]
    pub use ::sqlx;
    pub use zeroize::Zeroizing;
}
