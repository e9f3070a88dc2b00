//! A command's output: results on stdout, as text or JSON; messages for people on stderr.

use crate::args::{Global, When};
use crate::error::Error;
use crate::words;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

/// A command's result.
pub(crate) trait Report: Serialize {
    /// For people: lines, each with its end.
    fn text(&self) -> String;
}

/// Where a command's output goes.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    color: bool,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Self {
        let color = match global.color {
            When::Always => true,
            When::Never => false,
            When::Auto => io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        };
        Self { json: global.json, quiet: global.quiet, color }
    }

    /// Whether stderr has colors.
    pub(crate) fn has_color(&self) -> bool {
        self.color
    }

    /// Prints the result: what the command was run for.
    pub(crate) fn report(&self, report: &impl Report) -> Result<(), Error> {
        let text = if self.json {
            let json = serde_json::to_string_pretty(report);
            json.map_err(|error| Error::failed("the result is no JSON").why(error.to_string()))? + "\n"
        } else {
            report.text()
        };
        self.print(text.as_bytes())
    }

    /// Prints what is neither a report nor JSON: a script, a page, a key.
    pub(crate) fn print(&self, bytes: &[u8]) -> Result<(), Error> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            // The reader has closed the pipe.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Error::failed("the result can't be printed").why(error.to_string())),
            Ok(()) => Ok(()),
        }
    }

    /// Prints what is going on, unless `--quiet`.
    pub(crate) fn say(&self, words: impl AsRef<str>) {
        if !self.quiet {
            self.on_stderr(words.as_ref());
        }
    }

    /// Prints a warning, with `--quiet` too.
    pub(crate) fn warn(&self, words: impl AsRef<str>) {
        let words = words::harmless(words.as_ref());
        self.on_stderr(&format!("{} {words}", self.painted("warning:", "33")));
    }

    /// Prints what went wrong.
    pub(crate) fn error(&self, error: &Error) {
        self.on_stderr(&error.text(&self.painted("error:", "31")));
    }

    /// A bar for `steps` steps on a terminal; nothing elsewhere.
    pub(crate) fn bar(&self, steps: usize, what: &'static str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(steps as u64), self.draw_target());
        if let Ok(style) = ProgressStyle::with_template("{msg} {pos}/{len} {wide_bar} {eta}") {
            bar.set_style(style);
        }
        bar.with_message(what)
    }

    /// A bar for rows on a terminal, with a rate; hidden elsewhere.
    pub(crate) fn meter(&self, what: &str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(0), self.draw_target());
        if let Ok(style) = ProgressStyle::with_template("{prefix} {human_pos}/{human_len} rows {wide_bar} {msg}") {
            bar.set_style(style);
        }
        bar.with_prefix(what.to_owned())
    }

    /// Shows a spinner on a terminal while `work` runs; nothing elsewhere.
    pub(crate) fn during<T>(&self, what: String, work: impl FnOnce() -> T) -> T {
        let spinner = ProgressBar::with_draw_target(None, self.draw_target())
            .with_style(ProgressStyle::default_spinner())
            .with_message(what);
        spinner.enable_steady_tick(Duration::from_millis(100));
        let done = work();
        spinner.finish_and_clear();
        done
    }

    fn draw_target(&self) -> ProgressDrawTarget {
        if self.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() }
    }

    /// If stderr is closed, the message is lost.
    fn on_stderr(&self, words: &str) {
        let _ = writeln!(io::stderr().lock(), "{words}");
    }

    fn painted(&self, word: &str, color: &str) -> String {
        if self.color { format!("\x1b[1;{color}m{word}\x1b[0m") } else { word.to_owned() }
    }
}

/// Rows under headings, without lines around them.
pub(crate) fn table(headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(headings.iter().copied());
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines = table.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}
