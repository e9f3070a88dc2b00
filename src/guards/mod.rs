//! Guards: triggers that keep plaintext and refused keys out of sealed columns, whichever program
//! writes.

mod check;
mod strays;

pub use crate::dialect::guards::KeyCheck;
pub use check::guard_check;
pub use strays::stray_guards;

use crate::dialect::{Dialect, Event, KnownGuards, PREFIX, Target};
use crate::model::Schema;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The triggers that guard one sealed column, as SQL.
///
/// Each statement is whole, without a `;` at its end, and runs by itself. Those with a body have
/// `;` inside: they go to the database in one piece, and not through a prepared statement, because
/// MySQL can't prepare statements that make triggers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Guard {
    /// The table's name in the database, as the model has it.
    pub table: String,
    /// The column's name in the database.
    pub column: String,
    /// What the triggers' names begin with, unique for table and column:
    /// `fieldseal_guard_patients_name_…`. They end in `_insert` and `_update`; PostgreSQL has a
    /// function of this name too.
    pub name: String,
    /// Makes the triggers; those that are there are removed first.
    pub create: Vec<String>,
    /// Removes the triggers if they are there.
    pub remove: Vec<String>,
    /// A text in the body of each trigger, by which a check sees whether it is the present version.
    tag: String,
}

/// Triggers that refuse what can't be a sealed value: they hold for programs, scripts and people
/// that write to the database without the models.
///
/// There is a guard for each sealed column, and it looks at what is inserted, and at what an update
/// changes. It refuses
///
/// - what isn't a sealed value in the form that its column has: of another type, too short for the
///   column's suite (or its previous one), too long, without the first byte of the format, with key
///   id 0, or in base64 that isn't exactly that;
/// - NULL in a column that hides NULL, unless it's migrating;
/// - a value under a key that `keys` doesn't let through.
///
/// What the table held before stays, and rows with plaintext can be updated in their other columns:
/// a guard can be made while a column is migrating. No trigger can tell whether a value is
/// authentic: that shows when it's opened.
///
/// Where several schemas have the same column of a table, what either of them accepts is let
/// through. [The guide](crate::guide::guards) has the rights that are needed, what guards don't
/// see, and what they cost.
///
/// ```
/// use fieldseal::guards::{KeyCheck, guards};
/// use fieldseal::Dialect;
/// # use fieldseal::{Column, Model, Schema};
/// # struct Patient;
/// # const NAME: Column = Column::new("patients", "name").unbound_row();
/// # impl Model for Patient {
/// #     const SCHEMA: Schema = Schema::new("patients", &[NAME]);
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
            let name = name(schema.sql_table, column.sql_name());
            let target = Target::new(dialect, name, schema.sql_table, column);
            targets
                .entry((schema.sql_table, column.sql_name()))
                .and_modify(|other| other.merge(&target))
                .or_insert(target);
        }
    }
    targets.into_iter().map(|((table, column), target)| guard(dialect, (table, column), &target, keys)).collect()
}

fn guard(dialect: Dialect, (table, column): (&str, &str), target: &Target, keys: &KeyCheck) -> Guard {
    let statements = dialect.guards();
    let create = |tag: &str| (statements.create)(target, keys, tag);
    let remove = (statements.remove)(target);
    let tag = digest(&[&create("").join(";")]);
    Guard {
        table: table.to_owned(),
        column: column.to_owned(),
        name: target.name.clone(),
        create: [remove.clone(), create(&tag)].concat(),
        remove,
        tag,
    }
}

impl KnownGuards {
    fn of(guards: &[Guard]) -> Self {
        Self {
            guards: guards.iter().map(|guard| guard.name.clone()).collect(),
            triggers: guards.iter().flat_map(Guard::triggers).collect(),
        }
    }
}

impl Guard {
    /// The names of its triggers.
    fn triggers(&self) -> [String; 2] {
        Event::ALL.map(|event| format!("{}{}", self.name, event.suffix()))
    }
}

/// `fieldseal_guard_`, the letters and digits of table and column, and a hash that makes the name
/// unique. With a trigger's suffix it has at most 63 characters, PostgreSQL's limit; MySQL's is 64.
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
    use crate::dialect::Refusal;
    use crate::model::Column;

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
        let target = Target::new(Dialect::Mysql, "fieldseal_guard".to_owned(), "a_schema.a_table", &column);
        for refusal in [Refusal::NotSealed, Refusal::Null, Refusal::Key] {
            let message = target.message(Dialect::Mysql, refusal);
            assert!(message.len() - 2 <= 128, "{} {message}", message.len() - 2);
        }
    }

    #[test]
    fn models_of_one_table_share_a_guard() {
        const WHOLE: &[Column] = &[Column::new("t", "a").hide_null(8), Column::new("t", "b")];
        const PART: &[Column] = &[Column::new("t", "a").hide_null(8).migrating()];
        let schema = |columns| Schema::new("t", columns).with_model("T");
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
