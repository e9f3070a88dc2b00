//! SQLite's SQL.

use crate::dialect::syntax::Syntax;

pub(super) const SYNTAX: Syntax = Syntax {
    mark: '"',
    escapes: false,
    joined: |texts| texts.join(" || "),
    result: str::to_owned,
    contains: |text, part| format!("instr({text}, {part}) > 0"),
};
