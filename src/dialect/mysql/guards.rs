//! Guards on MySQL and MariaDB.

use crate::dialect::Dialect;
use crate::dialect::guards::{Event, Guards, KEYS, KeyCheck, Refusal, Target, Triggers, opens, removals_by_name};

const DIALECT: Dialect = Dialect::Mysql;

pub(super) const GUARDS: Guards = Guards {
    create,
    remove,
    // MESSAGE_TEXT has 128 characters.
    longest_label: Some(36),
    stored_body,
    triggers: TRIGGERS,
    strays: |known| removals_by_name(DIALECT, &TRIGGERS, "`", known),
};

const TRIGGERS: Triggers = Triggers {
    name: "d.trigger_name",
    table: "d.event_object_table",
    source: "information_schema.triggers d WHERE d.trigger_schema = DATABASE()",
};

fn create(target: &Target, keys: &KeyCheck, tag: &str) -> Vec<String> {
    Event::ALL.into_iter().map(|event| trigger(target, event, keys, tag)).collect()
}

fn remove(target: &Target) -> Vec<String> {
    let drop = |event| format!("DROP TRIGGER IF EXISTS {}", target.beside_table(DIALECT, &target.trigger(event)));
    Event::ALL.into_iter().map(drop).collect()
}

/// The tag is in a variable, not in a comment: clients take comments out.
fn trigger(target: &Target, event: Event, keys: &KeyCheck, tag: &str) -> String {
    let (name, table) = (target.beside_table(DIALECT, &target.trigger(event)), target.whole_table());
    let event_of = if event == Event::Insert { "INSERT" } else { "UPDATE" };
    let checks = checks(target, event, keys);
    format!(
        "CREATE TRIGGER {name} BEFORE {event_of} ON {table} FOR EACH ROW\nBEGIN\n  \
         DECLARE fieldseal_guard CHAR(12) DEFAULT '{tag}';\n  DECLARE fieldseal_value LONGBLOB;\n  \
         DECLARE fieldseal_sealed INT DEFAULT NULL;\n  DECLARE fieldseal_id BIGINT;\n  DECLARE fieldseal_found BIGINT;\n\
         {checks}END"
    )
}

fn checks(target: &Target, event: Event, keys: &KeyCheck) -> String {
    let value = format!("NEW.{}", target.column);
    let null = if target.refuses_null {
        format!(
            "  IF {value} IS NULL{} THEN\n    {}\n  END IF;\n",
            changed(target, event),
            signal(target, Refusal::Null)
        )
    } else {
        String::new()
    };
    let looked_at = if target.base64 { base64(target, &value) } else { bytes(target, &value) };
    let mut checks = format!(
        "{null}  IF {value} IS NOT NULL{} THEN\n{looked_at}    IF NOT COALESCE(fieldseal_sealed, FALSE) THEN\n      {}\n    \
         END IF;\n",
        changed(target, event),
        signal(target, Refusal::NotSealed)
    );
    checks.push_str(&key(target, keys));
    checks.push_str("  END IF;\n");
    checks
}

/// Compared as bytes: the column's own collation may treat a and A as equal. A value that can't be
/// cast counts as changed.
fn changed(target: &Target, event: Event) -> String {
    let Target { column, .. } = target;
    match event {
        Event::Insert => String::new(),
        Event::Update => format!(
            " AND NOT COALESCE(CAST(NEW.{column} AS BINARY) = CAST(OLD.{column} AS BINARY), \
             NEW.{column} IS NULL AND OLD.{column} IS NULL)"
        ),
    }
}

fn bytes(target: &Target, value: &str) -> String {
    let (shortest, longest) = target.lengths();
    format!(
        "    SET fieldseal_value = {value};\n    \
         SET fieldseal_sealed = LENGTH(fieldseal_value) BETWEEN {shortest} AND {longest} AND {HEADER};\n"
    )
}

const HEADER: &str = "LEFT(fieldseal_value, 1) = x'01' AND SUBSTRING(fieldseal_value, 2, 4) <> x'00000000'";

/// FROM_BASE64 skips white space, which shows in the length, and doesn't look at the unused bits:
/// the last four characters must be what they are encoded as. To what isn't base64 at all it gives
/// NULL, or an error in strict mode on MariaDB.
fn base64(target: &Target, value: &str) -> String {
    let (shortest, longest) = target.lengths();
    let end = format!("RIGHT({value}, 4)");
    let exact = |text: &str| format!("CAST(CONVERT({text} USING utf8mb4) AS BINARY)");
    format!(
        "    BEGIN\n      DECLARE CONTINUE HANDLER FOR SQLEXCEPTION, SQLWARNING BEGIN END;\n      \
         SET fieldseal_value = FROM_BASE64({value});\n      \
         SET fieldseal_sealed = CHAR_LENGTH({value}) BETWEEN {shortest} AND {longest} AND CHAR_LENGTH({value}) % 4 = 0 \
         AND LENGTH(fieldseal_value) = (CHAR_LENGTH({value}) DIV 4 - 1) * 3 + LENGTH(FROM_BASE64({end})) \
         AND {} = {} AND LENGTH(fieldseal_value) >= {} AND {HEADER};\n    END;\n",
        exact(&format!("TO_BASE64(FROM_BASE64({end}))")),
        exact(&end),
        target.shortest
    )
}

/// The lookup is a SELECT of its own: as part of an IF it would lock the key's row until the
/// transaction's end.
fn key(target: &Target, keys: &KeyCheck) -> String {
    let id = "CAST(CONV(HEX(SUBSTRING(fieldseal_value, 2, 4)), 16, 10) AS UNSIGNED)";
    let (lookup, refused) = match keys {
        KeyCheck::InStore | KeyCheck::InStoreOf(_) => {
            let table = match keys {
                KeyCheck::InStoreOf(schema) => format!("{}.{KEYS}", DIALECT.identifier(schema)),
                _ => KEYS.to_owned(),
            };
            let lookup = format!(
                "    SET fieldseal_id = {id};\n    SELECT COUNT(*) INTO fieldseal_found FROM {table} k WHERE k.id = fieldseal_id \
                 AND {};\n",
                opens("k")
            );
            (lookup, "fieldseal_found = 0".to_owned())
        }
        KeyCheck::None | KeyCheck::Refusing(_) => match keys.refused(id, KEYS) {
            Some(refused) => (String::new(), refused),
            None => return String::new(),
        },
    };
    format!("{lookup}    IF {refused} THEN\n      {}\n    END IF;\n", signal(target, Refusal::Key))
}

/// 45000 is the SQLSTATE for a trigger's own errors. With a check constraint's number, `INSERT
/// IGNORE` would ignore the error.
fn signal(target: &Target, refusal: Refusal) -> String {
    format!("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = {};", target.message(DIALECT, refusal))
}

fn stored_body(table: &str, trigger: &str) -> String {
    let (schema, table) = match table.rsplit_once('.') {
        Some((schema, table)) => (DIALECT.literal(schema), table),
        None => ("DATABASE()".to_owned(), table),
    };
    format!(
        "(SELECT d.action_statement FROM information_schema.triggers d WHERE d.trigger_schema = {schema} \
         AND d.trigger_name = {trigger} AND d.event_object_table = {})",
        DIALECT.literal(table)
    )
}
