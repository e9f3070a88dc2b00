//! sqlx: sealed values bound by themselves or with their row, and columns as they were stored. What
//! differs between databases has a file for each.

#[cfg(feature = "sqlx-mysql")]
mod mysql;
#[cfg(feature = "sqlx-postgres")]
mod postgres;
#[cfg(feature = "sqlx-sqlite")]
mod sqlite;

use super::SealedValue;
use crate::error::{Error, ErrorKind};
use crate::model::Model;
use smallvec::SmallVec;
use sqlx::query::{Query, QueryAs, QueryScalar};
use sqlx::query_builder::{QueryBuilder, Separated};
use sqlx::{Database, Encode, Type};
use std::fmt::Display;
use std::marker::PhantomData;

/// A database that sealed values can be bound to: `sqlx::Postgres`, `sqlx::MySql` and
/// `sqlx::Sqlite`, with the feature for each. It can't be implemented outside of this crate.
pub trait SqlxDatabase: Database + sealed::Closed {
    /// Whether the value can be bound to this database.
    #[doc(hidden)]
    fn check(value: &SealedValue) -> Result<(), Error>;
}

/// What a row's values are bound to: sqlx's `Query`, `QueryAs` and `QueryScalar`, and the
/// `Separated` that `QueryBuilder::push_values` gives. It can't be implemented outside of this
/// crate.
pub trait SqlxBind<'q>: Sized + sealed::Closed {
    /// The database.
    type Database: SqlxDatabase;

    /// Binds one more value.
    #[doc(hidden)]
    fn bind_value<T>(self, value: T) -> Self
    where
        T: 'q + Encode<'q, Self::Database> + Type<Self::Database>;
}

/// What this crate implements it for is all there is.
mod sealed {
    pub trait Closed {}
}

impl<DB: SqlxDatabase> sealed::Closed for Query<'_, DB, <DB as Database>::Arguments> {}
impl<DB: SqlxDatabase, O> sealed::Closed for QueryAs<'_, DB, O, <DB as Database>::Arguments> {}
impl<DB: SqlxDatabase, O> sealed::Closed for QueryScalar<'_, DB, O, <DB as Database>::Arguments> {}
impl<DB: SqlxDatabase, S: Display> sealed::Closed for Separated<'_, DB, S> {}

macro_rules! bind {
    ($($Query:ty),*) => {$(
        impl<'q, DB: SqlxDatabase, O> SqlxBind<'q> for $Query {
            type Database = DB;

            fn bind_value<T>(self, value: T) -> Self
            where
                T: 'q + Encode<'q, DB> + Type<DB>,
            {
                self.bind(value)
            }
        }
    )*};
}

bind!(QueryAs<'q, DB, O, <DB as Database>::Arguments>, QueryScalar<'q, DB, O, <DB as Database>::Arguments>);

impl<'q, DB: SqlxDatabase> SqlxBind<'q> for Query<'_, DB, <DB as Database>::Arguments> {
    type Database = DB;

    fn bind_value<T>(self, value: T) -> Self
    where
        T: 'q + Encode<'q, DB> + Type<DB>,
    {
        self.bind(value)
    }
}

impl<'q, DB: SqlxDatabase, S: Display> SqlxBind<'q> for Separated<'_, DB, S> {
    type Database = DB;

    fn bind_value<T>(mut self, value: T) -> Self
    where
        T: 'q + Encode<'q, DB> + Type<DB>,
    {
        self.push_bind(value);
        self
    }
}

/// A model of `#[encrypt(sqlx)]` that is written. `#[derive(Encrypt)]` implements it; an
/// implementation by hand may stop compiling with any version.
pub trait SqlxModel: Model {
    /// The columns' names in the database, in the order of the fields.
    const COLUMNS: &'static [&'static str];
}

/// A model whose fields can be bound to that database. `#[derive(Encrypt)]` implements it, with
/// `#[encrypt(sqlx)]`; an implementation by hand may stop compiling with any version.
pub trait SqlxRow<'q, DB: SqlxDatabase>: SqlxModel {
    /// Binds those columns, by their places in [`SqlxModel::COLUMNS`]; all are sealed before the
    /// first is bound.
    #[doc(hidden)]
    fn bind_each<B: SqlxBind<'q, Database = DB>>(&'q self, columns: &[usize], to: B) -> Result<B, sqlx::Error>;
}

/// Binds a row's values to a statement, sealed where they must be.
///
/// ```text
/// let insert = "INSERT INTO patients (id, name, city) VALUES ($1, $2, $3)";
/// sqlx::query(insert).bind_row(&ada)?.execute(&pool).await?;
/// let update = "UPDATE patients SET name = $1 WHERE id = $2";
/// sqlx::query(update).bind_columns(&ada, &["name", "id"])?.execute(&pool).await?;
/// ```
pub trait BindRow<'q>: SqlxBind<'q> {
    /// Binds all of the row's columns, in the order of the model's fields ([`SqlxModel::COLUMNS`]).
    ///
    /// # Errors
    ///
    /// `sqlx::Error::Encode` with a [`struct@Error`] inside, if a value can't be sealed. sqlx
    /// itself keeps no more than the text of an error until the statement is executed; this is the
    /// error itself.
    fn bind_row<R: SqlxRow<'q, Self::Database>>(self, row: &'q R) -> Result<Self, sqlx::Error> {
        // On the stack, but for very wide rows.
        let all: SmallVec<[usize; 32]> = (0..R::COLUMNS.len()).collect();
        row.bind_each(&all, self)
    }

    /// Binds some of the row's columns, in the order that is given here.
    ///
    /// # Errors
    ///
    /// As for [`Self::bind_row`], and [`ErrorKind::NoSuchColumn`] for a name that isn't in
    /// [`SqlxModel::COLUMNS`].
    fn bind_columns<R: SqlxRow<'q, Self::Database>>(
        self,
        row: &'q R,
        columns: &[&str],
    ) -> Result<Self, sqlx::Error> {
        let place = |name: &&str| {
            let place = R::COLUMNS.iter().position(|column| column == name);
            place.ok_or_else(|| encode_error(Error::new(ErrorKind::NoSuchColumn((*name).to_owned()))))
        };
        let places = columns.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        row.bind_each(&places, self)
    }
}

impl<'q, B: SqlxBind<'q>> BindRow<'q> for B {}

/// Pushes many rows at once: sqlx's `QueryBuilder` has it, and nothing else can.
pub trait PushRows<DB: SqlxDatabase>: sealed::Closed {
    /// Pushes `VALUES (…), (…)`, a tuple for each row with all of its columns in the order of the
    /// model's fields. There must be at least one row, and no more than the database takes
    /// parameters: 32,766 on SQLite, 65,535 on the others.
    ///
    /// ```text
    /// let mut insert = QueryBuilder::new("INSERT INTO patients (id, name, city) ");
    /// insert.push_rows(&patients)?.build().execute(&pool).await?;
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`BindRow::bind_row`], which the closure of sqlx's `push_values` has no way to
    /// report; the builder then holds half a statement, so drop it.
    fn push_rows<'q, R>(&mut self, rows: impl IntoIterator<Item = &'q R>) -> Result<&mut Self, sqlx::Error>
    where
        R: SqlxRow<'q, DB> + 'q;
}

impl<DB: SqlxDatabase> sealed::Closed for QueryBuilder<DB> {}

impl<DB: SqlxDatabase> PushRows<DB> for QueryBuilder<DB> {
    fn push_rows<'q, R>(&mut self, rows: impl IntoIterator<Item = &'q R>) -> Result<&mut Self, sqlx::Error>
    where
        R: SqlxRow<'q, DB> + 'q,
    {
        let mut bound = Ok(());
        self.push_values(rows, |values, row| {
            if bound.is_ok() {
                bound = values.bind_row(row).map(drop);
            }
        });
        bound.map(|()| self)
    }
}

/// The sealed columns of a row, in the order in which they will be bound.
#[doc(hidden)]
#[derive(Debug)]
pub struct SealedColumns<DB> {
    /// The last first.
    values: Vec<SealedValue>,
    database: PhantomData<DB>,
}

impl<DB: SqlxDatabase> SealedColumns<DB> {
    /// Seals those of the columns that must be: `seal` gives `None` for the others.
    pub fn seal(columns: &[usize], seal: impl Fn(usize) -> Option<SealedValue>) -> Result<Self, sqlx::Error> {
        let mut values = Vec::with_capacity(columns.len());
        for value in columns.iter().filter_map(|column| seal(*column)) {
            DB::check(&value).map_err(encode_error)?;
            values.push(value);
        }
        values.reverse();
        Ok(Self { values, database: PhantomData })
    }

    /// The next one.
    pub fn take_next(&mut self) -> SealedValue {
        self.values.pop().unwrap_or_else(SealedValue::missing)
    }
}

fn encode_error(error: Error) -> sqlx::Error {
    sqlx::Error::Encode(Box::new(error))
}

/// A value of that column didn't open.
#[doc(hidden)]
#[must_use]
pub fn decode_error(column: &str, error: Error) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(error) }
}
