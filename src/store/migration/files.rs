//! A migration as the files that migration tools look for.

use super::Migration;

/// A tool that keeps migrations in files.
///
/// Each of them runs a file of several statements, on each database: diesel and sqlx hand it over
/// as a whole, refinery does on SQLite and PostgreSQL, and on MySQL the migration is one statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tool {
    /// diesel_migrations and the diesel CLI: a folder with `up.sql` and `down.sql`.
    Diesel,
    /// sqlx's `migrate!` and sqlx-cli, in the reversible form: `.up.sql` and `.down.sql`.
    Sqlx,
    /// refinery, which has no way back: one file. Its versions are at most 2,147,483,647, unless it
    /// has its feature `int8-versions`.
    Refinery,
}

/// One file of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationFile {
    /// Inside the folder of the tool's migrations, with `/` between folders.
    pub path: String,
    /// What is in it.
    pub text: &'static str,
}

impl Migration {
    /// The migration as files. `version` puts it in order among the program's others; diesel and
    /// sqlx use times, such as 20260131120000.
    #[must_use]
    pub fn files(&self, tool: Tool, version: u64) -> Vec<MigrationFile> {
        let Self { name, up, down } = *self;
        let file = |path, text| MigrationFile { path, text };
        match tool {
            Tool::Diesel => {
                vec![file(format!("{version}_{name}/up.sql"), up), file(format!("{version}_{name}/down.sql"), down)]
            }
            Tool::Sqlx => {
                vec![file(format!("{version}_{name}.up.sql"), up), file(format!("{version}_{name}.down.sql"), down)]
            }
            Tool::Refinery => vec![file(format!("V{version}__{name}.sql"), up)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::store::migration;

    #[test]
    fn files_are_called_as_each_tool_wants_them() {
        let paths = |tool| {
            let files = migration(Dialect::Postgres).files(tool, 7);
            files.into_iter().map(|file| file.path).collect::<Vec<_>>()
        };
        assert_eq!(paths(Tool::Diesel), ["7_create_fieldseal_keys/up.sql", "7_create_fieldseal_keys/down.sql"]);
        assert_eq!(paths(Tool::Sqlx), ["7_create_fieldseal_keys.up.sql", "7_create_fieldseal_keys.down.sql"]);
        assert_eq!(paths(Tool::Refinery), ["V7__create_fieldseal_keys.sql"]);
    }
}
