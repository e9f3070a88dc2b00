//! The arguments that every command has.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What a command works on, and how much it prints.
///
/// The values of the environment never show up in `--help`: a URL has a password in it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The program's database: `sqlite:app.db` or just a path, `postgres://…`, `mysql://…`
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) database_url: Option<Url>,

    /// Where the wrapped data keys are: `file:PATH`, or the URL of another database [default: the
    /// table `fieldseal_keys` in the program's database]
    #[arg(long, global = true, env = "FIELDSEAL_KEY_STORE", hide_env_values = true, value_name = "URL")]
    pub(crate) key_store: Option<Url>,

    /// A KEK, to be given once for each: `local:PATH` for a KEK file, `aws-kms:ARN` (or an id, or
    /// `alias/…`) for AWS KMS. New keys are wrapped under each of them; `kek rotate` rotates the
    /// first. In the environment they are separated by spaces or commas [env: FIELDSEAL_KEK]
    #[arg(long, global = true, value_name = "URI")]
    pub(crate) kek: Vec<String>,

    /// A file with the passphrase of the local KEKs [or the passphrase itself, in the environment:
    /// FIELDSEAL_KEK_PASSPHRASE]
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) kek_passphrase_file: Option<PathBuf>,

    /// Path of the schema lock, the committed file that lists the sealed columns
    #[arg(
        long,
        global = true,
        env = "FIELDSEAL_LOCK_FILE",
        hide_env_values = true,
        value_name = "PATH",
        default_value = "fieldseal.lock"
    )]
    pub(crate) lock: PathBuf,

    /// Prints the result as one JSON document
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Says on stderr what happens; more with -vv
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Says nothing but results, warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// When to colour stderr
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
}

/// A URL as it was given. Its `Debug` doesn't show it: there may be a password in it.
#[derive(Clone)]
pub(crate) struct Url(pub(crate) String);

impl From<String> for Url {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Url([redacted])")
    }
}

/// Whether to do something that depends on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
