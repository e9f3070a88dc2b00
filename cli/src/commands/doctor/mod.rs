//! `fieldseal doctor`: what is wrong, or will be, and what to do about each of it.

mod columns;
mod findings;
mod guards;
mod keys;
mod kms;
mod sweeps;
mod values;

use super::{Context, Done};
use crate::error::{Error, Kind};
use crate::survey;
use findings::{Findings, Severity};

/// Looks for what is wrong: plaintext left, unknown keys, values that don't open, columns that are
/// too small, and more
///
/// Each finding says what to do. It changes nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Opens about so many rows of each table; 0 for none
    #[arg(long, value_name = "ROWS", default_value_t = 1000)]
    sample: u64,

    /// Unwraps so many keys, by a call to the KMS each, besides those that a sample needs; 0 for
    /// none
    #[arg(long, value_name = "KEYS", default_value_t = 1000)]
    keys: usize,

    /// Looks into every column of the database for values that look sealed but aren't declared
    #[arg(long)]
    everywhere: bool,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let (target, output) = (&context.target, context.output);
    let mut findings = Findings::default();
    let schemas = target.schemas()?;
    if schemas.is_empty() {
        let fix = "let the program's test write it: FIELDSEAL_LOCK=update cargo test";
        findings.warning("the lock file", "it has no sealed columns, so nothing was looked at", fix);
    }
    let database = target.sql()?;
    let client = &mut *database.connect()?;
    output.say("looks at the tables");
    let fitting = columns::check(client, &schemas, &mut findings)?;
    output.say("counts values");
    let mut surveyed = survey::of(client, &fitting, survey::Form::Declared)?;
    if args.everywhere {
        surveyed.extend(survey::undeclared(target, client)?);
    }
    columns::check_sizes(&surveyed, &mut findings);
    sweeps::check(client, &mut findings)?;
    // What can be checked without keys is checked even if the keys can't be read.
    let works = match target.readable_records() {
        Ok(stored) => {
            keys::check(&stored, &surveyed, &mut findings);
            let records = stored.records;
            guards::check(target, client, &schemas, &mut findings)?;
            output.say("asks the KMS");
            kms::check(target, &records, args.keys, &mut findings)?
        }
        Err(error) if error.kind() == Kind::TryAgain => return Err(error),
        Err(error) => {
            findings.error("the key store", error.summary(), error.advice());
            false
        }
    };
    if args.sample > 0 && works {
        output.say("opens a sample of the values");
        values::check(target, &*database, &fitting, args.sample, &mut findings)?;
    }
    let found = findings.0.iter().any(|finding| finding.severity != Severity::Note);
    output.report(&Findings(findings.0))?;
    Ok(if found { Done::SomethingLeft } else { Done::All })
}
