//! Statements as they are put together, with their parameters in order.

use super::{Cell, Engine, Param, TableColumn};
use std::fmt::Write as _;

/// A statement and its parameters.
pub(crate) struct Statement<'a> {
    engine: Engine,
    pub(crate) text: String,
    pub(crate) params: Vec<Param<'a>>,
}

impl<'a> Statement<'a> {
    pub(crate) fn new(engine: Engine, text: impl Into<String>) -> Self {
        Self { engine, text: text.into(), params: Vec::new() }
    }

    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub(crate) fn bind(&mut self, param: impl Into<Param<'a>>) -> &mut Self {
        self.params.push(param.into());
        match self.engine {
            Engine::Postgres => {
                let _ = write!(self.text, "${}", self.params.len());
            }
            Engine::Sqlite | Engine::Mysql => self.text.push('?'),
        }
        self
    }

    /// A part of a key. On PostgreSQL it travels as text, whatever its type.
    pub(crate) fn bind_key(&mut self, column: &TableColumn, cell: &'a Cell) -> &mut Self {
        match self.engine {
            Engine::Postgres => self
                .bind(Cell::text(cell.to_postgres().unwrap_or_default()))
                .push("::text::")
                .push(&column.type_name),
            Engine::Sqlite | Engine::Mysql => self.bind(cell),
        }
    }
}

/// A table of which all rows are counted. SQLite is made to read the table itself: in a damaged
/// file an index may hold something else.
pub(crate) fn all_of(engine: Engine, quoted_table: &str) -> String {
    match engine {
        Engine::Sqlite => format!("{quoted_table} NOT INDEXED"),
        Engine::Postgres | Engine::Mysql => quoted_table.to_owned(),
    }
}
