//! Prints the migration that makes the key store's table, for the migration tool that the program
//! has already.
//!
//! `cargo run --example migrations -- postgres sqlx` prints each file that sqlx wants, with its
//! path above it; the databases are `sqlite` (the default), `postgres` and `mysql`, the tools
//! `diesel`, `sqlx` and `refinery`. A folder after the tool has the files written there. Without a
//! tool both directions are shown, and `up` or `down` in its place prints one of them alone.

use fieldseal::Dialect;
use fieldseal::store::{Migration, Tool, migration};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, io, path::Path};

fn main() -> io::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (dialect, rest) = match args.as_slice() {
        ["sqlite", rest @ ..] => (Dialect::Sqlite, rest),
        ["postgres", rest @ ..] => (Dialect::Postgres, rest),
        ["mysql", rest @ ..] => (Dialect::Mysql, rest),
        rest => (Dialect::Sqlite, rest),
    };
    let migration = migration(dialect);
    let Migration { name, up, down, .. } = migration;
    let (tool, folder) = match *rest {
        [] => {
            print!("-- {name}: up\n{up}\n-- {name}: down\n{down}");
            return Ok(ExitCode::SUCCESS);
        }
        ["up"] => {
            print!("{up}");
            return Ok(ExitCode::SUCCESS);
        }
        ["down"] => {
            print!("{down}");
            return Ok(ExitCode::SUCCESS);
        }
        ["diesel", ref folder @ ..] => (Tool::Diesel, folder),
        ["sqlx", ref folder @ ..] => (Tool::Sqlx, folder),
        ["refinery", ref folder @ ..] => (Tool::Refinery, folder),
        _ => return Ok(usage()),
    };
    // Seconds since 1970 sort among themselves; rename the files to fit the program's own order.
    let version = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_secs());
    for file in migration.files(tool, version) {
        match *folder {
            [] => println!("-- {}\n{}", file.path, file.text),
            [folder] => {
                let path = Path::new(folder).join(&file.path);
                fs::create_dir_all(path.parent().unwrap_or(Path::new(folder)))?;
                fs::write(&path, file.text)?;
                println!("{}", path.display());
            }
            _ => return Ok(usage()),
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn usage() -> ExitCode {
    eprintln!("usage: migrations [sqlite|postgres|mysql] [up|down|diesel|sqlx|refinery [folder]]");
    ExitCode::from(2)
}
