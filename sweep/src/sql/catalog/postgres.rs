//! PostgreSQL's catalog.

use super::Class;

/// Lists a partitioned table without its parts, and materialised views too. Tables of other schemas
/// than the connection's own have the schema in their names.
pub(super) const TABLES: &str = "SELECT nullif(n.nspname, current_schema())::text, c.relname::text FROM pg_catalog.pg_class c \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition \
                 AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1 NULLS FIRST, 2";

/// A domain counts as the type that it's made of in the end. `text` marks types that PostgreSQL
/// sends as the characters themselves.
pub(super) const COLUMNS: &str = "\
SELECT a.attname::text, format_type(a.atttypid, a.atttypmod)::text, NOT a.attnotnull, \
CASE WHEN b.oid IN (1042, 1043) AND a.atttypmod > 4 THEN (a.atttypmod - 4)::int8 END, \
CASE WHEN b.oid IN (20, 21, 23) THEN 'int' WHEN b.oid = 17 THEN 'bytes' \
WHEN b.oid IN (25, 1042, 1043) OR b.typname = 'citext' THEN 'text' ELSE 'other' END, a.attgenerated <> '' \
FROM pg_catalog.pg_attribute a \
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
JOIN pg_catalog.pg_type b ON b.oid = (WITH RECURSIVE base (oid, next, kind) AS (SELECT t.oid, t.typbasetype, t.typtype \
UNION ALL SELECT d.oid, d.typbasetype, d.typtype FROM base JOIN pg_catalog.pg_type d ON d.oid = base.next AND base.kind = 'd') \
SELECT base.oid FROM base WHERE base.kind <> 'd' LIMIT 1) \
WHERE a.attrelid = to_regclass(CASE WHEN $1::text IS NULL THEN '' ELSE quote_ident($1) || '.' END || quote_ident($2)) \
AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

pub(super) const KEY: &str = "SELECT a.attname::text FROM pg_catalog.pg_index i \
             CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, place) \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum \
             WHERE i.indrelid = to_regclass(CASE WHEN $1::text IS NULL THEN '' ELSE quote_ident($1) || '.' END || quote_ident($2)) \
             AND i.indisprimary AND k.place <= i.indnkeyatts ORDER BY k.place";

/// The class for the word that [`COLUMNS`] gives for a type.
pub(super) fn class(word: &str) -> Class {
    match word {
        "int" => Class::Integer,
        "bytes" => Class::Bytes,
        "text" => Class::Text,
        _ => Class::Other,
    }
}
