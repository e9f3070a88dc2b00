//! The command line of fieldseal: parses, dispatches, and says by its exit code how it went.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod args;
mod cli;
mod commands;
mod confirm;
mod dialect;
mod error;
mod output;
mod stop;
mod survey;
mod target;
mod words;

use args::Global;
use clap::Parser as _;
use cli::Cli;
use commands::{Context, Done};
use error::{Error, Kind};
use output::Output;
use std::io;
use std::process::ExitCode;
use target::Target;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

fn main() -> ExitCode {
    // Before the arguments are parsed: what they leave out is looked for in the environment.
    let environment = read_env_file();
    let cli = Cli::parse();
    let output = Output::new(&cli.global);
    trace(&cli.global, &output);
    let done = environment.and_then(|()| {
        let context = Context { target: Target::new(&cli.global), output: &output };
        commands::run(cli.command, &context)
    });
    match done {
        Ok(Done::All) => ExitCode::SUCCESS,
        Ok(Done::SomethingLeft) => ExitCode::from(3),
        Err(error) => {
            output.error(&error);
            error.kind().exit_code()
        }
    }
}

/// Reads `.env` in the working directory, if there is one. What is set already stays.
fn read_env_file() -> Result<(), Error> {
    match dotenvy::from_path(".env") {
        Ok(()) => Ok(()),
        Err(dotenvy::Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(dotenvy::Error::Io(error)) => Err(Error::failed("the file .env can't be read").why(error.to_string())),
        // Its error quotes the line, which may hold a password.
        Err(_) => Err(Error::new(Kind::Usage, "the file .env can't be understood")
            .why("it holds a line that is not NAME=value")
            .hint("quote values that hold spaces or `#`: NAME=\"value\"")),
    }
}

/// The library's log goes to stderr with `-v`, and more of it with each further `v`.
fn trace(global: &Global, output: &Output) {
    let level = match (global.quiet, global.verbose) {
        (true, _) | (false, 0) => LevelFilter::OFF,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    let filter = EnvFilter::new(format!("off,fieldseal={level},fieldseal_cli={level}"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(output.has_color())
        .with_writer(io::stderr)
        .without_time()
        .init();
}
