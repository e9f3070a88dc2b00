//! Models with sqlx: [the guide](crate::guide::sqlx).

pub use crate::db::sqlx::{BindRow, PushRows, SqlxBind, SqlxDatabase, SqlxModel, SqlxRow};
