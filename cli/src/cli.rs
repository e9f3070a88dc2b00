//! The command line as a whole: its commands, and what `--help` says.

use crate::args::Global;
use crate::commands::Command;
use clap::Parser;

const AFTER_HELP: &str = "\
Exit codes:
  0  all done
  1  failed: the error says why
  2  wrong usage: an option is missing or makes no sense
  3  done, but something was found or left: the report says what
  4  refused: a value would be lost, a proof failed, or a confirmation was not given
  5  try again: something is unreachable, throttled or busy; or a sweep was interrupted
  130, 143  ended by a signal; for a sweep and `key retire`, the second one

A file `.env` in the working directory is read; what the environment has already wins.
Results go to stdout (--json makes them one JSON document), everything else to stderr.";

/// Manages fieldseal's keys; encrypts, re-encrypts and decrypts rows while programs use them
#[derive(Debug, Parser)]
#[command(name = "fieldseal", version, after_help = AFTER_HELP, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn clap_finds_nothing_wrong() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_was_parsed_prints_no_url() {
        let args =
            ["fieldseal", "--database-url", "postgres://a:hunter2@h/d", "--key-store", "mysql://hunter2", "init"];
        let cli = Cli::try_parse_from(args).unwrap();
        assert!(!format!("{cli:?}").contains("hunter2"));
    }
}
