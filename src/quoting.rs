//! Names and constants in SQL text.

use crate::store::Dialect;

/// A name as that database quotes it, with its schema if it has one (`audit.patients`).
pub(crate) fn quoted(dialect: Dialect, name: &str) -> String {
    name.split('.').map(|part| identifier(dialect, part)).collect::<Vec<_>>().join(".")
}

/// One name as that database quotes it, dots and all.
pub(crate) fn identifier(dialect: Dialect, name: &str) -> String {
    let quote = if dialect == Dialect::Mysql { '`' } else { '"' };
    format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")))
}

/// A text as that database writes it in SQL.
pub(crate) fn literal(dialect: Dialect, text: &str) -> String {
    let doubled = text.replace('\'', "''");
    match dialect {
        Dialect::Mysql => format!("'{}'", doubled.replace('\\', "\\\\")),
        Dialect::Sqlite | Dialect::Postgres => format!("'{doubled}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_quotes() {
        assert_eq!(quoted(Dialect::Sqlite, r#"a"b"#), r#""a""b""#);
        assert_eq!(quoted(Dialect::Mysql, "a`b"), "`a``b`");
        assert_eq!(identifier(Dialect::Mysql, "a.b`c"), "`a.b``c`");
        assert_eq!(literal(Dialect::Postgres, r"it's \"), r"'it''s \'");
        assert_eq!(literal(Dialect::Mysql, r"it's \"), r"'it''s \\'");
    }
}
