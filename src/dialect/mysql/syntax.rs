//! The SQL of MySQL and MariaDB.

use crate::dialect::syntax::Syntax;

pub(super) const SYNTAX: Syntax = Syntax {
    mark: '`',
    escapes: true,
    joined: |texts| format!("CONCAT({})", texts.join(", ")),
    // MySQL refuses a UNION of texts with different collations, and the session may have any.
    result: |text| format!("CONVERT({text} USING utf8mb4) COLLATE utf8mb4_general_ci"),
    contains: |text, part| format!("LOCATE({part}, {text}) > 0"),
};
