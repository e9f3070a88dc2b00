//! MySQL and MariaDB.

use super::sqlx::{client, runtime};
use crate::sql::{Cell, Client, Database, Param, SqlError, SqlErrorKind};
use fieldseal::Dialect;
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
    /// Connects as the options say. Strict mode is turned on, whatever the server's default: nothing may be cut off.
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
        // Counting takes long. The first is MariaDB's, the second MySQL's.
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
        // MySQL has no lists, and nobody here binds one.
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

/// By MySQL's and MariaDB's error numbers.
fn said(error: &dyn DatabaseError) -> SqlError {
    let number = error.try_downcast_ref::<MySqlDatabaseError>().map_or(0, MySqlDatabaseError::number);
    // ER_SIGNAL_EXCEPTION is what guards signal.
    if let Some(error) = SqlError::of_guard(error.message()).filter(|_| number == 1644) {
        return error;
    }
    let kind = match number {
        // ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK, ER_CHECKREAD
        1205 | 1213 | 1020 => SqlErrorKind::Again,
        // ER_CON_COUNT_ERROR, ER_SERVER_SHUTDOWN, ER_CONNECTION_KILLED of MariaDB
        1040 | 1053 | 1927 => SqlErrorKind::Lost,
        // ER_DBACCESS_DENIED, ER_ACCESS_DENIED, ER_TABLEACCESS_DENIED, ER_COLUMNACCESS_DENIED, ER_SPECIFIC_ACCESS_DENIED,
        // ER_BINLOG_CREATE_ROUTINE_NEED_SUPER, ER_OPTION_PREVENTS_STATEMENT
        1044 | 1045 | 1142 | 1143 | 1227 | 1419 | 1290 => SqlErrorKind::Denied,
        // ER_BAD_DB, ER_BAD_FIELD, ER_NO_SUCH_TABLE, ER_TRG_DOES_NOT_EXIST
        1049 | 1054 | 1146 | 1360 => SqlErrorKind::Missing,
        // ER_BAD_NULL, ER_DUP_ENTRY, ER_WARN_DATA_OUT_OF_RANGE, WARN_DATA_TRUNCATED, ER_TRUNCATED_WRONG_VALUE (and for a
        // field), ER_DATA_TOO_LONG, ER_SIGNAL_EXCEPTION of a trigger, ER_CONSTRAINT_FAILED of MariaDB,
        // ER_CHECK_CONSTRAINT_VIOLATED: they may quote values.
        1048 | 1062 | 1264 | 1265 | 1292 | 1366 | 1406 | 1411 | 1525 | 1367 | 1586 | 1644 | 1690 | 1118 | 139
        | 1153 | 4025 | 3819 | 3140 => {
            return SqlError::refused(&number);
        }
        // What a trigger signals, whatever number it gives it.
        _ if error.code().is_some_and(|state| state.starts_with("45")) => return SqlError::refused(&number),
        _ => SqlErrorKind::Other,
    };
    SqlError::new(kind, error.message())
}
