//! Whether a table's columns are fit for a job.

use super::error::PlanError;
use crate::sql::{Class, Engine, Table, TableColumn};
use fieldseal::Column;

/// Whether rows can be found again by a key with that column.
pub(super) fn check_key(engine: Engine, table: &Table, column: &TableColumn) -> Result<(), PlanError> {
    // PostgreSQL compares whatever it reads back; MySQL would compare numbers with text as floats,
    // and orders enumerations by their numbers.
    let is_unfit = ["decimal", "float", "double", "bit", "enum", "set"];
    if engine == Engine::Mysql && is_unfit.iter().any(|name| column.type_name.starts_with(name)) {
        return Err(PlanError::KeyType {
            table: table.name.clone(),
            column: column.name.clone(),
            type_name: column.type_name.clone(),
        });
    }
    Ok(())
}

/// Whether it can be written.
pub(super) fn check_written(table: &Table, column: &TableColumn) -> Result<(), PlanError> {
    if !column.is_generated {
        return Ok(());
    }
    Err(PlanError::ColumnType {
        table: table.name.clone(),
        column: column.name.clone(),
        type_name: column.type_name.clone(),
        why: "is computed by the database, and can't be written",
        hint: "make it an ordinary column",
    })
}

/// Whether the column holds sealed values as they are.
pub(super) fn check_sealed(
    engine: Engine,
    table: &Table,
    column: &Column,
    stored: &TableColumn,
) -> Result<(), PlanError> {
    let type_name = stored.type_name.as_str();
    let starts = |names: &[&str]| names.iter().any(|name| type_name.starts_with(name));
    let (why, hint) = match (engine, column.is_base64()) {
        (Engine::Sqlite, _) => return Ok(()),
        (Engine::Postgres, false) if stored.class != Class::Bytes => {
            ("can't hold sealed bytes", "make it bytea, seal into another column, or declare the column `base64`")
        }
        (Engine::Mysql, false) if stored.class != Class::Bytes => (
            "can't hold sealed bytes",
            "make it VARBINARY or a BLOB, seal into another column, or declare the column `base64`",
        ),
        (Engine::Mysql, false) if starts(&["binary"]) => {
            ("fills values up with zeros", "make it VARBINARY or a BLOB")
        }
        (Engine::Postgres | Engine::Mysql, true) if stored.class != Class::Text => {
            ("can't hold base64", "make it text, or take `base64` off the column")
        }
        (Engine::Postgres | Engine::Mysql, true) if starts(&["character(", "char(", "enum", "set"]) => {
            ("changes what it holds", "make it text or varchar")
        }
        _ => return Ok(()),
    };
    Err(PlanError::ColumnType {
        table: table.name.clone(),
        column: stored.name.clone(),
        type_name: type_name.to_owned(),
        why,
        hint,
    })
}
