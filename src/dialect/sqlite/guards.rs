//! Guards on SQLite.

use crate::dialect::Dialect;
use crate::dialect::guards::{Event, Guards, KEYS, KeyCheck, Refusal, Target, Triggers, removals_by_name};

const DIALECT: Dialect = Dialect::Sqlite;

pub(super) const GUARDS: Guards = Guards {
    create,
    remove,
    longest_label: None,
    stored_body,
    triggers: TRIGGERS,
    strays: |known| removals_by_name(DIALECT, &TRIGGERS, "\"", known),
};

const TRIGGERS: Triggers =
    Triggers { name: "d.name", table: "d.tbl_name", source: "sqlite_master d WHERE d.type = 'trigger'" };

fn create(target: &Target, keys: &KeyCheck, tag: &str) -> Vec<String> {
    Event::ALL.into_iter().map(|event| trigger(target, event, keys, tag)).collect()
}

fn remove(target: &Target) -> Vec<String> {
    let drop = |event| format!("DROP TRIGGER IF EXISTS {}", target.beside_table(DIALECT, &target.trigger(event)));
    Event::ALL.into_iter().map(drop).collect()
}

/// RAISE takes constants only. ABORT holds whatever the statement says of conflicts: `INSERT OR
/// IGNORE` doesn't get past it.
fn trigger(target: &Target, event: Event, keys: &KeyCheck, tag: &str) -> String {
    let Target { table, column, .. } = target;
    let value = format!("NEW.{column}");
    let event_of = match event {
        Event::Insert => "INSERT".to_owned(),
        Event::Update => format!("UPDATE OF {column}"),
    };
    let mut when = Vec::new();
    if event == Event::Update {
        // By the collation BINARY: the column's own may treat a and A as equal.
        when.push(format!("{value} IS NOT OLD.{column} COLLATE BINARY"));
    }
    let mut refusals = Vec::new();
    if target.refuses_null {
        refusals.push((Refusal::Null, format!("{value} IS NULL")));
    } else {
        when.push(format!("{value} IS NOT NULL"));
    }
    let sealed = if target.base64 { base64(target, &value) } else { bytes(target, &value) };
    refusals.push((Refusal::NotSealed, format!("NOT coalesce({sealed}, 0)")));
    let id = if target.base64 { id_in_base64(&value) } else { id_in_bytes(&value) };
    // A trigger sees the tables of its own file, and can't name one with a schema.
    if let Some(refused) = keys.refused(&id, KEYS) {
        refusals.push((Refusal::Key, refused));
    }
    let when = if when.is_empty() { String::new() } else { format!("\nWHEN {}", when.join(" AND ")) };
    let refusals = refusals.into_iter().map(|(refusal, condition)| {
        format!("  SELECT RAISE(ABORT, {}) WHERE {condition};\n", target.message(DIALECT, refusal))
    });
    format!(
        "CREATE TRIGGER {} BEFORE {event_of} ON {table} FOR EACH ROW{when}\nBEGIN\n  /* guard {tag} */\n{}END",
        target.beside_table(DIALECT, &target.trigger(event)),
        refusals.collect::<String>()
    )
}

fn bytes(target: &Target, value: &str) -> String {
    let (shortest, longest) = target.lengths();
    format!(
        "typeof({value}) = 'blob' AND length({value}) BETWEEN {shortest} AND {longest} \
         AND substr({value}, 1, 1) = x'01' AND substr({value}, 2, 4) <> x'00000000'"
    )
}

/// SQLite has nothing that decodes base64. What follows is exact all the same: the first byte is in
/// the first two characters, the key id in the second to the seventh, and the unused bits in the
/// last before the padding.
///
/// `length` ends at a NUL, and so does GLOB.
fn base64(target: &Target, value: &str) -> String {
    let (shortest, longest) = target.lengths();
    format!(
        "typeof({value}) = 'text' AND length({value}) BETWEEN {shortest} AND {longest} AND length({value}) % 4 = 0 \
         AND instr({value}, char(0)) = 0 AND {value} GLOB 'A[Q-Za-f]*' AND {value} NOT GLOB 'AQAAAA[A-D]*' \
         AND rtrim({value}, '=') NOT GLOB '*[^A-Za-z0-9+/]*' AND length(rtrim({value}, '=')) * 3 / 4 >= {} \
         AND (substr({value}, -1) <> '=' OR substr({value}, -3) GLOB '[AQgw]==' \
         OR substr({value}, -3) GLOB '[A-Za-z0-9+/][AEIMQUYcgkosw048]=')",
        target.shortest
    )
}

/// SQLite can't turn a byte into a number either: the number is the byte's position in a constant
/// that holds all bytes. The LIMIT keeps them one constant. A key is looked up by its number
/// because that has an index.
fn id_in_bytes(value: &str) -> String {
    let all = hex::encode_upper(Vec::from_iter(0..=u8::MAX));
    let sum = sum_of_digits(value, "b.every", (2..).zip(["<< 24", "<< 16", "<< 8", "<< 0"]));
    format!("(SELECT {sum} FROM (SELECT x'{all}' AS every LIMIT 1) b)")
}

/// Of the second character the lower four bits, of the seventh the upper four.
fn id_in_base64(value: &str) -> String {
    const ALPHABET: &str = "'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'";
    sum_of_digits(value, ALPHABET, (2..).zip(["& 15 << 28", "<< 22", "<< 16", "<< 10", "<< 4", ">> 2"]))
}

/// Digits at their places in `value`, each shifted. SQLite does `-` first, and `&`, `<<` and `>>`
/// from left to right.
fn sum_of_digits<'a>(value: &str, digits: &str, shifts: impl Iterator<Item = (usize, &'a str)>) -> String {
    let digit = |(at, shift)| format!("(instr({digits}, substr({value}, {at}, 1)) - 1 {shift})");
    format!("({})", shifts.map(digit).collect::<Vec<_>>().join(" + "))
}

/// A trigger goes with its table when that is renamed.
fn stored_body(table: &str, trigger: &str) -> String {
    let (schema, table) = match table.rsplit_once('.') {
        Some((schema, table)) => (format!("{}.", DIALECT.identifier(schema)), table),
        None => (String::new(), table),
    };
    format!(
        "(SELECT d.sql FROM {schema}sqlite_master d WHERE d.type = 'trigger' AND d.name = {trigger} \
         AND d.tbl_name = {} COLLATE NOCASE)",
        DIALECT.literal(table)
    )
}
