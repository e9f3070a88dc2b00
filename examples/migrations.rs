//! Prints the migration that makes the key store's table, for the migration tool that the program has already.
//!
//! `cargo run --example migrations` shows both directions; `-- up` or `-- down` prints one of them alone, to be
//! redirected into diesel_migrations' `up.sql` and `down.sql`, or into refinery's `V1__create_fieldseal_keys.sql`.

use fieldseal::store::{Dialect, Migration, migration};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Migration { name, up, down, .. } = migration(Dialect::Sqlite);
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => print!("-- {name}: up\n{up}\n-- {name}: down\n{down}"),
        ["up"] => print!("{up}"),
        ["down"] => print!("{down}"),
        _ => {
            eprintln!("usage: migrations [up|down]");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
