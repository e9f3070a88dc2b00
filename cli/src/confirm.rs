//! Confirmation of what can't be undone: by typing the name of what will be gone.

use crate::error::Error;
use std::io::{self, BufRead as _, Write as _};

/// What must be confirmed before it's done.
pub(crate) struct Deed<'a> {
    /// What will be done, as a question's beginning: `shred tenant "north"`.
    pub(crate) what: String,
    /// What is to be typed.
    pub(crate) word: &'a str,
    /// The option that confirms it in a script: `--yes-shred`.
    pub(crate) option: &'static str,
    /// What that option was given.
    pub(crate) given: Option<&'a str>,
}

impl Deed<'_> {
    /// Succeeds only if the deed is confirmed: by its option, or by its word typed on stdin.
    pub(crate) fn confirm(&self) -> Result<(), Error> {
        match self.given {
            Some(given) if given == self.word => Ok(()),
            Some(given) => {
                Err(self.refusal(format!("{} says {given:?}, and this is {:?}", self.option, self.word)))
            }
            None => self.ask(),
        }
    }

    fn ask(&self) -> Result<(), Error> {
        let mut stderr = io::stderr().lock();
        let asked = write!(stderr, "To {}, type {}: ", self.what, self.word).and_then(|()| stderr.flush());
        drop(stderr);
        let mut typed = String::new();
        let read = asked.and_then(|()| io::stdin().lock().read_line(&mut typed));
        match read {
            Ok(0) => {
                let _ = writeln!(io::stderr());
                Err(self.refusal("nothing was typed".to_owned()))
            }
            Ok(_) if typed.trim_end_matches(['\r', '\n']) == self.word => Ok(()),
            Ok(_) => Err(self.refusal("what was typed is something else".to_owned())),
            Err(error) => Err(self.refusal(format!("stdin can't be read, {error}"))),
        }
    }

    fn refusal(&self, why: String) -> Error {
        Error::refused("not confirmed, nothing was changed")
            .why(why)
            .hint(format!("type {} when asked, or in a script give {} {}", self.word, self.option, self.word))
    }
}
