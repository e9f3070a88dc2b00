//! What a job means for one table of one database, worked out without touching it.

use super::job::{Job, Task};
use super::key::RowKey;
use super::plaintext::{Holder, Kind};
use super::row::{scope_of, with_part};
use super::survey;
use crate::sql::{Cell, Class, Engine, ROWID, Table, TableColumn, identifier, quoted};
use fieldseal::{Column, ContextColumn, RowContext, RowId, Scope};

/// A job on one table: what is read, what a row's values become, and what is written.
///
/// It's made of the schema, the database's description of the table and the job, and does no I/O.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) engine: Engine,
    /// As it's quoted in SQL.
    pub(super) sql_table: String,
    pub(super) key: Vec<TableColumn>,
    /// Every column that is read, the key's first.
    pub(super) selected: Vec<TableColumn>,
    row: Vec<(Place, &'static str)>,
    scope: Option<(Place, &'static str)>,
    pub(super) columns: Vec<PlannedColumn>,
    pub(super) job: Job,
    pub(super) seal_lookalikes: bool,
    /// Whether tenants without a key get one.
    pub(super) makes_keys: bool,
}

/// The number of a column among those that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(pub(super) usize);

/// One sealed column in a job.
#[derive(Debug, Clone)]
pub(super) struct PlannedColumn {
    pub(super) column: Column,
    /// What the new value is made of.
    pub(super) source: Place,
    /// What gets it; the same, or another column.
    pub(super) target: Place,
    pub(super) kind: Option<Kind>,
}

impl PlannedColumn {
    /// The columns that must not have changed before the new value is written.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        let other = (self.target != self.source).then_some(self.target);
        std::iter::once(self.source).chain(other)
    }
}

/// Why a job can't be done on a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The lock file or the model names a table that isn't there.
    #[error(
        "the database has no table {0}: compare `stored_in` in the lock file with the database, and the database with the URL"
    )]
    NoTable(String),
    /// The lock file or the model names a column that isn't there.
    #[error("the table {table} has no column {column}: compare the lock file, or the model, with the database")]
    NoColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// There is no order to go through the table in.
    #[error("the table {0} has no primary key: a sweep goes through a table in the order of one, so add one first")]
    NoKey(String),
    /// The primary key can't be compared with what was read.
    #[error("the column {column} of the primary key of {table} is {type_name}, which sweeps can't go by")]
    KeyType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        type_name: String,
    },
    /// The column that is to get sealed values changes them, or can't hold them.
    #[error("{table}.{column} is {type_name}, which {why}")]
    ColumnType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        type_name: String,
        /// Why not, and what to do.
        why: &'static str,
    },
    /// Values of that kind have no form outside of the program.
    #[error(
        "values of the kind {kind} in {table}.{column} can't be encrypted or decrypted without the program: {why}"
    )]
    Kind {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The kind.
        kind: &'static str,
        /// Why not, and what to do.
        why: &'static str,
    },
    /// Plaintext in the column is nothing that its program takes.
    #[error(
        "{table}.{column} is not migrating: a program that runs refuses plaintext there, and plaintext there now was put there by somebody else; declare it `migrating`, deploy that, and let the program's test write the lock file; or stop the program and say so"
    )]
    NotMigrating {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The other column is no place for plaintext.
    #[error("{table}.{column} {why}")]
    OtherColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Why not, and what to do.
        why: &'static str,
    },
    /// Most of what is to be encrypted looks sealed already.
    #[error(
        "{values} of the values in {table}.{column} look sealed, under keys that the key store doesn't have: is it the right key store? Restore it; or if they are plaintext that looks so, say that it's to be sealed"
    )]
    UnknownKeys {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// How many.
        values: u64,
    },
    /// No column was chosen.
    #[error("the table {0} has no such sealed column")]
    NothingToDo(String),
}

impl Plan {
    pub(crate) fn new(engine: Engine, task: &Task, table: &Table) -> Result<Self, PlanError> {
        let mut plan = Self {
            engine,
            sql_table: quoted(engine.dialect(), &table.name),
            key: Vec::new(),
            selected: Vec::new(),
            row: Vec::new(),
            scope: None,
            columns: Vec::new(),
            job: task.job.clone(),
            seal_lookalikes: task.seal_lookalikes,
            makes_keys: true,
        };
        if table.key.is_empty() {
            return Err(PlanError::NoKey(table.name.clone()));
        }
        for name in &table.key {
            let place = plan.place(table, name)?;
            let column = plan.column_at(place).clone();
            check_key(engine, table, &column)?;
            plan.key.push(column);
        }
        for ContextColumn { name, kind } in task.schema.row {
            let place = plan.place(table, name)?;
            plan.row.push((place, kind));
        }
        if let Some(ContextColumn { name, kind }) = task.schema.scope {
            plan.scope = Some((plan.place(table, name)?, kind));
        }
        for column in &task.columns {
            let planned = plan.column(table, column, task.program_stopped)?;
            plan.columns.push(planned);
        }
        if plan.columns.is_empty() {
            return Err(PlanError::NothingToDo(table.name.clone()));
        }
        Ok(plan)
    }

    fn column(
        &mut self,
        table: &Table,
        column: &Column,
        program_stopped: bool,
    ) -> Result<PlannedColumn, PlanError> {
        let sealed = self.place(table, column.sql_name())?;
        let other = match &self.job {
            Job::Encrypt { from: other } | Job::Decrypt { into: other } => other.clone(),
            Job::Reencrypt | Job::Verify => None,
        };
        let other = other.map(|other| self.place(table, &other)).transpose()?.unwrap_or(sealed);
        let planned = match self.job {
            Job::Encrypt { .. } => PlannedColumn { column: *column, source: other, target: sealed, kind: None },
            _ => PlannedColumn { column: *column, source: sealed, target: other, kind: None },
        };
        check_sealed(self.engine, table, column, self.column_at(sealed))?;
        for written in [sealed, planned.target] {
            check_written(table, self.column_at(written))?;
        }
        let in_place = matches!(self.job, Job::Encrypt { from: None } | Job::Decrypt { into: None });
        if in_place && !column.is_migrating() && !program_stopped {
            let (table, column) = (table.name.clone(), column.sql_name().to_owned());
            return Err(PlanError::NotMigrating { table, column });
        }
        match self.job {
            Job::Reencrypt | Job::Verify => Ok(planned),
            Job::Encrypt { .. } | Job::Decrypt { .. } => {
                let kind = Kind::named(column.kind()).map_err(|why| PlanError::Kind {
                    table: table.name.clone(),
                    column: column.sql_name().to_owned(),
                    kind: column.kind(),
                    why,
                })?;
                Ok(PlannedColumn { kind: Some(kind), ..planned })
            }
        }
    }

    /// The column's place among those that are read, after adding it if it wasn't.
    fn place(&mut self, table: &Table, name: &str) -> Result<Place, PlanError> {
        let column = match table.column(name) {
            Some(column) => column.clone(),
            None if self.engine == Engine::Sqlite && ROWID.contains(&name) => TableColumn::rowid(name),
            None => {
                return Err(PlanError::NoColumn { table: table.name.clone(), column: name.to_owned() });
            }
        };
        if let Some(at) = self.selected.iter().position(|selected| selected.name == column.name) {
            return Ok(Place(at));
        }
        self.selected.push(column);
        Ok(Place(self.selected.len() - 1))
    }

    #[expect(clippy::indexing_slicing, reason = "places are made by pushing")]
    fn column_at(&self, place: Place) -> &TableColumn {
        &self.selected[place.0]
    }

    /// The names of the key's columns, each with what follows it: ` DESC`, say.
    pub(super) fn key_names(&self, suffix: &str) -> String {
        let name = |column: &TableColumn| format!("{}{suffix}", identifier(self.engine, &column.name));
        self.key.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// A row as it was read, each value as its column has it.
    pub(super) fn normalised(&self, row: Vec<Cell>) -> Vec<Cell> {
        if self.engine != Engine::Mysql {
            return row;
        }
        self.selected.iter().zip(row).map(|(column, cell)| column.normalised(cell)).collect()
    }

    /// The key of a row that was read.
    pub(super) fn key_of(&self, row: &[Cell]) -> RowKey {
        RowKey::new(row.iter().take(self.key.len()).cloned().collect())
    }

    /// What was read at that place.
    pub(super) fn cell(row: &[Cell], Place(at): Place) -> &Cell {
        const NULL: &Cell = &Cell::Null;
        row.get(at).unwrap_or(NULL)
    }

    /// The database's column that has a planned column's sealed values.
    pub(super) fn sealed(&self, planned: &PlannedColumn) -> Option<&TableColumn> {
        let place = if matches!(self.job, Job::Encrypt { .. }) { planned.target } else { planned.source };
        self.selected.get(place.0)
    }

    /// Source and target, where they're two columns.
    pub(super) fn other(&self, planned: &PlannedColumn) -> Option<(&TableColumn, &TableColumn)> {
        let both = (self.selected.get(planned.source.0)?, self.selected.get(planned.target.0)?);
        (planned.source != planned.target).then_some(both)
    }

    /// The column that names the tenant, and its kind.
    pub(super) fn scope_column(&self) -> Option<(&TableColumn, &'static str)> {
        self.scope.and_then(|(place, kind)| Some((self.selected.get(place.0)?, kind)))
    }

    /// The columns that values are bound to: row id and scope.
    pub(super) fn bound_to(&self) -> impl Iterator<Item = Place> {
        self.row.iter().chain(&self.scope).map(|(place, _)| *place)
    }

    /// Scope and id of a row, or what is wrong with them.
    pub(super) fn context(&self, row: &[Cell]) -> Result<RowContext, &'static str> {
        let mut id = RowId::UNBOUND;
        for (place, kind) in &self.row {
            id = with_part(id, kind, Self::cell(row, *place))?;
        }
        let scope = match self.scope {
            None => Scope::APPLICATION,
            Some((place, kind)) => scope_of(kind, Self::cell(row, place))?,
        };
        Ok(RowContext { scope, row: id })
    }

    pub(super) fn holder(&self, place: Place) -> Holder {
        Holder { engine: self.engine, class: self.column_at(place).class }
    }

    /// Whether a decrypted value, where the sealed one was, looks like a sealed one itself.
    pub(super) fn leaves_a_lookalike(&self, planned: usize, opened: &Cell) -> bool {
        let Some(planned) = self.columns.get(planned) else { return false };
        self.job == Job::Decrypt { into: None } && survey::looks_sealed(opened, planned.column.is_base64())
    }

    /// Whether what a decrypted value has become in its column still is that value.
    pub(super) fn kept(&self, planned: usize, given: &Cell, found: &Cell) -> bool {
        let Some(PlannedColumn { target, kind: Some(kind), .. }) = self.columns.get(planned) else { return true };
        let holder = self.holder(*target);
        given == found
            || (kind.encode(given, holder).is_some() && kind.encode(given, holder) == kind.encode(found, holder))
    }
}

fn check_key(engine: Engine, table: &Table, column: &TableColumn) -> Result<(), PlanError> {
    // PostgreSQL compares whatever it reads back; MySQL would compare numbers with text as floats, and orders enumerations by their
    // numbers.
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

fn check_written(table: &Table, column: &TableColumn) -> Result<(), PlanError> {
    if !column.is_generated {
        return Ok(());
    }
    Err(PlanError::ColumnType {
        table: table.name.clone(),
        column: column.name.clone(),
        type_name: column.type_name.clone(),
        why: "is computed by the database, and can't be written: make it an ordinary column",
    })
}

/// Whether the column holds sealed values as they are.
fn check_sealed(engine: Engine, table: &Table, column: &Column, stored: &TableColumn) -> Result<(), PlanError> {
    let type_name = stored.type_name.as_str();
    let starts = |names: &[&str]| names.iter().any(|name| type_name.starts_with(name));
    let why = match (engine, column.is_base64()) {
        (Engine::Sqlite, _) => return Ok(()),
        (Engine::Postgres, false) if stored.class != Class::Bytes => {
            "can't hold sealed bytes: make it bytea, seal into another column, or declare the column `base64`"
        }
        (Engine::Mysql, false) if stored.class != Class::Bytes => {
            "can't hold sealed bytes: make it VARBINARY or a BLOB, seal into another column, or declare the column `base64`"
        }
        (Engine::Mysql, false) if starts(&["binary"]) => "fills values up with zeros: make it VARBINARY or a BLOB",
        (Engine::Postgres | Engine::Mysql, true) if stored.class != Class::Text => {
            "can't hold base64: make it text, or take `base64` off the column"
        }
        (Engine::Postgres | Engine::Mysql, true) if starts(&["character(", "char(", "enum", "set"]) => {
            "changes what it holds: make it text or varchar"
        }
        _ => return Ok(()),
    };
    Err(PlanError::ColumnType {
        table: table.name.clone(),
        column: stored.name.clone(),
        type_name: type_name.to_owned(),
        why,
    })
}
