//! Field-level encryption at rest for SQL databases.
//!
//! A derive marks the sensitive fields of a model; they are ciphertext in the database and plaintext in the program,
//! and the program's queries stay as they were. Keys are wrapped by a KMS.
//!
//! Start with the [README](https://github.com/fieldseal/fieldseal), or with [`derive@Encrypt`]. [`Keyring`] holds the
//! keys, [`kms`] says where KEKs live, [`store`] where wrapped data keys do, [`SchemaLock`] keeps a change of code from
//! stranding data. What is stored, byte by byte, is in `docs/format.md`; what is and isn't protected in
//! `docs/threat-model.md`.

#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "_sweep")]
#[doc(hidden)]
pub mod __sweep;
mod armor;
#[cfg(feature = "blocking")]
pub mod blocking;
mod context;
mod db;
mod debug;
pub mod dialect;
mod envelope;
mod error;
mod files;
mod framing;
mod json;
mod keyring;
mod keys;
pub mod kms;
mod model;
mod plaintext;
#[cfg(feature = "_sweep")]
mod quoting;
mod random;
mod retry;
mod schema;
mod sealed;
pub mod store;
mod suite;
#[cfg(feature = "testing")]
pub mod testing;
mod tink;
mod value;

pub use context::{AsRowId, AsScope, ContextError, RowContext, RowId, Scope};
#[cfg(feature = "rusqlite")]
pub use db::rusqlite::NamedParams;
#[cfg(feature = "sqlx")]
pub use db::sqlx::{BindRow, PushRows, SqlxBind, SqlxDatabase, SqlxModel, SqlxRow};
pub use db::{SealedValue, StoredBytes, StoredValue};
pub use envelope::{Envelope, EnvelopeError, MAX_SEALED_LEN};
pub use error::{Error, ErrorKind};
#[cfg(feature = "derive")]
pub use fieldseal_derive::{Encrypt, EncryptValue};
pub use keyring::{
    Admin, AlreadyInstalled, Clock, Installed, KeyInfo, Keyring, KeyringBuilder, KeyringError, KeyringSlot,
    KeyringSource, LoadError, Need, Stats, install,
};
pub use keys::{
    Binding, Commitment, DataKey, KekUri, KeyId, KeyRecord, KeyState, MalformedRecord, RecordColumn, RecordColumns,
    TransitionError, WrappedKey,
};
pub use model::{Column, ContextColumn, Model, Schema};
pub use schema::{Guard, KeyCheck, LockError, SchemaLock, column_check, guard_check, guards, stray_guards};
pub use sealed::Sealed;
pub use suite::Suite;
pub use value::{Encoded, Field, Json, JsonValue, Malformed, Value};

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
    pub use rusqlite;
    #[cfg(feature = "sqlx")]
    pub use sqlx;
    pub use zeroize::Zeroizing;
}

/// The code in the README and the guides, compiled and run as it is printed. That of docs/sqlx.md is in
/// tests-crates/sqlx_macros, which has what it needs: sqlx's own SQLite, its macros, and a database for them. That of
/// docs/sweeps.md and docs/guards.md is in sweep/, whose statements it uses.
#[cfg(all(doctest, feature = "diesel-sqlite", feature = "rusqlite"))]
mod guides {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/models.md")]
    struct Models;
    #[doc = include_str!("../docs/diesel.md")]
    struct Diesel;
    #[doc = include_str!("../docs/rusqlite.md")]
    struct Rusqlite;
    #[doc = include_str!("../docs/keys.md")]
    struct Keys;
    #[doc = include_str!("../docs/keyring.md")]
    struct KeyringGuide;
    #[doc = include_str!("../docs/schema-lock.md")]
    struct SchemaLock;
}
