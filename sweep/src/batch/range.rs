//! The condition that picks the rows of a range, in the order of the primary key.

use crate::plan::{KeyRange, RowKey, TablePlan};
use crate::sql::{Cell, Engine, Statement, TableColumn, identifier};
use std::fmt::Write as _;

impl<'a> Statement<'a> {
    /// `key > …` or `key <= …`, in the order of the primary key.
    fn compare(&mut self, key: &[TableColumn], op: Order, than: &'a RowKey) -> &mut Self {
        let names: Vec<_> = key.iter().map(|column| identifier(self.engine(), &column.name)).collect();
        match self.engine() {
            // MySQL doesn't use an index for a comparison of rows.
            Engine::Mysql => self.compare_parts(key, &names, op, than.cells()),
            Engine::Sqlite | Engine::Postgres => {
                let _ = write!(self.text, "({}) {} (", names.join(", "), op.whole());
                for (at, (column, cell)) in key.iter().zip(than.cells()).enumerate() {
                    if at > 0 {
                        self.push(", ");
                    }
                    self.bind_key(column, cell);
                }
                self.push(")");
            }
        }
        self
    }

    /// `a >= … AND (a > … OR (a = … AND …))`: the database uses the index for the first part.
    fn compare_parts(&mut self, key: &[TableColumn], names: &[String], op: Order, than: &'a [Cell]) {
        let ([column, columns @ ..], [name, names @ ..], [cell, cells @ ..]) = (key, names, than) else { return };
        if columns.is_empty() {
            self.push(name).push(" ").push(op.whole()).push(" ").bind_key(column, cell);
            return;
        }
        self.push("(").push(name).push(" ").push(op.or_equal()).push(" ").bind_key(column, cell);
        self.push(" AND (").push(name).push(" ").push(op.strict()).push(" ").bind_key(column, cell);
        self.push(" OR (").push(name).push(" = ").bind_key(column, cell).push(" AND ");
        self.compare_parts(columns, names, op, cells);
        self.push(")))");
    }

    /// ` WHERE …`: the rows of a range.
    pub(super) fn range(&mut self, plan: &TablePlan, range: KeyRange<'a>) -> &mut Self {
        self.push(" WHERE ");
        for column in &plan.key {
            // SQLite's keys can be NULL, which no comparison finds.
            if self.engine() == Engine::Sqlite && column.is_nullable {
                self.push(&identifier(self.engine(), &column.name)).push(" IS NOT NULL AND ");
            }
        }
        self.push("1 = 1");
        if let Some(after) = range.after {
            self.push(" AND ").compare(&plan.key, Order::After, after);
        }
        if let Some(until) = range.until {
            self.push(" AND ").compare(&plan.key, Order::UpTo, until);
        }
        self
    }
}

#[derive(Clone, Copy)]
enum Order {
    After,
    UpTo,
}

impl Order {
    const fn whole(self) -> &'static str {
        match self {
            Self::After => ">",
            Self::UpTo => "<=",
        }
    }

    const fn or_equal(self) -> &'static str {
        match self {
            Self::After => ">=",
            Self::UpTo => "<=",
        }
    }

    const fn strict(self) -> &'static str {
        match self {
            Self::After => ">",
            Self::UpTo => "<",
        }
    }
}
