//! Guards: triggers that keep plaintext and refused keys out of sealed columns, whoever writes.

mod check;
mod mysql;
mod postgres;
mod sqlite;
mod strays;

pub use check::guard_check;
pub use strays::stray_guards;

use crate::armor;
use crate::envelope::MAX_SEALED_LEN;
use crate::keys::{KeyId, KeyState};
use crate::model::{Column, Schema};
use crate::quoting::{identifier, literal};
use crate::store::Dialect;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The triggers that guard one sealed column, as SQL.
///
/// Each statement is whole, without a `;` at its end, and runs by itself. Those with a body have `;` inside: they go to the
/// database in one piece, and not through a prepared statement, which MySQL has none of for triggers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Guard {
    /// The table's name in the database, as the model has it.
    pub table: String,
    /// The column's name in the database.
    pub column: String,
    /// What the triggers' names begin with, unique for table and column: `fieldseal_guard_patients_name_…`. They end in
    /// `_insert` and `_update`; PostgreSQL has a function of this name too.
    pub name: String,
    /// Makes the triggers; what was there of them before is removed first.
    pub create: Vec<String>,
    /// Removes the triggers if they are there.
    pub remove: Vec<String>,
    /// A text in the body of each trigger that another making of it hasn't.
    tag: String,
}

/// Which keys' values a guard lets through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KeyCheck {
    /// Any: guards look at the form of a value only.
    #[default]
    None,
    /// Those that open by the key store's table, `fieldseal_keys`, which is beside the models' tables: staged, primary or
    /// active. Retired, destroyed and unknown keys are refused from the moment the table says so.
    ///
    /// On PostgreSQL the table is looked for when the guard is made; on SQLite and MySQL it must be in the guarded
    /// table's own database.
    InStore,
    /// As [`Self::InStore`], with the table in that schema, or that database of MySQL's. SQLite's triggers can't look
    /// into another file: there it's the same as [`Self::InStore`].
    InStoreOf(String),
    /// All but these, where the key store is out of the database's reach. The guards must be made anew when more are to be
    /// refused.
    Refusing(Vec<KeyId>),
}

/// Triggers that refuse what can't be a sealed value: for the programs, scripts and people that write to the database past the
/// models.
///
/// There is a guard for each sealed column, and it looks at what is inserted, and at what an update changes. It refuses
///
/// - what isn't a sealed value in the form that its column has: of another type, too short for the column's suite (or its previous
///   one), too long, without the first byte of the format, with key id 0, or in base64 that isn't exactly that;
/// - NULL in a column that hides NULL, unless it's migrating;
/// - a value under a key that `keys` doesn't let through.
///
/// What the table held before stays, and rows with plaintext can be updated in their other columns: a guard can be made
/// while a column is migrating. No trigger can tell whether a value is authentic: that shows when it's opened.
///
/// Where several schemas have the same column of a table, what either of them accepts is let through.
/// [`docs/guards.md`](https://github.com/fieldseal/fieldseal/blob/main/docs/guards.md) has the rights that are needed, what
/// guards don't see, and what they cost.
///
/// ```
/// use fieldseal::{KeyCheck, guards, store::Dialect};
/// # use fieldseal::{Column, Model, Schema};
/// # struct Patient;
/// # impl Model for Patient {
/// #     const SCHEMA: Schema = Schema { model: "Patient", table: "patients", sql_table: "patients",
/// #         row: &[], scope: None, columns: &[Column::new("patients", "name").unbound_row()] };
/// # }
///
/// for guard in guards(Dialect::Sqlite, &[Patient::SCHEMA], &KeyCheck::InStore) {
///     for statement in &guard.create {
///         // connection.execute_batch(statement)?;
/// #       assert!(statement.contains("fieldseal_guard_patients_name_"));
///     }
/// }
/// ```
#[must_use]
pub fn guards(dialect: Dialect, schemas: &[Schema], keys: &KeyCheck) -> Vec<Guard> {
    let mut targets: BTreeMap<(&str, &str), Target> = BTreeMap::new();
    for schema in schemas {
        for column in schema.columns {
            let target = Target::new(dialect, schema.sql_table, column);
            targets
                .entry((schema.sql_table, column.sql_name()))
                .and_modify(|other| other.merge(&target))
                .or_insert(target);
        }
    }
    targets.into_iter().map(|((table, column), target)| target.guard(dialect, (table, column), keys)).collect()
}

/// One column, as its guard's statements need it.
struct Target {
    /// The schema, quoted.
    schema: Option<String>,
    /// The table without its schema, quoted.
    table: String,
    /// Quoted.
    column: String,
    /// `table.column`, for messages.
    label: String,
    name: String,
    /// How short a sealed value can be, in bytes.
    shortest: usize,
    refuses_null: bool,
    base64: bool,
}

impl Target {
    fn new(dialect: Dialect, sql_table: &str, column: &Column) -> Self {
        let (schema, table) = match sql_table.rsplit_once('.') {
            Some((schema, table)) => (Some(identifier(dialect, schema)), table),
            None => (None, sql_table),
        };
        let overhead = column.suite().overhead();
        Self {
            schema,
            table: identifier(dialect, table),
            column: identifier(dialect, column.sql_name()),
            label: format!("{sql_table}.{}", column.sql_name()),
            name: name(sql_table, column.sql_name()),
            shortest: column.previous_suite().map_or(overhead, |previous| previous.overhead().min(overhead)),
            refuses_null: column.refuses_null(),
            base64: column.is_base64(),
        }
    }

    /// Makes room for another model's values. That one is base64 and the other isn't, the schema lock doesn't let through.
    fn merge(&mut self, other: &Self) {
        self.shortest = self.shortest.min(other.shortest);
        self.refuses_null &= other.refuses_null;
    }

    fn guard(&self, dialect: Dialect, (table, column): (&str, &str), keys: &KeyCheck) -> Guard {
        let create = |tag: &str| match dialect {
            Dialect::Sqlite => sqlite::create(self, keys, tag),
            Dialect::Postgres => postgres::create(self, keys, tag),
            Dialect::Mysql => mysql::create(self, keys, tag),
        };
        let remove = match dialect {
            Dialect::Sqlite => sqlite::remove(self),
            Dialect::Postgres => postgres::remove(self),
            Dialect::Mysql => mysql::remove(self),
        };
        let tag = digest(&[&create("").join(";")]);
        Guard {
            table: table.to_owned(),
            column: column.to_owned(),
            name: self.name.clone(),
            create: [remove.clone(), create(&tag)].concat(),
            remove,
            tag,
        }
    }

    /// A name in the table's schema, quoted.
    fn beside_table(&self, dialect: Dialect, name: &str) -> String {
        let name = identifier(dialect, name);
        self.schema.as_ref().map_or_else(|| name.clone(), |schema| format!("{schema}.{name}"))
    }

    /// The table with its schema, quoted.
    fn whole_table(&self) -> String {
        self.schema.as_ref().map_or_else(|| self.table.clone(), |schema| format!("{schema}.{}", self.table))
    }

    /// The trigger of that event, unquoted.
    fn trigger(&self, event: Event) -> String {
        format!("{}{}", self.name, event.suffix())
    }

    /// The shortest and longest value, as it's stored: bytes, or characters of base64.
    const fn lengths(&self) -> (usize, usize) {
        (if self.base64 { armor::len(self.shortest) } else { self.shortest }, MAX_SEALED_LEN)
    }

    /// What the database says when it refuses, as a constant of SQL's.
    fn message(&self, dialect: Dialect, refusal: Refusal) -> String {
        /// MySQL's MESSAGE_TEXT has 128 characters.
        const LONGEST_LABEL: usize = 36;
        let mut label = self.label.clone();
        let count = label.chars().count();
        if dialect == Dialect::Mysql && count > LONGEST_LABEL {
            // Its end, where the column is.
            label = "..".chars().chain(label.chars().skip(count - LONGEST_LABEL + 2)).collect();
        }
        literal(dialect, &format!("fieldseal: {label} {}", refusal.what()))
    }
}

/// What a trigger is fired by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    Insert,
    Update,
}

impl Event {
    const ALL: [Self; 2] = [Self::Insert, Self::Update];

    const fn suffix(self) -> &'static str {
        match self {
            Self::Insert => "_insert",
            Self::Update => "_update",
        }
    }
}

/// Why a value is refused.
#[derive(Clone, Copy)]
enum Refusal {
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
    /// An SQL condition that holds for the ids that are refused; `None` if none is. `table` is how the statement names the
    /// key store's table.
    fn refused(&self, id: &str, table: &str) -> Option<String> {
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

/// An SQL condition that holds for a record of a key that opens. It isn't an IN: SQLite makes a table of its list, each time.
fn opens(record: &str) -> String {
    let states = KeyState::ALL.into_iter().filter(|state| state.opens());
    let states: Vec<_> = states.map(|state| format!("{record}.state = '{state}'")).collect();
    format!("({})", states.join(" OR "))
}

/// The key store's table.
const KEYS: &str = "fieldseal_keys";

/// What the names of all guards begin with.
const PREFIX: &str = "fieldseal_guard_";

/// `fieldseal_guard_`, what is legible of table and column, and what tells them from all others: with the suffix of a
/// trigger at most 63 characters, which is what PostgreSQL has room for; MySQL has 64.
fn name(sql_table: &str, sql_name: &str) -> String {
    const LEGIBLE: usize = 27;
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let legible: String = format!("{sql_table}_{sql_name}").chars().map(plain).take(LEGIBLE).collect();
    format!("{PREFIX}{legible}_{}", digest(&[sql_table, sql_name]))
}

/// Twelve characters of hex that stand for these texts.
fn digest(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.len().to_be_bytes());
        hash.update(text.as_bytes());
    }
    let mut hex = hex::encode(hash.finalize());
    hex.truncate(12);
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_each_columns_own() {
        let names = [
            ("a_b", "c"),
            ("a", "b_c"),
            ("A", "b_c"),
            ("a.b", "c"),
            ("", "日本語 \"`'"),
            ("a_table_whose_name_is_so_long_that", "it_does_not_fit"),
        ];
        let mut made: Vec<_> = names.iter().map(|(table, column)| name(table, column)).collect();
        for name in &made {
            assert!(name.len() <= 63 - "_insert".len(), "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'));
        }
        assert_eq!(name("patients", "name"), "fieldseal_guard_patients_name_58f8a87065c4");
        made.sort();
        made.dedup();
        assert_eq!(made.len(), names.len());
    }

    #[test]
    fn messages_fit_on_mysql() {
        let column = Column::new("t", "c").with_sql_name("ein_recht_langer_spaltenname_der_nicht_endet");
        let target = Target::new(Dialect::Mysql, "a_schema.a_table", &column);
        for refusal in [Refusal::NotSealed, Refusal::Null, Refusal::Key] {
            let message = target.message(Dialect::Mysql, refusal);
            assert!(message.len() - 2 <= 128, "{} {message}", message.len() - 2);
        }
    }

    #[test]
    fn models_of_one_table_share_a_guard() {
        const WHOLE: &[Column] = &[Column::new("t", "a").pad(8).hide_null(), Column::new("t", "b")];
        const PART: &[Column] = &[Column::new("t", "a").pad(8).hide_null().migrating()];
        let schema = |columns| Schema { model: "T", table: "t", sql_table: "t", row: &[], scope: None, columns };
        let made = guards(Dialect::Sqlite, &[schema(WHOLE), schema(PART)], &KeyCheck::None);
        assert_eq!(made.iter().map(|guard| guard.column.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(!made[0].create.concat().contains("seals NULL"));
        let alone = guards(Dialect::Sqlite, &[schema(WHOLE)], &KeyCheck::None);
        assert!(alone[0].create.concat().contains("seals NULL"));
        assert_eq!(alone[1], made[1]);
        assert_ne!(alone[0].tag, made[0].tag);
        assert_eq!(alone[0].name, made[0].name);
    }
}
