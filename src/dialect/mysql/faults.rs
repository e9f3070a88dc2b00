//! What the error numbers of MySQL and MariaDB mean. The names are those of MySQL's
//! `mysqld_error.h` and, where they differ, MariaDB's `errmsg-utf8.txt`.

use crate::dialect::Fault;

pub(in crate::dialect) const fn of_number(number: u16, sqlstate: Option<&str>) -> Fault {
    match number {
        ER_DBACCESS_DENIED_ERROR
        | ER_ACCESS_DENIED_ERROR
        | ER_TABLEACCESS_DENIED_ERROR
        | ER_COLUMNACCESS_DENIED_ERROR
        | ER_SPECIFIC_ACCESS_DENIED_ERROR
        | ER_OPTION_PREVENTS_STATEMENT
        | ER_PROCACCESS_DENIED_ERROR
        | ER_BINLOG_CREATE_ROUTINE_NEED_SUPER
        | ER_ACCESS_DENIED_NO_PASSWORD_ERROR
        | ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
        | ER_MUST_CHANGE_PASSWORD
        | ER_READ_ONLY_MODE
        | ER_MUST_CHANGE_PASSWORD_LOGIN
        | ER_ACCOUNT_HAS_BEEN_LOCKED => Fault::Denied,
        ER_BAD_DB_ERROR | ER_NO_SUCH_TABLE | ER_TRG_DOES_NOT_EXIST | ER_NO_SUCH_TABLE_IN_ENGINE => Fault::Missing,
        ER_BAD_FIELD_ERROR => Fault::Mismatched,
        ER_NOT_KEYFILE | ER_CRASHED_ON_USAGE | ER_TABLE_CORRUPT => Fault::Corrupt,
        ER_LOCK_WAIT_TIMEOUT => Fault::Busy,
        ER_CHECKREAD | ER_LOCK_DEADLOCK => Fault::Conflict,
        ER_CON_COUNT_ERROR | ER_SERVER_SHUTDOWN | ER_TOO_MANY_USER_CONNECTIONS | ER_CONNECTION_KILLED => {
            Fault::Lost
        }
        ER_DUP_ENTRY | ER_DUP_ENTRY_WITH_KEY_NAME => Fault::Duplicate,
        ER_DISK_FULL | ER_OUTOFMEMORY | ER_OUT_OF_SORTMEMORY | ER_OUT_OF_RESOURCES | ER_RECORD_FILE_FULL => {
            Fault::Full
        }
        ER_BAD_NULL_ERROR
        | ER_TOO_BIG_ROWSIZE
        | ER_NET_PACKET_TOO_LARGE
        | ER_WARN_DATA_OUT_OF_RANGE
        | WARN_DATA_TRUNCATED
        | ER_TRUNCATED_WRONG_VALUE
        | ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
        | ER_ILLEGAL_VALUE_FOR_TYPE
        | ER_DATA_TOO_LONG
        | ER_WRONG_VALUE_FOR_TYPE
        | ER_WRONG_VALUE
        | ER_SIGNAL_EXCEPTION
        | ER_DATA_OUT_OF_RANGE
        | ER_INVALID_JSON_TEXT
        | ER_CHECK_CONSTRAINT_VIOLATED
        | ER_CONSTRAINT_FAILED
        | ER_TOO_BIG_FOR_PAGE => Fault::Refused,
        // An error that a trigger signals, whatever number it has.
        _ => match sqlstate {
            Some(sqlstate) if is_signal(sqlstate) => Fault::Refused,
            _ => Fault::Other,
        },
    }
}

/// Class 45, "unhandled user-defined exception".
const fn is_signal(sqlstate: &str) -> bool {
    matches!(sqlstate.as_bytes(), [b'4', b'5', ..])
}

/// The messages that libmysqlclient and mysql_async pass on, of a server that speaks English.
pub(in crate::dialect) fn of_message(message: &str) -> Option<Fault> {
    const SAYS: [(&str, Fault); 8] = [
        ("Deadlock found", Fault::Conflict),
        ("Record has changed since last read", Fault::Conflict),
        ("Lock wait timeout", Fault::Busy),
        ("command denied to user", Fault::Denied),
        ("Access denied", Fault::Denied),
        // ER_OPTION_PREVENTS_STATEMENT names the option.
        ("--read-only", Fault::Denied),
        ("--super-read-only", Fault::Denied),
        ("in a READ ONLY transaction", Fault::Denied),
    ];
    SAYS.iter().find(|(says, _)| message.contains(says)).map(|(_, fault)| *fault)
}

const ER_CHECKREAD: u16 = 1020;
const ER_DISK_FULL: u16 = 1021;
const ER_NOT_KEYFILE: u16 = 1034;
const ER_OUTOFMEMORY: u16 = 1037;
const ER_OUT_OF_SORTMEMORY: u16 = 1038;
const ER_CON_COUNT_ERROR: u16 = 1040;
const ER_OUT_OF_RESOURCES: u16 = 1041;
const ER_DBACCESS_DENIED_ERROR: u16 = 1044;
const ER_ACCESS_DENIED_ERROR: u16 = 1045;
const ER_BAD_NULL_ERROR: u16 = 1048;
const ER_BAD_DB_ERROR: u16 = 1049;
const ER_SERVER_SHUTDOWN: u16 = 1053;
const ER_BAD_FIELD_ERROR: u16 = 1054;
const ER_DUP_ENTRY: u16 = 1062;
const ER_RECORD_FILE_FULL: u16 = 1114;
const ER_TOO_BIG_ROWSIZE: u16 = 1118;
const ER_TABLEACCESS_DENIED_ERROR: u16 = 1142;
const ER_COLUMNACCESS_DENIED_ERROR: u16 = 1143;
const ER_NO_SUCH_TABLE: u16 = 1146;
const ER_NET_PACKET_TOO_LARGE: u16 = 1153;
const ER_CRASHED_ON_USAGE: u16 = 1194;
const ER_TOO_MANY_USER_CONNECTIONS: u16 = 1203;
const ER_LOCK_WAIT_TIMEOUT: u16 = 1205;
const ER_LOCK_DEADLOCK: u16 = 1213;
const ER_SPECIFIC_ACCESS_DENIED_ERROR: u16 = 1227;
const ER_WARN_DATA_OUT_OF_RANGE: u16 = 1264;
const WARN_DATA_TRUNCATED: u16 = 1265;
const ER_OPTION_PREVENTS_STATEMENT: u16 = 1290;
const ER_TRUNCATED_WRONG_VALUE: u16 = 1292;
const ER_TRG_DOES_NOT_EXIST: u16 = 1360;
const ER_TRUNCATED_WRONG_VALUE_FOR_FIELD: u16 = 1366;
const ER_ILLEGAL_VALUE_FOR_TYPE: u16 = 1367;
const ER_PROCACCESS_DENIED_ERROR: u16 = 1370;
const ER_DATA_TOO_LONG: u16 = 1406;
const ER_WRONG_VALUE_FOR_TYPE: u16 = 1411;
const ER_BINLOG_CREATE_ROUTINE_NEED_SUPER: u16 = 1419;
const ER_WRONG_VALUE: u16 = 1525;
const ER_DUP_ENTRY_WITH_KEY_NAME: u16 = 1586;
const ER_SIGNAL_EXCEPTION: u16 = 1644;
const ER_DATA_OUT_OF_RANGE: u16 = 1690;
const ER_ACCESS_DENIED_NO_PASSWORD_ERROR: u16 = 1698;
const ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION: u16 = 1792;
const ER_MUST_CHANGE_PASSWORD: u16 = 1820;
const ER_READ_ONLY_MODE: u16 = 1836;
const ER_MUST_CHANGE_PASSWORD_LOGIN: u16 = 1862;
const ER_TABLE_CORRUPT: u16 = 1877;
/// MariaDB's.
const ER_CONNECTION_KILLED: u16 = 1927;
const ER_NO_SUCH_TABLE_IN_ENGINE: u16 = 1932;
const ER_ACCOUNT_HAS_BEEN_LOCKED: u16 = 3118;
const ER_INVALID_JSON_TEXT: u16 = 3140;
/// MySQL's.
const ER_CHECK_CONSTRAINT_VIOLATED: u16 = 3819;
/// MariaDB's.
const ER_CONSTRAINT_FAILED: u16 = 4025;
/// InnoDB's `HA_ERR_TO_BIG_ROW`, which comes through as its own number: a row that is too big for a
/// page.
const ER_TOO_BIG_FOR_PAGE: u16 = 139;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_and_a_signal_by_its_class() {
        assert_eq!(of_number(ER_TABLEACCESS_DENIED_ERROR, Some("42000")), Fault::Denied);
        assert_eq!(of_number(ER_BAD_DB_ERROR, Some("42000")), Fault::Missing);
        assert_eq!(of_number(ER_LOCK_DEADLOCK, None), Fault::Conflict);
        assert_eq!(of_number(ER_DUP_ENTRY, Some("23000")), Fault::Duplicate);
        assert_eq!(of_number(30_001, Some("45000")), Fault::Refused);
        assert_eq!(of_number(30_001, None), Fault::Other);
        let denied = "SELECT command denied to user 'u'@'%' for table `d`.`fieldseal_keys`";
        assert_eq!(of_message(denied), Some(Fault::Denied));
        assert_eq!(of_message("SELECT Befehl verweigert"), None);
    }
}
