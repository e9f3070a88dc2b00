//! MySQL's and MariaDB's catalog.

use super::Class;

pub(super) const TABLES: &str = "SELECT NULL, table_name FROM information_schema.tables WHERE table_schema = DATABASE() \
                 AND table_type = 'BASE TABLE' ORDER BY table_name";

pub(super) const COLUMNS: &str = "SELECT column_name, column_type, is_nullable = 'YES', CAST(character_maximum_length AS SIGNED), data_type, \
             coalesce(generation_expression, '') <> '' \
             FROM information_schema.columns WHERE table_schema = coalesce(?, DATABASE()) AND table_name = ? \
             ORDER BY ordinal_position";

pub(super) const KEY: &str = "SELECT column_name FROM information_schema.statistics WHERE table_schema = coalesce(?, DATABASE()) \
             AND table_name = ? AND index_name = 'PRIMARY' ORDER BY seq_in_index";

/// The class of a `data_type`.
pub(super) fn class(data_type: &str) -> Class {
    match data_type {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Class::Integer,
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Class::Bytes,
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set" => Class::Text,
        _ => Class::Other,
    }
}
