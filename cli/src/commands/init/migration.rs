//! `fieldseal init --print`: the tables of the key store and of sweeps as migrations of the
//! program's own.

use crate::commands::{Context, Done};
use crate::dialect::{DialectName, dialect};
use crate::error::Error;
use crate::output::Report;
use clap::ValueEnum;
use fieldseal::Dialect;
use fieldseal::store::{self, MigrationFile, Tool};
use humantime::format_rfc3339_seconds;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Debug, clap::Args)]
pub(super) struct MigrationArgs {
    /// Prints the tables of the key store and of sweeps as migrations for that tool, and makes
    /// nothing
    #[arg(long, value_name = "TOOL", conflicts_with_all = ["scope", "no_key", "dry_run"])]
    print: Option<ToolName>,

    /// Writes the migration's files into that folder instead
    #[arg(long, value_name = "DIR", requires = "print")]
    write: Option<PathBuf>,

    /// The migration's database, where no database URL says it
    #[arg(long, value_name = "DATABASE", requires = "print")]
    dialect: Option<DialectName>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum ToolName {
    Diesel,
    Sqlx,
    Refinery,
}

impl MigrationArgs {
    pub(super) fn tool(&self) -> Option<ToolName> {
        self.print
    }
}

pub(super) fn run(args: &MigrationArgs, tool: ToolName, context: &Context<'_>) -> Result<Done, Error> {
    let dialect = dialect(args.dialect, &context.target)?;
    let files = files(dialect, tool);
    if let Some(folder) = &args.write {
        write(folder, &files)?;
    }
    let shown = |file: MigrationFile| match &args.write {
        Some(folder) => Shown { path: folder.join(file.path).display().to_string(), text: None },
        None => Shown { path: file.path, text: Some(file.text) },
    };
    context.output.report(&Files { files: files.into_iter().map(shown).collect() })?;
    Ok(Done::All)
}

fn files(dialect: Dialect, tool: ToolName) -> Vec<MigrationFile> {
    let now = SystemTime::now();
    let (tool, version) = match tool {
        ToolName::Diesel => (Tool::Diesel, date(now)),
        ToolName::Sqlx => (Tool::Sqlx, date(now)),
        // refinery's versions have 31 bits, enough for a time in seconds.
        ToolName::Refinery => (Tool::Refinery, now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()),
    };
    let [sweeps, leases] = fieldseal_sweep::migrations(dialect);
    let tables = [store::migration(dialect), sweeps, leases];
    tables.iter().zip(version..).flat_map(|(migration, version)| migration.files(tool, version)).collect()
}

/// 20260131120000
fn date(time: SystemTime) -> u64 {
    let digits: String = format_rfc3339_seconds(time).to_string().chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}

fn write(folder: &Path, files: &[MigrationFile]) -> Result<(), Error> {
    for file in files {
        let path = folder.join(&file.path);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, file.text)).map_err(|error| {
            Error::failed(format!("the migration {} can't be written", path.display())).why(error.to_string())
        })?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Files {
    files: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'static str>,
}

impl Report for Files {
    fn text(&self) -> String {
        let file = |file: &Shown| match file.text {
            Some(text) => format!("-- {}\n{text}\n", file.path),
            None => format!("{}\n", file.path),
        };
        self.files.iter().map(file).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn versions_are_dates_that_sort() {
        assert_eq!(date(UNIX_EPOCH + Duration::from_secs(1_769_860_800)), 20_260_131_120_000);
    }
}
