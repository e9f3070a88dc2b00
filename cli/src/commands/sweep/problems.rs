//! The values that a sweep left as they were: printed, reported, and written to the file of
//! `--problems`.

use super::report::Left;
use crate::error::{Error, advice_on};
use crate::output::Output;
use crate::words;
use fieldseal_sweep::Problem;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

/// How many problems are printed one by one; all of them go into the file of `--problems`.
const PRINTED: u64 = 100;

/// How many problems are in the JSON report.
const REPORTED: usize = 1000;

/// The problems of a run, as they're found.
pub(super) struct Problems {
    file: Option<(PathBuf, std::fs::File)>,
    count: u64,
    failed: Option<std::io::Error>,
    /// What was said to try already.
    advised: BTreeSet<String>,
    /// Those that go into the JSON report.
    pub(super) reported: Vec<Left>,
}

impl Problems {
    pub(super) fn new(path: Option<PathBuf>) -> Result<Self, Error> {
        let open = |path: PathBuf| {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
            file.map(|file| (path.clone(), file)).map_err(|error| {
                Error::failed(format!("{} can't be written", path.display())).why(error.to_string())
            })
        };
        Ok(Self {
            file: path.map(open).transpose()?,
            count: 0,
            failed: None,
            advised: BTreeSet::new(),
            reported: Vec::new(),
        })
    }

    pub(super) fn add(&mut self, problem: &Problem, output: &Output) {
        self.count += 1;
        let left = Left::new(problem);
        if let Some((_, file)) = &mut self.file {
            let line = serde_json::to_string(&left).unwrap_or_default();
            if let Err(error) = writeln!(file, "{line}") {
                self.failed = Some(error);
            }
        }
        if self.count <= PRINTED {
            let mut text = words::plain_long(&problem.to_string());
            // Once: many rows have the same problem.
            let advice = advice_on(&problem.kind);
            if self.advised.insert(advice.to_owned()) {
                text.push_str("\n  try: ");
                text.push_str(advice);
            }
            output.warn(text);
        } else if self.count == PRINTED + 1 {
            output.warn("there are more of them: --problems PATH writes all into a file");
        }
        if self.reported.len() < REPORTED {
            self.reported.push(left);
        }
    }

    pub(super) fn end(&self, output: &Output) -> Result<(), Error> {
        match (&self.file, &self.failed) {
            (Some((path, _)), Some(error)) => {
                Err(Error::failed(format!("{} can't be written", path.display())).why(error.to_string()))
            }
            (Some((path, _)), None) if self.count > 0 => {
                output.say(format!(
                    "{} in {}",
                    words::count(usize::try_from(self.count).unwrap_or(usize::MAX), "problem"),
                    path.display()
                ));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
