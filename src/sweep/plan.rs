//! What a job means for one table of one database, worked out without touching it.

use super::job::{Job, Task};
use super::key::RowKey;
use super::plaintext::{Holder, Kind};
use super::survey;
use crate::context::{RowContext, RowId, Scope};
use crate::error::ErrorKind;
use crate::keyring::{Keyring, Resealed};
use crate::model::{Column, ContextColumn};
use crate::sql::{Cell, Class, SqlError, Table, TableColumn, quoted};
use crate::store::Dialect;
use zeroize::Zeroizing;

/// A job on one table: what is read, what a row's values become, and what is written.
///
/// It's made of the schema, the database's description of the table and the job, and does no I/O.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) dialect: Dialect,
    /// As it's quoted in SQL.
    pub(super) sql_table: String,
    pub(super) key: Vec<TableColumn>,
    /// Every column that is read, the key's first.
    pub(super) selected: Vec<TableColumn>,
    row: Vec<(Place, &'static str)>,
    scope: Option<(Place, &'static str)>,
    pub(super) columns: Vec<PlannedColumn>,
    pub(super) job: Job,
    seal_lookalikes: bool,
}

/// The number of a column among those that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(pub(super) usize);

/// One sealed column in a job.
#[derive(Debug, Clone)]
pub(super) struct PlannedColumn {
    pub(super) column: Column,
    /// What the new value is made of.
    source: Place,
    /// What gets it; the same, or another column.
    pub(super) target: Place,
    kind: Option<Kind>,
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
    /// No column was chosen.
    #[error("the table {0} has no such sealed column")]
    NothingToDo(String),
}

/// Why a value is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// It can't be opened or sealed.
    #[error("{0}")]
    Value(#[from] ErrorKind),
    /// The row's id or scope isn't what the schema says.
    #[error("{0}")]
    Row(&'static str),
    /// It's plaintext, but not of the column's kind.
    #[error("the plaintext is no valid {0}, as the lock file says: mend the value, or the kind")]
    NotOfKind(&'static str),
    /// The other column holds something else already.
    #[error(
        "the other column already has another value: find out which of the two is right, and empty the other column or repeat the write in the program"
    )]
    Differs,
    /// The database refused the new value.
    #[error("the new value was refused: {0}")]
    Refused(SqlError),
    /// The database stored something else than it was given.
    #[error(
        "the database changed the plaintext on the way in, since its column's type can't hold it as it is; it stays sealed: decrypt into a column of another type"
    )]
    Altered,
}

/// What becomes of one value.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// It's NULL, and stays that.
    Null,
    /// It's as the job wants it.
    Done,
    /// It's plaintext, and may be: the column is migrating.
    Plaintext,
    /// It's to be replaced.
    Write(Cell),
    /// It can't be opened, or isn't what it should be: it's left alone.
    Problem(ProblemKind),
}

impl Plan {
    pub(crate) fn new(dialect: Dialect, task: &Task, table: &Table) -> Result<Self, PlanError> {
        let mut plan = Self {
            dialect,
            sql_table: quoted(dialect, &table.name),
            key: Vec::new(),
            selected: Vec::new(),
            row: Vec::new(),
            scope: None,
            columns: Vec::new(),
            job: task.job.clone(),
            seal_lookalikes: task.seal_lookalikes,
        };
        if table.key.is_empty() {
            return Err(PlanError::NoKey(table.name.clone()));
        }
        for name in &table.key {
            let place = plan.place(table, name)?;
            let column = plan.column_at(place).clone();
            check_key(dialect, table, &column)?;
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
            let planned = plan.column(table, column)?;
            plan.columns.push(planned);
        }
        if plan.columns.is_empty() {
            return Err(PlanError::NothingToDo(table.name.clone()));
        }
        Ok(plan)
    }

    fn column(&mut self, table: &Table, column: &Column) -> Result<PlannedColumn, PlanError> {
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
        check_sealed(self.dialect, table, column, self.column_at(sealed))?;
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
        if let Some(at) = self.selected.iter().position(|column| column.name == name) {
            return Ok(Place(at));
        }
        let column = match table.column(name) {
            Some(column) => column.clone(),
            None if self.dialect == Dialect::Sqlite && name == "rowid" => TableColumn::rowid(),
            None => {
                return Err(PlanError::NoColumn { table: table.name.clone(), column: name.to_owned() });
            }
        };
        self.selected.push(column);
        Ok(Place(self.selected.len() - 1))
    }

    #[expect(clippy::indexing_slicing, reason = "places are made by pushing")]
    fn column_at(&self, place: Place) -> &TableColumn {
        &self.selected[place.0]
    }

    /// The names of the key's columns, each with what follows it: ` DESC`, say.
    pub(super) fn key_names(&self, suffix: &str) -> String {
        let name = |column: &TableColumn| format!("{}{suffix}", quoted(self.dialect, &column.name));
        self.key.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn normalised(&self, row: Vec<Cell>) -> Vec<Cell> {
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

    /// What must still be there when those planned columns of a row are replaced.
    pub(super) fn old_cells(&self, row: &[Cell], columns: &[usize]) -> Vec<Cell> {
        let planned = columns.iter().filter_map(|at| self.columns.get(*at));
        planned.flat_map(PlannedColumn::places).map(|place| Self::cell(row, place).clone()).collect()
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

    /// What becomes of each planned column of a row.
    pub(super) fn judge(&self, keyring: &Keyring, row: &[Cell]) -> Vec<Verdict> {
        match self.context(row) {
            Ok(context) => self.columns.iter().map(|column| self.verdict(keyring, column, &context, row)).collect(),
            Err(why) => self.columns.iter().map(|_| Verdict::Problem(ProblemKind::Row(why))).collect(),
        }
    }

    fn context(&self, row: &[Cell]) -> Result<RowContext, &'static str> {
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

    fn verdict(&self, keyring: &Keyring, planned: &PlannedColumn, context: &RowContext, row: &[Cell]) -> Verdict {
        let (source, target) = (Self::cell(row, planned.source), Self::cell(row, planned.target));
        match &self.job {
            Job::Reencrypt => reencrypt(keyring, &planned.column, context, source),
            Job::Verify => verify(keyring, &planned.column, context, source),
            Job::Encrypt { from } => {
                self.encrypt(keyring, planned, context, source, from.is_some().then_some(target))
            }
            Job::Decrypt { into } => {
                self.decrypt(keyring, planned, context, source, into.is_some().then_some(target))
            }
        }
    }

    fn encrypt(
        &self,
        keyring: &Keyring,
        planned: &PlannedColumn,
        context: &RowContext,
        source: &Cell,
        target: Option<&Cell>,
    ) -> Verdict {
        let (column, Some(kind)) = (&planned.column, planned.kind) else { return Verdict::Null };
        let source = Plaintext { cell: source, kind, holder: self.holder(planned.source) };
        if let Some(target) = target {
            return into_another(keyring, column, context, source, target);
        }
        if !source.cell.is_null() {
            match opens(keyring, column, context, source.cell) {
                Ok(()) => return Verdict::Done,
                Err(ErrorKind::NotSealed | ErrorKind::UnknownKey(_)) => {}
                Err(ErrorKind::Rejected | ErrorKind::SealedAsText) if self.seal_lookalikes => {}
                Err(problem) => return Verdict::Problem(problem.into()),
            }
        }
        seal(keyring, column, context, source)
    }

    fn holder(&self, place: Place) -> Holder {
        Holder { dialect: self.dialect, class: self.column_at(place).class }
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

    fn decrypt(
        &self,
        keyring: &Keyring,
        planned: &PlannedColumn,
        context: &RowContext,
        source: &Cell,
        target: Option<&Cell>,
    ) -> Verdict {
        let (column, Some(kind)) = (&planned.column, planned.kind) else { return Verdict::Null };
        if source.is_null() {
            return if column.refuses_null() {
                Verdict::Problem(ErrorKind::UnexpectedNull.into())
            } else {
                Verdict::Null
            };
        }
        let holder = self.holder(planned.target);
        let encoded = match keyring.open_encoded(column, context, source.as_stored()) {
            Ok(encoded) => encoded,
            // In place, what isn't sealed is what a sweep before this one left there.
            Err(ErrorKind::NotSealed) if target.is_none() && kind.encode(source, holder).is_some() => {
                return Verdict::Done;
            }
            Err(problem) => return Verdict::Problem(problem.into()),
        };
        if let Some(target) = target.filter(|target| !target.is_null()) {
            return if kind.encode(target, holder) == encoded {
                Verdict::Done
            } else {
                Verdict::Problem(ProblemKind::Differs)
            };
        }
        let opened = encoded.map_or(Some(Cell::Null), |encoded| kind.to_cell(&encoded, holder));
        opened.map_or_else(|| Verdict::Problem(ErrorKind::Malformed(column.kind()).into()), Verdict::Write)
    }
}

fn check_key(dialect: Dialect, table: &Table, column: &TableColumn) -> Result<(), PlanError> {
    // PostgreSQL compares whatever it reads back; MySQL would compare numbers with text as floats.
    let is_number = ["decimal", "float", "double", "bit"].iter().any(|name| column.type_name.starts_with(name));
    if dialect == Dialect::Mysql && column.class == Class::Other && is_number {
        return Err(PlanError::KeyType {
            table: table.name.clone(),
            column: column.name.clone(),
            type_name: column.type_name.clone(),
        });
    }
    Ok(())
}

/// Whether the column holds sealed values as they are.
fn check_sealed(dialect: Dialect, table: &Table, column: &Column, stored: &TableColumn) -> Result<(), PlanError> {
    let type_name = stored.type_name.as_str();
    let starts = |names: &[&str]| names.iter().any(|name| type_name.starts_with(name));
    let why = match (dialect, column.is_base64()) {
        (Dialect::Sqlite, _) => return Ok(()),
        (Dialect::Postgres, false) if stored.class != Class::Bytes => {
            "can't hold sealed bytes: make it bytea, seal into another column, or declare the column `base64`"
        }
        (Dialect::Mysql, false) if stored.class != Class::Bytes => {
            "can't hold sealed bytes: make it VARBINARY or a BLOB, seal into another column, or declare the column `base64`"
        }
        (Dialect::Mysql, false) if starts(&["binary"]) => "fills values up with zeros: make it VARBINARY or a BLOB",
        (Dialect::Postgres | Dialect::Mysql, true) if stored.class != Class::Text => {
            "can't hold base64: make it text, or take `base64` off the column"
        }
        (Dialect::Postgres | Dialect::Mysql, true) if starts(&["character(", "char(", "enum", "set"]) => {
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

/// One column of the row id, as a model with that kind encodes it.
fn with_part(id: RowId, kind: &str, cell: &Cell) -> Result<RowId, &'static str> {
    match kind {
        "int" => match cell {
            Cell::Integer(integer) => Ok(id.and(integer)),
            Cell::Unsigned(integer) => Ok(id.and(integer)),
            _ => {
                let integer: Option<i128> = cell.as_str().and_then(|text| text.parse().ok());
                Ok(id.and(&integer.ok_or("its row id isn't an integer, as the lock file says")?))
            }
        },
        "text" => match cell {
            Cell::Text(_) => Ok(id.and(cell.as_str().ok_or("its row id isn't UTF-8")?)),
            _ => Err("its row id isn't text, as the lock file says"),
        },
        "bytes" => match cell {
            Cell::Bytes(bytes) => Ok(id.and(bytes.as_slice())),
            _ => Err("its row id isn't bytes, as the lock file says"),
        },
        _ => Ok(id.and(uuid(cell).ok_or("its row id isn't a UUID, as the lock file says")?.as_slice())),
    }
}

fn scope_of(kind: &str, cell: &Cell) -> Result<Scope, &'static str> {
    let text = match (kind, cell) {
        ("int", Cell::Integer(integer)) => integer.to_string(),
        ("int", Cell::Unsigned(integer)) => integer.to_string(),
        ("int", cell) => {
            let integer: Option<i128> = cell.as_str().and_then(|text| text.parse().ok());
            integer.ok_or("its scope isn't an integer, as the lock file says")?.to_string()
        }
        ("text", Cell::Text(_)) => cell.as_str().ok_or("its scope isn't UTF-8")?.to_owned(),
        ("text", _) => return Err("its scope isn't text, as the lock file says"),
        _ => {
            let bytes = uuid(cell).ok_or("its scope isn't a UUID, as the lock file says")?;
            hyphenated(&bytes)
        }
    };
    Scope::tenant(text).map_err(|_| "its scope is empty, or too long")
}

/// A UUID as its 16 bytes or as text.
fn uuid(cell: &Cell) -> Option<[u8; 16]> {
    match cell {
        Cell::Bytes(bytes) => bytes.as_slice().try_into().ok(),
        Cell::Text(_) => {
            let digits: String = cell.as_str()?.chars().filter(|character| *character != '-').collect();
            hex::decode(digits).ok()?.try_into().ok()
        }
        _ => None,
    }
}

/// 8-4-4-4-12 hex digits.
fn hyphenated(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&hex::encode([*byte]));
    }
    text
}

fn reencrypt(keyring: &Keyring, column: &Column, context: &RowContext, source: &Cell) -> Verdict {
    if source.is_null() {
        return if column.refuses_null() {
            Verdict::Problem(ErrorKind::UnexpectedNull.into())
        } else {
            Verdict::Null
        };
    }
    match keyring.reseal(column, context, source.as_stored()) {
        Ok(Resealed::Current) => Verdict::Done,
        Ok(Resealed::Anew(sealed)) => Verdict::Write(stored(column, sealed)),
        Err(ErrorKind::NotSealed | ErrorKind::UnknownKey(_)) if column.is_migrating() => Verdict::Plaintext,
        Err(problem) => Verdict::Problem(problem.into()),
    }
}

fn verify(keyring: &Keyring, column: &Column, context: &RowContext, source: &Cell) -> Verdict {
    if source.is_null() {
        return if column.refuses_null() {
            Verdict::Problem(ErrorKind::UnexpectedNull.into())
        } else {
            Verdict::Null
        };
    }
    match keyring.open_encoded(column, context, source.as_stored()) {
        Ok(None) => Verdict::Done,
        Ok(Some(encoded)) => match Kind::named(column.kind()) {
            Ok(kind) if !kind.reads(&encoded) => Verdict::Problem(ErrorKind::Malformed(column.kind()).into()),
            _ => Verdict::Done,
        },
        Err(ErrorKind::NotSealed | ErrorKind::UnknownKey(_)) if column.is_migrating() => Verdict::Plaintext,
        Err(problem) => Verdict::Problem(problem.into()),
    }
}

/// Whether a value is sealed for its place.
fn opens(keyring: &Keyring, column: &Column, context: &RowContext, cell: &Cell) -> Result<(), ErrorKind> {
    keyring.open_encoded(column, context, cell.as_stored()).map(drop)
}

/// A value that isn't sealed yet.
#[derive(Clone, Copy)]
struct Plaintext<'a> {
    cell: &'a Cell,
    kind: Kind,
    holder: Holder,
}

impl Plaintext<'_> {
    fn encode(self) -> Option<Zeroizing<Vec<u8>>> {
        self.kind.encode(self.cell, self.holder)
    }
}

fn seal(keyring: &Keyring, column: &Column, context: &RowContext, source: Plaintext<'_>) -> Verdict {
    if source.cell.is_null() {
        if !column.hides_null() {
            return Verdict::Null;
        }
        return match keyring.seal_null(column, context) {
            Ok(sealed) => Verdict::Write(stored(column, sealed)),
            Err(error) => Verdict::Problem(error.kind().clone().into()),
        };
    }
    let Some(encoded) = source.encode() else { return Verdict::Problem(ProblemKind::NotOfKind(column.kind())) };
    let sealed = match keyring.seal_bytes(column, context, &encoded) {
        // A tenant whose rows were all plaintext so far.
        Err(error) if matches!(error.kind(), ErrorKind::NoPrimary(_)) => match keyring.ensure_scope(&context.scope)
        {
            Ok(_) => keyring.seal_bytes(column, context, &encoded),
            Err(error) => return Verdict::Problem(ErrorKind::from(error).into()),
        },
        sealed => sealed,
    };
    match sealed {
        Ok(sealed) => Verdict::Write(stored(column, sealed)),
        Err(error) => Verdict::Problem(error.kind().clone().into()),
    }
}

/// Plaintext of one column and sealed values in another: what is there already must be the same.
fn into_another(
    keyring: &Keyring,
    column: &Column,
    context: &RowContext,
    source: Plaintext<'_>,
    target: &Cell,
) -> Verdict {
    if target.is_null() {
        return seal(keyring, column, context, source);
    }
    let there = match keyring.open_encoded(column, context, target.as_stored()) {
        Ok(there) => there,
        Err(problem) => return Verdict::Problem(problem.into()),
    };
    let same = if source.cell.is_null() { there.is_none() } else { there.is_some() && there == source.encode() };
    if same { Verdict::Done } else { Verdict::Problem(ProblemKind::Differs) }
}

/// Sealed bytes, or their characters, as the column stores them.
fn stored(column: &Column, sealed: Vec<u8>) -> Cell {
    if column.is_base64() { Cell::Text(sealed) } else { Cell::Bytes(sealed) }
}
