//! MySQL and MariaDB.

use super::sqlx::{client, runtime};
use crate::sql::{Cell, Client, Database, Param, SqlError};
use fieldseal::Dialect;
use fieldseal::dialect::Fault;
use sqlx::decode::Decode;
use sqlx::error::DatabaseError;
use sqlx::mysql::{
    MySql, MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlRow, MySqlTypeInfo,
};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, Type, TypeInfo as _, ValueRef as _};
use tokio::runtime::Runtime;

/// A MySQL or MariaDB database, by sqlx's options: `Mysql::new(url.parse()?)`.
#[derive(Debug, Clone)]
pub struct Mysql {
    options: MySqlConnectOptions,
}

impl Mysql {
    /// Connects as the options say. Strict mode is turned on, whatever the server's default:
    /// nothing may be cut off.
    #[must_use]
    pub fn new(options: MySqlConnectOptions) -> Self {
        // sqlx would log statements that take long.
        Self { options: options.disable_statement_logging() }
    }
}

impl Database for Mysql {
    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    fn connect(&self) -> Result<Box<dyn Client>, SqlError> {
        let runtime = runtime()?;
        let connection = runtime.block_on(self.options.connect()).map_err(|error| failed(&error))?;
        let mut connected = Connected { runtime, connection, most: usize::MAX };
        connected.batch(
            "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO', \
             SESSION autocommit = 1, SESSION innodb_lock_wait_timeout = 5",
        )?;
        // No time limit for statements, since counting takes long. The first variable is MariaDB's,
        // the second MySQL's.
        let _ = connected.batch("SET SESSION max_statement_time = 0");
        let _ = connected.batch("SET SESSION max_execution_time = 0");
        let client: &mut dyn Client = &mut connected;
        let most = client.integer("SELECT @@session.max_allowed_packet", &[])?;
        connected.most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        Ok(Box::new(connected))
    }
}

struct Connected {
    runtime: Runtime,
    connection: MySqlConnection,
    /// The longest message that the server takes, in bytes: `max_allowed_packet`.
    most: usize,
}

client!(Connected, Dialect::Mysql, bound: bound, cell: cell, failed: failed, most: |connected: &Connected| connected.most);

fn bound<'q>(sql: &str, params: &'q [Param<'_>]) -> Query<'q, MySql, MySqlArguments> {
    let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    params.iter().fold(query, |query, param| {
        // MySQL has no lists, and no statement for it binds one.
        let Param::Cell(cell) = param else { return query.bind(None::<&str>) };
        match &**cell {
            Cell::Integer(integer) => query.bind(integer),
            Cell::Unsigned(integer) => query.bind(integer),
            Cell::Real(real) => query.bind(real),
            Cell::Text(text) => query.bind(std::str::from_utf8(text).ok()),
            Cell::Bytes(bytes) => query.bind(bytes.as_slice()),
            Cell::Null | Cell::Other => query.bind(None::<&str>),
        }
    })
}

fn cell(row: &MySqlRow, at: usize) -> Cell {
    let Ok(value) = row.try_get_raw(at) else { return Cell::Other };
    if value.is_null() {
        return Cell::Null;
    }
    let type_info = value.type_info().into_owned();
    let is = |compatible: fn(&MySqlTypeInfo) -> bool| compatible(&type_info);
    if is(<u64 as Type<MySql>>::compatible) {
        let integer = <u64 as Decode<MySql>>::decode(value);
        return integer
            .map_or(Cell::Other, |integer| i64::try_from(integer).map_or(Cell::Unsigned(integer), Cell::Integer));
    }
    if is(<i64 as Type<MySql>>::compatible) {
        return <i64 as Decode<MySql>>::decode(value).map_or(Cell::Other, Cell::Integer);
    }
    if is(<f64 as Type<MySql>>::compatible) && type_info.name() != "DECIMAL" {
        return <f64 as Decode<MySql>>::decode(value).map_or(Cell::Other, Cell::Real);
    }
    let is_text =
        is(<str as Type<MySql>>::compatible) && !matches!(type_info.name(), "BLOB" | "BINARY" | "VARBINARY");
    if is_text || is(<Vec<u8> as Type<MySql>>::compatible) {
        let bytes = <&[u8] as Decode<MySql>>::decode(value).map(<[u8]>::to_vec);
        return bytes.map_or(Cell::Other, if is_text { Cell::Text } else { Cell::Bytes });
    }
    Cell::Other
}

fn failed(error: &sqlx::Error) -> SqlError {
    super::sqlx::failed(error, said)
}

/// The fault by MySQL's and MariaDB's error numbers.
fn said(error: &dyn DatabaseError) -> SqlError {
    let number = error.try_downcast_ref::<MySqlDatabaseError>().map_or(0, MySqlDatabaseError::number);
    // Guards signal ER_SIGNAL_EXCEPTION.
    if let Some(error) = SqlError::of_guard(error.message()).filter(|_| number == 1644) {
        return error;
    }
    SqlError::said(Fault::of_mysql(number, error.code().as_deref()), &number, error.message())
}
