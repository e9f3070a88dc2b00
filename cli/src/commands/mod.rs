//! One command, one file.

mod completions;
mod context;
mod decrypt;
mod doctor;
mod encrypt;
mod export_keyset;
mod guards;
mod init;
mod kek;
mod key;
mod man;
mod readable;
mod reencrypt;
mod shred;
mod status;
mod sweep;
mod tenant;
mod verify;

pub(crate) use context::{Context, Done};

use crate::error::Error;
use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Args),
    #[command(subcommand)]
    Kek(kek::Command),
    #[command(subcommand)]
    Key(key::Command),
    Status(status::Args),
    Doctor(doctor::Args),
    Verify(verify::Args),
    Reencrypt(reencrypt::Args),
    Encrypt(encrypt::Args),
    Decrypt(decrypt::Args),
    #[command(subcommand)]
    Guards(guards::Command),
    Shred(shred::Args),
    ExportKeyset(export_keyset::Args),
    Completions(completions::Args),
    Man(man::Args),
}

pub(crate) fn run(command: Command, context: &Context<'_>) -> Result<Done, Error> {
    match command {
        Command::Init(args) => init::run(&args, context),
        Command::Kek(command) => kek::run(command, context),
        Command::Key(command) => key::run(command, context),
        Command::Status(args) => status::run(&args, context),
        Command::Doctor(args) => doctor::run(&args, context),
        Command::Verify(args) => verify::run(&args, context),
        Command::Reencrypt(args) => reencrypt::run(&args, context),
        Command::Encrypt(args) => encrypt::run(&args, context),
        Command::Decrypt(args) => decrypt::run(&args, context),
        Command::Guards(command) => guards::run(command, context),
        Command::Shred(args) => shred::run(&args, context),
        Command::ExportKeyset(args) => export_keyset::run(&args, context),
        Command::Completions(args) => completions::run(&args, context),
        Command::Man(args) => man::run(&args, context),
    }
}
