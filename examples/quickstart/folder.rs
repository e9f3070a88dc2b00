//! Where the quickstart works: the folder of the command line, or a temporary one.

use crate::Result;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

pub const USAGE: &str = "\
usage: quickstart [FOLDER]

Seals 1,200 people's data in an SQLite file in FOLDER, which is made if it isn't there.
Without FOLDER: in a temporary folder, which is kept.
The database, the KEK file and the schema lock stay there.";

pub const DATABASE: &str = "customers.db";
pub const KEK: &str = "kek.json";
pub const LOCK: &str = "fieldseal.lock";

/// The folder to work in; `None` if it's help that was asked for.
pub fn from_args() -> Result<Option<PathBuf>> {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    match args.as_slice() {
        [] => Ok(Some(tempfile::Builder::new().prefix("fieldseal-quickstart-").tempdir()?.keep())),
        [arg] if arg == "--help" || arg == "-h" => Ok(None),
        [arg] if !arg.as_encoded_bytes().starts_with(b"-") => given(PathBuf::from(arg)).map(Some),
        _ => Err(format!("one folder, or nothing, is expected\n\n{USAGE}").into()),
    }
}

fn given(folder: PathBuf) -> Result<PathBuf> {
    for file in [DATABASE, KEK, LOCK] {
        if folder.join(file).exists() {
            let folder = folder.display();
            return Err(format!("{folder} already holds a quickstart ({file}): name another folder").into());
        }
    }
    fs::create_dir_all(&folder).map_err(|error| format!("{} can't be made: {error}", folder.display()))?;
    Ok(folder)
}

/// What somebody gets who copies the database, with whatever SQLite keeps beside it.
pub fn database_bytes(folder: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(DATABASE.as_bytes()) {
            bytes.extend(fs::read(entry.path())?);
        }
    }
    Ok(bytes)
}
