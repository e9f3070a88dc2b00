//! Which tables and columns a command is for.

use crate::error::Error;
use crate::target::Target;
use fieldseal::{Column, Schema};

/// Which tables and columns.
#[derive(Debug, clap::Args)]
pub(crate) struct Selection {
    /// Only that table of the lock file; can be repeated
    #[arg(long, value_name = "TABLE")]
    pub(crate) table: Vec<String>,

    /// Only that column of the lock file, TABLE.COLUMN; can be repeated
    #[arg(long, value_name = "TABLE.COLUMN")]
    pub(crate) column: Vec<String>,
}

impl Selection {
    /// Whether nothing is left out.
    pub(crate) fn is_all(&self) -> bool {
        self.column.is_empty() && self.table.is_empty()
    }

    /// The tables of the lock file with their chosen columns.
    pub(crate) fn of(&self, target: &Target) -> Result<Vec<(Schema, Vec<&'static Column>)>, Error> {
        let schemas = target.schemas()?;
        let is_table = |schema: &Schema, name: &str| name == schema.table || name == schema.sql_table;
        for name in &self.table {
            if !schemas.iter().any(|schema| is_table(schema, name)) {
                return Err(unknown(&format!("no table {name}"), &schemas));
            }
        }
        let is_column = |schema: &Schema, column: &Column, name: &str| {
            name.rsplit_once('.').is_some_and(|(table, name)| {
                is_table(schema, table) && (name == column.name() || name == column.sql_name())
            })
        };
        for name in &self.column {
            let known = |schema: &Schema| schema.columns.iter().any(|column| is_column(schema, column, name));
            if !schemas.iter().any(known) {
                return Err(unknown(&format!("no column {name}"), &schemas));
            }
        }
        let chosen = schemas.into_iter().map(|schema| {
            let whole = self.is_all() || self.table.iter().any(|name| is_table(&schema, name));
            let is_chosen =
                |column: &&'static Column| whole || self.column.iter().any(|name| is_column(&schema, column, name));
            (schema, schema.columns.iter().filter(is_chosen).collect::<Vec<_>>())
        });
        Ok(chosen.filter(|(_, columns)| !columns.is_empty()).collect())
    }
}

fn unknown(what: &str, schemas: &[Schema]) -> Error {
    let columns = schemas
        .iter()
        .flat_map(|schema| schema.columns.iter().map(move |column| format!("{}.{}", schema.table, column.name())));
    Error::usage(format!("the lock file has {what}"))
        .hint(format!("it has {}", columns.collect::<Vec<_>>().join(", ")))
}

/// Refuses `--from` and `--into` unless exactly one sealed column is chosen.
pub(crate) fn one_column_if(other: bool, chosen: &Selection, option: &str) -> Result<(), Error> {
    if other && (chosen.column.len() != 1 || !chosen.table.is_empty()) {
        return Err(Error::usage(format!("{option} is for one sealed column"))
            .hint(format!("name it: --column TABLE.COLUMN {option} OTHER")));
    }
    Ok(())
}
