//! Names, constants and expressions in SQL text.

use super::Dialect;

/// How a database writes names, texts and conditions.
pub(super) struct Syntax {
    /// The quotation mark around names.
    pub(super) mark: char,
    /// Whether `\` is special in a text.
    pub(super) escapes: bool,
    /// Concatenates texts.
    pub(super) joined: fn(&[String]) -> String,
    /// A text as a column of a query's result.
    pub(super) result: fn(&str) -> String,
    /// Whether the first text has the second in it, letter by letter.
    pub(super) contains: fn(&str, &str) -> String,
}

impl Dialect {
    /// A name as that database quotes it, with its schema if it has one (`audit.patients`).
    ///
    /// ```
    /// use fieldseal::Dialect;
    ///
    /// assert_eq!(Dialect::Postgres.quoted("audit.patients"), r#""audit"."patients""#);
    /// assert_eq!(Dialect::Mysql.quoted("order"), "`order`");
    /// ```
    #[must_use]
    pub fn quoted(self, name: &str) -> String {
        name.split('.').map(|part| self.identifier(part)).collect::<Vec<_>>().join(".")
    }

    /// One name as that database quotes it, dots and all.
    #[must_use]
    pub fn identifier(self, name: &str) -> String {
        let mark = self.syntax().mark;
        format!("{mark}{}{mark}", name.replace(mark, &format!("{mark}{mark}")))
    }

    /// A text as that database writes it in SQL.
    #[must_use]
    pub fn literal(self, text: &str) -> String {
        let doubled = text.replace('\'', "''");
        if self.syntax().escapes { format!("'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
    }

    /// An SQL expression that concatenates these texts.
    pub(crate) fn joined(self, texts: &[String]) -> String {
        (self.syntax().joined)(texts)
    }

    /// An SQL expression for a text in a result that a UNION makes of several.
    pub(crate) fn result(self, text: &str) -> String {
        (self.syntax().result)(text)
    }

    /// An SQL condition: the first text has the second in it.
    pub(crate) fn contains(self, text: &str, part: &str) -> String {
        (self.syntax().contains)(text, part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_quotes() {
        assert_eq!(Dialect::Sqlite.quoted(r#"a"b"#), r#""a""b""#);
        assert_eq!(Dialect::Mysql.quoted("a`b"), "`a``b`");
        assert_eq!(Dialect::Mysql.identifier("a.b`c"), "`a.b``c`");
        assert_eq!(Dialect::Postgres.literal(r"it's \"), r"'it''s \'");
        assert_eq!(Dialect::Mysql.literal(r"it's \"), r"'it''s \\'");
    }
}
