//! The SQL of MySQL and MariaDB.

use crate::dialect::syntax::Syntax;

pub(super) const SYNTAX: Syntax = Syntax {
    mark: '`',
    escapes: true,
    joined: |texts| format!("CONCAT({})", texts.join(", ")),
    // MySQL puts no texts of two collations under each other, and the session's may be any.
    result: |text| format!("CONVERT({text} USING utf8mb4) COLLATE utf8mb4_general_ci"),
    contains: |text, part| format!("LOCATE({part}, {text}) > 0"),
};
