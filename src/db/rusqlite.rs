//! rusqlite: named parameters for a whole row, and single values.

use super::{SealedValue, StoredBytes, StoredValue};
use crate::error::Error;
use rusqlite::types::{FromSql, FromSqlResult, Null, ToSql, ToSqlOutput, Type, ValueRef};
use rusqlite::{Result, Row};

impl ToSql for SealedValue {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        match self.as_value() {
            Ok(StoredValue::Text(text)) => Ok(ToSqlOutput::Borrowed(ValueRef::Text(text))),
            Ok(StoredValue::Bytes(bytes)) => Ok(ToSqlOutput::Borrowed(ValueRef::Blob(bytes))),
            Ok(_) => Ok(Null.into()),
            Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(Box::new(error))),
        }
    }
}

impl<'a> From<ValueRef<'a>> for StoredValue<'a> {
    fn from(value: ValueRef<'a>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(integer) => Self::Integer(integer),
            ValueRef::Real(real) => Self::Real(real),
            ValueRef::Text(text) => Self::Text(text),
            ValueRef::Blob(bytes) => Self::Bytes(bytes),
        }
    }
}

/// Takes a sealed column out of a row by itself: `row.get::<_, StoredBytes>("name")?`.
impl FromSql for StoredBytes {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self::copy_of(value.into()))
    }
}

/// A row's values, sealed where they must be, ready to be bound by name.
///
/// ```text
/// let insert = "INSERT INTO patients (id, name) VALUES (:id, :name)";
/// conn.execute(insert, patient.params().bind().as_slice())?;
/// ```
///
/// rusqlite refuses names that the statement doesn't have; [`Self::only`] picks those that it has.
#[derive(Debug)]
pub struct NamedParams<'a>(Vec<(&'static str, Param<'a>)>);

enum Param<'a> {
    Plain(&'a dyn ToSql),
    Sealed(SealedValue),
}

impl std::fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain(..)"),
            Self::Sealed(value) => value.fmt(f),
        }
    }
}

impl<'a> NamedParams<'a> {
    #[doc(hidden)]
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    #[doc(hidden)]
    #[must_use]
    pub fn plain(mut self, name: &'static str, value: &'a dyn ToSql) -> Self {
        self.0.push((name, Param::Plain(value)));
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn sealed(mut self, name: &'static str, value: SealedValue) -> Self {
        self.0.push((name, Param::Sealed(value)));
        self
    }

    /// Keeps the parameters of those columns, for a statement that doesn't have all of them.
    ///
    /// A name that the model doesn't have makes the statement fail: without its parameter SQLite
    /// would take NULL for it.
    #[must_use]
    pub fn only(mut self, columns: &[&str]) -> Self {
        let has = |column: &&&str| self.0.iter().any(|(name, _)| name.strip_prefix(':') == Some(**column));
        let all_known = columns.iter().filter(has).count() == columns.len();
        self.0.retain(|(name, _)| name.strip_prefix(':').is_some_and(|name| columns.contains(&name)));
        if !all_known {
            self.0.push((":only() names a column that the model does not have", Param::Plain(&Null)));
        }
        self
    }

    /// The parameters as rusqlite takes them, `:column` each.
    #[must_use]
    pub fn bind(&self) -> Vec<(&'static str, &dyn ToSql)> {
        self.0
            .iter()
            .map(|(name, param)| match param {
                Param::Plain(value) => (*name, *value),
                Param::Sealed(value) => (*name, value as &dyn ToSql),
            })
            .collect()
    }
}

/// A column of a row, still hostile.
#[doc(hidden)]
pub fn stored<'a>(row: &'a Row<'_>, column: &str) -> Result<StoredValue<'a>> {
    row.get_ref(column).map(Into::into)
}

/// A fieldseal error as the closure of `query_map` must return it.
///
/// Its column has rusqlite's own value for an unknown one, so that it prints as the fieldseal
/// error, which names table and column. With an index rusqlite would put "Conversion error from
/// type Blob" in front, whatever the type was.
#[doc(hidden)]
#[must_use]
pub fn error(error: Error) -> rusqlite::Error {
    const UNKNOWN_COLUMN: usize = usize::MAX;
    rusqlite::Error::FromSqlConversionFailure(UNKNOWN_COLUMN, Type::Blob, Box::new(error))
}
