//! What a job means for one table of one database, worked out without touching it.

use super::checks::{check_key, check_sealed, check_written};
use super::context::{IdKind, scope_of, with_part};
use super::error::PlanError;
use super::job::{Job, Task};
use super::key::RowKey;
use super::lookalike;
use super::plaintext::{Holder, KnownKind};
use crate::sql::{Cell, Engine, ROWID, Table, TableColumn, identifier, quoted};
use fieldseal::{Column, RowContext, RowId, Scope};

/// A job on one table: what is read, what a row's values become, and what is written.
///
/// It's made of the schema, the database's description of the table and the job, and does no I/O.
#[derive(Debug, Clone)]
pub struct TablePlan {
    pub(crate) engine: Engine,
    /// The table's name in the schema.
    pub(crate) table: &'static str,
    /// Its name as it's quoted in SQL.
    pub(crate) sql_table: String,
    pub(crate) key: Vec<TableColumn>,
    /// Every column that is read, the key's first.
    pub(crate) selected: Vec<TableColumn>,
    row: Vec<(ColumnIndex, IdKind)>,
    scope: Option<(ColumnIndex, IdKind)>,
    pub(crate) columns: Vec<PlannedColumn>,
    pub(crate) job: Job,
    pub(crate) seal_lookalikes: bool,
    /// Whether tenants without a key get one.
    pub(crate) makes_keys: bool,
}

/// The number of a column among those that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ColumnIndex(pub(crate) usize);

/// The number of a sealed column among those of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PlannedIndex(pub(crate) usize);

/// One sealed column in a job.
#[derive(Debug, Clone)]
pub(crate) struct PlannedColumn {
    pub(crate) column: Column,
    /// The column that the new value is made of.
    pub(crate) source: ColumnIndex,
    /// The column that gets the new value: the same or another.
    pub(crate) target: ColumnIndex,
    pub(super) kind: Option<KnownKind>,
}

impl PlannedColumn {
    /// The columns that must not have changed before the new value is written.
    pub(crate) fn sources(&self) -> impl Iterator<Item = ColumnIndex> {
        let other = (self.target != self.source).then_some(self.target);
        std::iter::once(self.source).chain(other)
    }
}

impl TablePlan {
    pub(crate) fn new(engine: Engine, task: &Task, table: &Table) -> Result<Self, PlanError> {
        let mut plan = Self {
            engine,
            table: task.schema.sql_table,
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
        for column in task.schema.row {
            let place = plan.place(table, column.name)?;
            plan.row.push((place, IdKind::of(column.kind)));
        }
        if let Some(column) = task.schema.scope {
            plan.scope = Some((plan.place(table, column.name)?, IdKind::of(column.kind)));
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
                let kind = KnownKind::of(column.kind()).map_err(|why| PlanError::Kind {
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
    fn place(&mut self, table: &Table, name: &str) -> Result<ColumnIndex, PlanError> {
        let column = match table.column(name) {
            Some(column) => column.clone(),
            None if self.engine == Engine::Sqlite && ROWID.contains(&name) => TableColumn::rowid(name),
            None => {
                return Err(PlanError::NoColumn { table: table.name.clone(), column: name.to_owned() });
            }
        };
        if let Some(at) = self.selected.iter().position(|selected| selected.name == column.name) {
            return Ok(ColumnIndex(at));
        }
        self.selected.push(column);
        Ok(ColumnIndex(self.selected.len() - 1))
    }

    #[expect(clippy::indexing_slicing, reason = "places are made by pushing")]
    fn column_at(&self, place: ColumnIndex) -> &TableColumn {
        &self.selected[place.0]
    }

    /// The planned columns, with their numbers.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (PlannedIndex, &PlannedColumn)> {
        self.columns.iter().enumerate().map(|(at, planned)| (PlannedIndex(at), planned))
    }

    /// The planned columns with those numbers.
    pub(crate) fn planned(&self, columns: &[PlannedIndex]) -> impl Iterator<Item = &PlannedColumn> {
        columns.iter().filter_map(|PlannedIndex(at)| self.columns.get(*at))
    }

    /// The names of the key's columns, each with what follows it: ` DESC`, say.
    pub(crate) fn key_names(&self, suffix: &str) -> String {
        let name = |column: &TableColumn| format!("{}{suffix}", identifier(self.engine, &column.name));
        self.key.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// A row as it was read, each value as its column has it.
    pub(crate) fn normalised(&self, row: Vec<Cell>) -> Vec<Cell> {
        if self.engine != Engine::Mysql {
            return row;
        }
        self.selected.iter().zip(row).map(|(column, cell)| column.normalised(cell)).collect()
    }

    /// The key of a row that was read.
    pub(crate) fn key_of(&self, row: &[Cell]) -> RowKey {
        RowKey::new(row.iter().take(self.key.len()).cloned().collect())
    }

    /// What was read at that place.
    pub(crate) fn cell(row: &[Cell], ColumnIndex(at): ColumnIndex) -> &Cell {
        const NULL: &Cell = &Cell::Null;
        row.get(at).unwrap_or(NULL)
    }

    /// The database's column that has a planned column's sealed values.
    pub(crate) fn sealed(&self, planned: &PlannedColumn) -> Option<&TableColumn> {
        let place = if matches!(self.job, Job::Encrypt { .. }) { planned.target } else { planned.source };
        self.selected.get(place.0)
    }

    /// Source and target, where they're two columns.
    pub(crate) fn other(&self, planned: &PlannedColumn) -> Option<(&TableColumn, &TableColumn)> {
        let both = (self.selected.get(planned.source.0)?, self.selected.get(planned.target.0)?);
        (planned.source != planned.target).then_some(both)
    }

    /// The column that names the tenant, and its kind.
    pub(crate) fn scope_column(&self) -> Option<(&TableColumn, IdKind)> {
        self.scope.and_then(|(place, kind)| Some((self.selected.get(place.0)?, kind)))
    }

    /// The columns that values are bound to: row id and scope.
    pub(crate) fn bound_to(&self) -> impl Iterator<Item = ColumnIndex> {
        self.row.iter().chain(&self.scope).map(|(place, _)| *place)
    }

    /// Scope and id of a row, or what is wrong with them.
    pub(crate) fn context(&self, row: &[Cell]) -> Result<RowContext, &'static str> {
        let mut id = RowId::UNBOUND;
        for (place, kind) in &self.row {
            id = with_part(id, *kind, Self::cell(row, *place))?;
        }
        let scope = match self.scope {
            None => Scope::APPLICATION,
            Some((place, kind)) => scope_of(kind, Self::cell(row, place))?,
        };
        Ok(RowContext::of_row(id).in_scope(scope))
    }

    pub(super) fn holder(&self, place: ColumnIndex) -> Holder {
        Holder { engine: self.engine, class: self.column_at(place).class }
    }

    /// Whether a decrypted value, where the sealed one was, looks like a sealed one itself.
    pub(crate) fn leaves_a_lookalike(&self, planned: &PlannedColumn, opened: &Cell) -> bool {
        self.job == Job::Decrypt { into: None } && lookalike::looks_sealed(opened, &planned.column)
    }

    /// Whether what a decrypted value has become in its column still is that value.
    pub(crate) fn is_kept(&self, planned: &PlannedColumn, given: &Cell, found: &Cell) -> bool {
        let PlannedColumn { target, kind: Some(kind), .. } = planned else { return true };
        let holder = self.holder(*target);
        given == found
            || (kind.encode(given, holder).is_some() && kind.encode(given, holder) == kind.encode(found, holder))
    }
}
