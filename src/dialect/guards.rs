//! What a dialect says of guards, and what it is given for them.

use super::Dialect;
use crate::format::armor;
use crate::format::envelope::MAX_SEALED_LEN;
use crate::keys::{KeyId, KeyState};
use crate::model::Column;

/// How a dialect makes, removes and finds guards.
pub(crate) struct Guards {
    /// The statements that make a guard's triggers, with `tag` in the body of each, by which a
    /// check sees whether it is the present version.
    pub(crate) create: fn(&Target, &KeyCheck, tag: &str) -> Vec<String>,
    /// The statements that remove them if they are there.
    pub(crate) remove: fn(&Target) -> Vec<String>,
    /// The most characters of a column's name in the message for a refused value, where the
    /// message's length is bounded.
    pub(crate) longest_label: Option<usize>,
    /// A query for the body that a table's trigger has: empty if it's disabled, NULL if there is
    /// none. `table` is the name in the model, `trigger` an SQL text constant.
    pub(crate) stored_body: fn(table: &str, trigger: &str) -> String,
    /// The triggers of the connection's own schema.
    pub(crate) triggers: Triggers,
    /// A query for guards that aren't known: `guard`, a name, and `remove`, the statement that
    /// removes it, in the order in which they have to be run.
    pub(crate) strays: fn(&KnownGuards) -> String,
}

/// Triggers, as rows.
pub(crate) struct Triggers {
    /// The SQL expressions for a trigger's name and for its table's.
    pub(crate) name: &'static str,
    pub(crate) table: &'static str,
    /// What follows FROM.
    pub(crate) source: &'static str,
}

/// The names of the guards that a program knows.
pub(crate) struct KnownGuards {
    /// The guards themselves.
    pub(crate) guards: Vec<String>,
    /// Their triggers.
    pub(crate) triggers: Vec<String>,
}

impl Triggers {
    /// What follows FROM for those with the name of a guard that isn't known.
    pub(crate) fn strays(&self, dialect: Dialect, known: &KnownGuards) -> String {
        let known = not_among(dialect, self.name, &known.triggers);
        format!("{} AND {}{known}", self.source, begins_as_a_guard(self.name))
    }
}

/// A query for what [`Guards::strays`] says: of rows of `source`, by SQL for `name` and the
/// statement.
pub(super) fn removals(dialect: Dialect, name: &str, remove: &str, source: &str) -> String {
    format!("SELECT {} AS guard, {} AS remove FROM {source}", dialect.result(name), dialect.result(remove))
}

/// [`Guards::strays`] where a trigger is removed by its name alone, which stands between `mark`s.
pub(super) fn removals_by_name(dialect: Dialect, triggers: &Triggers, mark: &str, known: &KnownGuards) -> String {
    let Triggers { name, .. } = triggers;
    let [drop, once, twice] =
        [&format!("DROP TRIGGER {mark}"), mark, &mark.repeat(2)].map(|text| dialect.literal(text));
    let remove = dialect.joined(&[drop, format!("replace({name}, {once}, {twice})"), once]);
    removals(dialect, name, &remove, &triggers.strays(dialect, known))
}

pub(super) fn begins_as_a_guard(name: &str) -> String {
    format!("substr({name}, 1, {}) = '{PREFIX}'", PREFIX.len())
}

/// A condition for the end of a WHERE: `name` is none of `known`.
pub(super) fn not_among(dialect: Dialect, name: &str, known: &[String]) -> String {
    let known: Vec<_> = known.iter().map(|name| dialect.literal(name)).collect();
    if known.is_empty() { String::new() } else { format!(" AND {name} NOT IN ({})", known.join(", ")) }
}

/// Which keys' values a guard lets through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KeyCheck {
    /// Any: guards look at the form of a value only.
    #[default]
    None,
    /// Those that open by the key store's table, `fieldseal_keys`, which is beside the models'
    /// tables: staged, primary or active. Retired, destroyed and unknown keys are refused from the
    /// moment the table says so.
    ///
    /// On PostgreSQL the table is looked for when the guard is made; on SQLite and MySQL it must be
    /// in the guarded table's own database.
    InStore,
    /// As [`Self::InStore`], with the table in that schema, or that database of MySQL's. SQLite's
    /// triggers can't look into another file: there it's the same as [`Self::InStore`].
    InStoreOf(String),
    /// All but these, where the key store is out of the database's reach. The guards must be made
    /// anew when more are to be refused.
    Refusing(Vec<KeyId>),
}

/// One column, as its guard's statements need it.
pub(crate) struct Target {
    /// The schema, quoted.
    pub(crate) schema: Option<String>,
    /// The table without its schema, quoted.
    pub(crate) table: String,
    /// Quoted.
    pub(crate) column: String,
    /// `table.column`, for messages.
    pub(crate) label: String,
    pub(crate) name: String,
    /// How short a sealed value can be, in bytes.
    pub(crate) shortest: usize,
    pub(crate) refuses_null: bool,
    pub(crate) base64: bool,
}

impl Target {
    /// What a guard of that name needs to know of its column.
    pub(crate) fn new(dialect: Dialect, name: String, sql_table: &str, column: &Column) -> Self {
        let (schema, table) = match sql_table.rsplit_once('.') {
            Some((schema, table)) => (Some(dialect.identifier(schema)), table),
            None => (None, sql_table),
        };
        let overhead = column.suite().overhead();
        Self {
            schema,
            table: dialect.identifier(table),
            column: dialect.identifier(column.sql_name()),
            label: format!("{sql_table}.{}", column.sql_name()),
            name,
            shortest: column.previous_suite().map_or(overhead, |previous| previous.overhead().min(overhead)),
            refuses_null: column.refuses_null(),
            base64: column.is_base64(),
        }
    }

    /// Lets another model's values through as well. Both are base64 or neither is: the schema lock
    /// sees to that.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.shortest = self.shortest.min(other.shortest);
        self.refuses_null &= other.refuses_null;
    }

    /// A name in the table's schema, quoted.
    pub(crate) fn beside_table(&self, dialect: Dialect, name: &str) -> String {
        let name = dialect.identifier(name);
        self.schema.as_ref().map_or_else(|| name.clone(), |schema| format!("{schema}.{name}"))
    }

    /// The table with its schema, quoted.
    pub(crate) fn whole_table(&self) -> String {
        self.schema.as_ref().map_or_else(|| self.table.clone(), |schema| format!("{schema}.{}", self.table))
    }

    /// The trigger of that event, unquoted.
    pub(crate) fn trigger(&self, event: Event) -> String {
        format!("{}{}", self.name, event.suffix())
    }

    /// The shortest and longest value, as it's stored: bytes, or characters of base64.
    pub(crate) const fn lengths(&self) -> (usize, usize) {
        (if self.base64 { armor::len(self.shortest) } else { self.shortest }, MAX_SEALED_LEN)
    }

    /// The message for a refused value, as an SQL text constant.
    pub(crate) fn message(&self, dialect: Dialect, refusal: Refusal) -> String {
        let mut label = self.label.clone();
        let count = label.chars().count();
        if let Some(longest) = dialect.guards().longest_label.filter(|longest| count > *longest) {
            // The end of that message, which names the column.
            label = "..".chars().chain(label.chars().skip(count - longest + 2)).collect();
        }
        dialect.literal(&format!("fieldseal: {label} {}", refusal.what()))
    }
}

/// The statement that fires a trigger.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Insert,
    Update,
}

impl Event {
    pub(crate) const ALL: [Self; 2] = [Self::Insert, Self::Update];

    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::Insert => "_insert",
            Self::Update => "_update",
        }
    }
}

/// Why a value is refused.
#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    NotSealed,
    Null,
    Key,
}

impl Refusal {
    const fn what(self) -> &'static str {
        match self {
            Self::NotSealed => "must be a sealed value: write it through the program's model",
            Self::Null => "seals NULL like a value: write it through the program's model",
            Self::Key => "is sealed under a key that is retired or unknown: refresh the program's keyring",
        }
    }
}

impl KeyCheck {
    /// An SQL condition that holds for the ids that are refused; `None` if none is. `table` is how
    /// the statement names the key store's table.
    pub(crate) fn refused(&self, id: &str, table: &str) -> Option<String> {
        match self {
            Self::None => None,
            Self::Refusing(ids) if ids.is_empty() => None,
            Self::Refusing(ids) => {
                let ids: String = ids.iter().map(|id| format!("WHEN {} THEN 1 ", id.get())).collect();
                // PL/pgSQL ends a condition at the first THEN that isn't in parentheses.
                Some(format!("(CASE {id} {ids}ELSE 0 END) = 1"))
            }
            Self::InStore | Self::InStoreOf(_) => {
                Some(format!("NOT EXISTS (SELECT 1 FROM {table} k WHERE k.id = {id} AND {})", opens("k")))
            }
        }
    }
}

/// An SQL condition that holds for a record of a key that opens. It isn't written with IN: SQLite
/// would make a table of its list each time.
pub(crate) fn opens(record: &str) -> String {
    let states = KeyState::ALL.into_iter().filter(|state| state.opens());
    let states: Vec<_> = states.map(|state| format!("{record}.state = '{state}'")).collect();
    format!("({})", states.join(" OR "))
}

/// The key store's table.
pub(crate) const KEYS: &str = "fieldseal_keys";

/// The beginning of the names of all guards.
pub(crate) const PREFIX: &str = "fieldseal_guard_";
