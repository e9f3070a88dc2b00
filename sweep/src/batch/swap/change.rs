//! New values of rows, and what must not have changed before they are written.

use crate::plan::{ColumnIndex, PlannedIndex, TablePlan};
use crate::sql::{Cell, Class, Engine, TableColumn, identifier};
use sha2::{Digest as _, Sha256};
use smallvec::SmallVec;

/// Old values longer than this are compared on MySQL by their SHA-256, in bytes: together with the
/// new ones they could be longer than what the server takes.
const MAX_COMPARED: usize = 1 << 16;

/// New values of one row, with the row as it was read.
#[derive(Debug)]
pub(crate) struct Swap {
    row: Vec<Cell>,
    /// The new values, one for each of [`Change::targets`].
    pub(crate) new: Values,
}

/// Space for the usual case: one sealed column changes in a row.
pub(crate) type Values = SmallVec<[Cell; 2]>;

impl Swap {
    pub(crate) fn new(row: Vec<Cell>, new: Values) -> Self {
        Self { row, new }
    }

    /// The new values one by one.
    pub(crate) fn apart(&self) -> impl Iterator<Item = Self> {
        self.new.iter().map(|new| Self::new(self.row.clone(), Values::from_iter([new.clone()])))
    }

    /// The row's primary key: what is read first.
    pub(crate) fn key(&self, plan: &TablePlan) -> &[Cell] {
        self.row.get(..plan.key.len()).unwrap_or_default()
    }

    /// The values that must still be there.
    pub(super) fn old(&self, place: ColumnIndex) -> &Cell {
        TablePlan::cell(&self.row, place)
    }

    /// Whether that value is compared by its SHA-256.
    pub(super) fn is_digested(&self, plan: &TablePlan, place: ColumnIndex) -> bool {
        plan.engine == Engine::Mysql && self.old(place).size() > MAX_COMPARED
    }

    /// The expression as MySQL writes it.
    pub(super) fn digest(&self, place: ColumnIndex) -> String {
        hex::encode(Sha256::digest(self.old(place).as_bytes().unwrap_or_default()))
    }

    pub(super) fn has_digests(&self, plan: &TablePlan, change: &Change<'_>) -> bool {
        change.places.iter().any(|(place, _)| self.is_digested(plan, *place))
    }
}

/// The columns that some rows of a batch get new values for, and those that must not have changed
/// meanwhile.
pub(crate) struct Change<'a> {
    pub(super) places: Vec<(ColumnIndex, &'a TableColumn)>,
    pub(crate) targets: Vec<&'a TableColumn>,
}

impl<'a> Change<'a> {
    /// The change of the planned columns with those numbers.
    pub(crate) fn of(plan: &'a TablePlan, columns: &[PlannedIndex]) -> Self {
        let mut change = Change { places: Vec::new(), targets: Vec::new() };
        for column in plan.planned(columns) {
            change.places.extend(column.sources().filter_map(|at| Some((at, plan.selected.get(at.0)?))));
            change.targets.extend(plan.selected.get(column.target.0));
        }
        // A value is bound to its row id and scope: where a program changes those, the new value
        // would be another row's. A key of integers is compared already.
        for at in plan.bound_to() {
            let known = change.places.iter().any(|(place, _)| *place == at);
            let Some(column) = plan.selected.get(at.0).filter(|_| !known) else { continue };
            if at.0 >= plan.key.len() || column.class != Class::Integer {
                change.places.push((at, column));
            }
        }
        change
    }
}

/// A column as it's compared, to the byte, with what was read.
pub(super) fn compared(engine: Engine, column: &TableColumn) -> String {
    let name = identifier(engine, &column.name);
    match (engine, column.class) {
        // Independent of the column's collation; the types must be the same too.
        (Engine::Sqlite, _) => format!("{name} COLLATE BINARY"),
        (Engine::Mysql, Class::Text) => format!("CAST(CONVERT({name} USING utf8mb4) AS BINARY)"),
        (Engine::Mysql, Class::Other) => format!("CAST({} AS BINARY)", column.read(engine)),
        _ => name,
    }
}
