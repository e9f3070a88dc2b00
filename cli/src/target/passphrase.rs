//! Passphrases of KEK files: from a file, from the environment, or typed. Never from an argument,
//! which others can see.

use crate::error::Error;
use fieldseal::kms::Passphrase;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const VARIABLE: &str = "FIELDSEAL_KEK_PASSPHRASE";

/// Where passphrases come from.
#[derive(Debug, Clone)]
pub(crate) struct Passphrases {
    file: Option<PathBuf>,
    uses_environment: bool,
}

impl Passphrases {
    /// The file if there is one, and otherwise the environment.
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self { file, uses_environment: true }
    }

    /// The file, if there is one: for a KEK that isn't the program's.
    pub(crate) fn of_file(file: Option<PathBuf>) -> Self {
        Self { file, uses_environment: false }
    }

    /// The passphrase that was given; `None` if there was none.
    pub(super) fn given(&self) -> Result<Option<Passphrase>, Error> {
        if let Some(path) = &self.file {
            return read(path).map(Some);
        }
        let variable = if self.uses_environment { std::env::var(VARIABLE).ok() } else { None };
        Ok(variable.filter(|value| !value.is_empty()).map(Passphrase::new))
    }

    /// Asks at the terminal; `None` if there is none.
    pub(super) fn asked(&self, path: &Path) -> Result<Option<Passphrase>, Error> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(None);
        }
        let prompt = format!("Passphrase of {}: ", path.display());
        let typed = rpassword::prompt_password(prompt);
        let typed = typed.map_err(|error| Error::failed("no passphrase could be read").why(error.to_string()))?;
        Ok(Some(Passphrase::new(typed)))
    }
}

/// The file's text without the end of its line, which an editor leaves there.
fn read(path: &Path) -> Result<Passphrase, Error> {
    let failed =
        |why: String| Error::failed(format!("the passphrase file {} can't be read", path.display())).why(why);
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let text = Zeroizing::new(text);
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() { Err(failed("it is empty".to_owned())) } else { Ok(Passphrase::new(line)) }
}
