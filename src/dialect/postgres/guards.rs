//! Guards on PostgreSQL.

use crate::dialect::Dialect;
use crate::dialect::guards::{
    Event, Guards, KEYS, KeyCheck, KnownGuards, Refusal, Target, Triggers, begins_as_a_guard, not_among, removals,
};

const DIALECT: Dialect = Dialect::Postgres;

pub(super) const GUARDS: Guards =
    Guards { create, remove, longest_label: None, stored_body, triggers: TRIGGERS, strays };

const TRIGGERS: Triggers = Triggers {
    name: "d.tgname::text",
    table: "d.tgrelid::regclass::text",
    // The triggers of partitions are left out: they go with the parent's, on which they depend.
    source: "pg_catalog.pg_trigger d WHERE NOT d.tgisinternal AND pg_catalog.pg_table_is_visible(d.tgrelid) \
             AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend p WHERE p.classid = 'pg_catalog.pg_trigger'::regclass \
             AND p.objid = d.oid AND p.deptype IN ('P', 'S', 'I'))",
};

fn create(target: &Target, keys: &KeyCheck, tag: &str) -> Vec<String> {
    let whose = format!("{}()", target.beside_table(DIALECT, &target.name));
    // No other user may put the function on a table of their own: their column's type would run
    // code with the owner's rights.
    let mut statements = vec![function(target, keys, tag), format!("REVOKE ALL ON FUNCTION {whose} FROM PUBLIC")];
    if *keys == KeyCheck::InStore {
        statements.push(find_store(target));
    }
    statements.extend(Event::ALL.map(|event| trigger(target, event)));
    statements
}

fn remove(target: &Target) -> Vec<String> {
    let drop = |event| {
        let name = DIALECT.identifier(&target.trigger(event));
        format!("DROP TRIGGER IF EXISTS {name} ON {}", target.whole_table())
    };
    let function = format!("DROP FUNCTION IF EXISTS {}()", target.beside_table(DIALECT, &target.name));
    Event::ALL.into_iter().map(drop).chain([function]).collect()
}

/// An update is compared before the function is called: one that leaves the column as it was costs
/// nothing more. It isn't `UPDATE OF`, which doesn't notice what other triggers change.
fn trigger(target: &Target, event: Event) -> String {
    let exact = |row: &str| match target.base64 {
        // Compared as bytes: the column's own collation may treat a and A as equal.
        true => format!("{row}.{}::text COLLATE \"C\"", target.column),
        false => format!("{row}.{}", target.column),
    };
    let (event_of, when) = match event {
        Event::Insert => ("INSERT", String::new()),
        Event::Update => ("UPDATE", format!("\nWHEN ({} IS DISTINCT FROM {})", exact("OLD"), exact("NEW"))),
    };
    format!(
        "CREATE TRIGGER {} BEFORE {event_of} ON {} FOR EACH ROW{when}\nEXECUTE FUNCTION {}()",
        DIALECT.identifier(&target.trigger(event)),
        target.whole_table(),
        target.beside_table(DIALECT, &target.name)
    )
}

/// The function doesn't depend on the session's `search_path`. It looks keys up with its owner's
/// rights, so that users who write to the table need no rights on the key store.
fn function(target: &Target, keys: &KeyCheck, tag: &str) -> String {
    let path = match keys {
        KeyCheck::InStoreOf(schema) => format!("pg_catalog, {}, pg_temp", DIALECT.identifier(schema)),
        _ => "pg_catalog, pg_temp".to_owned(),
    };
    let rights = match keys {
        KeyCheck::InStore | KeyCheck::InStoreOf(_) => " SECURITY DEFINER",
        KeyCheck::None | KeyCheck::Refusing(_) => "",
    };
    let body = body(target, keys, tag);
    let quote = dollar_quote(&body);
    format!(
        "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql{rights}\nSET search_path = {path} AS {quote}\n{body}{quote}",
        target.beside_table(DIALECT, &target.name)
    )
}

fn body(target: &Target, keys: &KeyCheck, tag: &str) -> String {
    let value = format!("NEW.{}", target.column);
    let null = if target.refuses_null { raise(target, Refusal::Null) } else { "RETURN NEW;".to_owned() };
    let sealed = if target.base64 { base64(target) } else { bytes(target) };
    let stored = if target.base64 { format!("text := {value}::text") } else { format!("bytea := {value}") };
    let id = "get_byte(header, 1)::bigint * 16777216 + get_byte(header, 2) * 65536 + get_byte(header, 3) * 256 \
              + get_byte(header, 4)";
    let mut body = format!(
        "-- guard {tag}\nDECLARE\n  stored {stored};\n  header bytea;\nBEGIN\n  IF stored IS NULL THEN\n    {null}\n  END IF;\n{sealed}"
    );
    if let Some(refused) = keys.refused(&format!("({id})"), KEYS) {
        body.push_str(&refuse(target, &refused, Refusal::Key));
    }
    body.push_str("  RETURN NEW;\nEND\n");
    body
}

fn bytes(target: &Target) -> String {
    let (shortest, longest) = target.lengths();
    let size =
        refuse(target, &format!("octet_length(stored) NOT BETWEEN {shortest} AND {longest}"), Refusal::NotSealed);
    format!("{size}  header := substring(stored FROM 1 FOR 5);\n{}", header(target))
}

/// `decode` skips white space and doesn't look at the unused bits: the alphabet is checked first,
/// and the last four characters must be what they are encoded as.
fn base64(target: &Target) -> String {
    let (shortest, longest) = target.lengths();
    let text = refuse(
        target,
        &format!(
            "length(stored) NOT BETWEEN {shortest} AND {longest} OR length(stored) % 4 <> 0 \
             OR stored COLLATE \"C\" !~ '^[A-Za-z0-9+/]+={{0,2}}$'"
        ),
        Refusal::NotSealed,
    );
    let end = refuse(
        target,
        &format!(
            "encode(decode(right(stored, 4), 'base64'), 'base64') COLLATE \"C\" <> right(stored, 4) \
             OR length(rtrim(stored, '=')) * 3 / 4 < {}",
            target.shortest
        ),
        Refusal::NotSealed,
    );
    format!("{text}{end}  header := decode(left(stored, 8), 'base64');\n{}", header(target))
}

fn header(target: &Target) -> String {
    let condition = "get_byte(header, 0) <> 1 OR substring(header FROM 2 FOR 4) = decode('00000000', 'hex')";
    refuse(target, condition, Refusal::NotSealed)
}

fn refuse(target: &Target, condition: &str, refusal: Refusal) -> String {
    format!("  IF {condition} THEN\n    {}\n  END IF;\n", raise(target, refusal))
}

/// The error is that of a check constraint, so that libraries recognise it. It quotes nothing of
/// the row.
fn raise(target: &Target, refusal: Refusal) -> String {
    format!(
        "RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = {}, SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, \
         CONSTRAINT = {};",
        target.message(DIALECT, refusal),
        DIALECT.literal(&target.name)
    )
}

/// Which schema the key store's table is in is found when the guard is made, so that no table of a
/// session's own can stand in for it later.
fn find_store(target: &Target) -> String {
    let function = target.beside_table(DIALECT, &target.name);
    let alter = DIALECT.literal(&format!("ALTER FUNCTION {function}() SET search_path = pg_catalog, "));
    let body = format!(
        "DECLARE\n  \
           store text := (SELECT c.relnamespace::regnamespace::text FROM pg_catalog.pg_class c WHERE c.oid = to_regclass('{KEYS}'));\n\
         BEGIN\n  \
           IF store IS NULL THEN\n    \
             RAISE EXCEPTION 'fieldseal: there is no table {KEYS} here: make the key store''s table first';\n  \
           END IF;\n  \
           EXECUTE {alter} || store || ', pg_temp';\n\
         END\n"
    );
    let quote = dollar_quote(&body);
    format!("DO {quote}\n{body}{quote}")
}

/// A quote that isn't in the text, whatever the column is called.
fn dollar_quote(text: &str) -> String {
    let tags = std::iter::successors(Some("$guard".to_owned()), |tag| Some(format!("{tag}_")));
    tags.map(|tag| format!("{tag}$")).find(|tag| !text.contains(tag.as_str())).unwrap_or_default()
}

fn stored_body(table: &str, trigger: &str) -> String {
    format!(
        "(SELECT CASE WHEN d.tgenabled IN ('O', 'A') THEN p.prosrc ELSE '' END FROM pg_catalog.pg_trigger d \
         JOIN pg_catalog.pg_proc p ON p.oid = d.tgfoid WHERE d.tgrelid = to_regclass({}) AND d.tgname = {trigger})",
        DIALECT.literal(&DIALECT.quoted(table))
    )
}

/// Triggers first: they need the functions.
fn strays(known: &KnownGuards) -> String {
    let remove = "format('DROP TRIGGER %I ON %s', d.tgname, d.tgrelid::regclass)";
    let triggers = removals(DIALECT, TRIGGERS.name, remove, &TRIGGERS.strays(DIALECT, known));
    let name = "p.proname::text";
    let functions = format!(
        "pg_catalog.pg_proc p WHERE p.prorettype = 'pg_catalog.trigger'::regtype AND p.pronargs = 0 \
         AND pg_catalog.pg_function_is_visible(p.oid) AND {}{}",
        begins_as_a_guard(name),
        not_among(DIALECT, name, &known.guards)
    );
    let functions = removals(DIALECT, name, "format('DROP FUNCTION %s()', p.oid::regproc)", &functions);
    format!(
        "SELECT guard, remove FROM (SELECT 1 AS step, t.* FROM ({triggers}) t UNION ALL \
         SELECT 2, f.* FROM ({functions}) f) s ORDER BY step, guard"
    )
}
