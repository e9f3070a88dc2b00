//! Progress: a bar on a terminal, a line every now and then elsewhere.

use crate::output::Output;
use crate::words;
use fieldseal_sweep::{Event, Progress};
use indicatif::ProgressBar;
use std::time::{Duration, Instant};

/// How often a line is written where there is no terminal.
const LINE: Duration = Duration::from_secs(10);

pub(super) struct Meter<'a> {
    output: &'a Output,
    table: &'a str,
    bar: ProgressBar,
    line: Instant,
}

impl<'a> Meter<'a> {
    pub(super) fn new(output: &'a Output, table: &'a str) -> Self {
        Self { output, table, bar: output.meter(table), line: Instant::now() }
    }

    /// Writes something else than the bar.
    pub(super) fn hidden(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    pub(super) fn event(&mut self, event: &Event) {
        let say = |words: String| self.hidden(|| self.output.say(words));
        match event {
            Event::Started { job, joined: true, .. } => say(format!("{job}: goes on where it was")),
            Event::Started { job, total, .. } => say(format!("{job}: {total} rows")),
            Event::Counting { job, .. } => self.bar.set_message(format!("counts for {job}")),
            Event::Progress(progress) => self.progress(progress),
            Event::Paused(why) => say(format!("{}: waits, {why}", self.table)),
            Event::Retrying(why) => say(format!("{}: tries again: {why}", self.table)),
            Event::Again { left, .. } => say(format!("{}: once more, {left} values are left", self.table)),
            _ => {}
        }
    }

    fn progress(&mut self, progress: &Progress) {
        self.bar.set_length(progress.total.max(progress.rows));
        self.bar.set_position(progress.rows);
        let left = progress.left.map_or_else(String::new, |left| format!(", {} left", words::duration(left)));
        let rate = format!("{} rows/s{left}", progress.rate);
        self.bar.set_message(rate.clone());
        if self.bar.is_hidden() && self.line.elapsed() >= LINE {
            self.line = Instant::now();
            let Progress { rows, total, changed, failed, .. } = progress;
            let failed = if *failed > 0 { format!(", {failed} failed") } else { String::new() };
            self.output
                .say(format!("{}: {rows} of {total} rows, {changed} values changed{failed}, {rate}", self.table));
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
