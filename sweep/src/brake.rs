//! What slows a sweep down: a rate, a share of the time, replicas that lag, a server that is busy.

use super::ledger::Ledger;
use crate::sql::{Client, Database, Engine, SqlError, SqlErrorKind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often replicas and the server are asked.
const EVERY: Duration = Duration::from_secs(1);

/// How fast a sweep may go.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    /// Rows a second, of this process.
    pub(super) rows_per_second: Option<u32>,
    /// The share of the time that is worked, in percent: as a busy database answers later, the pauses become longer.
    pub(super) duty: Option<u8>,
    /// Replicas, and how far they may be behind.
    pub(super) replicas: Vec<Arc<dyn Database>>,
    pub(super) max_lag: Option<Duration>,
    /// How many statements the server may be running, ours among them.
    pub(super) max_running: Option<u32>,
}

/// The rate of all workers of a process.
#[derive(Debug)]
pub(super) struct Pace {
    limits: Limits,
    /// When the next batch may begin.
    next: Mutex<Instant>,
}

impl Pace {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, next: Mutex::new(Instant::now()) }
    }

    /// Whether there are no pauses between batches.
    pub(super) const fn is_free(&self) -> bool {
        self.limits.rows_per_second.is_none() && self.limits.duty.is_none()
    }

    /// How many rows a batch may have, so that none takes longer than about a second.
    pub(super) fn most(&self, rows: usize) -> usize {
        match self.limits.rows_per_second {
            Some(rate) => rows.min(usize::try_from(rate).unwrap_or(rows)).max(1),
            None => rows,
        }
    }

    /// How long to wait after a batch of so many rows that took so long.
    pub(super) fn pause(&self, rows: usize, took: Duration) -> Duration {
        let mut pause = Duration::ZERO;
        if let Some(duty @ 1..=99) = self.limits.duty {
            pause = took * (100 - u32::from(duty)) / u32::from(duty);
        }
        if let Some(rate) = self.limits.rows_per_second {
            let cost = Duration::from_secs(1) * u32::try_from(rows).unwrap_or(u32::MAX) / rate.max(1);
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            // What wasn't used isn't saved up.
            *next = (*next).max(now.checked_sub(took).unwrap_or(now)) + cost;
            pause = pause.max(next.saturating_duration_since(now));
        }
        pause
    }
}

/// One worker's connections to what it asks.
pub(super) struct Brake<'a> {
    pace: &'a Pace,
    asked: Option<Instant>,
    replicas: Vec<Option<Box<dyn Client>>>,
}

impl<'a> Brake<'a> {
    pub(super) fn new(pace: &'a Pace) -> Self {
        Self { pace, asked: None, replicas: pace.limits.replicas.iter().map(|_| None).collect() }
    }

    /// Why the sweep should wait a moment; asked once a second at most.
    pub(super) fn reason(&mut self, client: &mut dyn Client, ledger: &Ledger) -> Result<Option<String>, SqlError> {
        if self.asked.is_some_and(|asked| asked.elapsed() < EVERY) {
            return Ok(None);
        }
        let reason = match self.busy(client)? {
            None => self.lag(client, ledger)?,
            busy => busy,
        };
        if reason.is_none() {
            self.asked = Some(Instant::now());
        }
        Ok(reason)
    }

    fn busy(&self, client: &mut dyn Client) -> Result<Option<String>, SqlError> {
        let Some(most) = self.pace.limits.max_running else { return Ok(None) };
        let running = match client.engine() {
            Engine::Sqlite => None,
            Engine::Postgres => running_on_postgres(client)?,
            Engine::Mysql => {
                let row = client.row("SHOW GLOBAL STATUS LIKE 'Threads_running'", &[])?;
                row.and_then(|row| row.get(1).and_then(|cell| cell.as_str().and_then(|text| text.parse().ok())))
            }
        };
        let is_busy = running.is_some_and(|running| running > i64::from(most));
        Ok(is_busy
            .then(|| format!("the server is running {} statements, and {most} are allowed", running.unwrap_or(0))))
    }

    /// A time is written on the primary, and looked for on the replicas: what they lack is how far they are behind.
    fn lag(&mut self, client: &mut dyn Client, ledger: &Ledger) -> Result<Option<String>, SqlError> {
        let Limits { replicas, max_lag: Some(most), .. } = &self.pace.limits else { return Ok(None) };
        let before = ledger.touched(client)?;
        ledger.touch(client)?;
        for (database, connection) in replicas.iter().zip(&mut self.replicas) {
            let connected = connection.take().map_or_else(|| database.connect(), Ok);
            let seen = connected.and_then(|replica| ledger.touched(&mut **connection.insert(replica)));
            let seen = match seen {
                Ok(0) => {
                    let reason = "a replica doesn't have the sweep's row yet; is it one of this database?";
                    return Ok(Some(reason.to_owned()));
                }
                Ok(seen) => seen,
                // It may be starting again: that is no reason to go on, and none to give up.
                Err(error) => {
                    *connection = None;
                    return Ok(Some(format!("a replica can't be asked: {error}")));
                }
            };
            let behind = Duration::from_millis(u64::try_from(before.saturating_sub(seen)).unwrap_or(0));
            if behind > *most {
                let behind = Duration::from_secs(behind.as_secs());
                return Ok(Some(format!("a replica is {behind:?} behind, and {most:?} is allowed")));
            }
        }
        Ok(None)
    }
}

/// Of others' connections only who may read the statistics sees what they do.
fn running_on_postgres(client: &mut dyn Client) -> Result<Option<i64>, SqlError> {
    let hidden = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE query = '<insufficient privilege>'";
    if client.integer(hidden, &[])? != Some(0) {
        let what = "what other users' connections do is hidden: GRANT pg_read_all_stats to this user, or leave the limit of \
                    running statements out";
        return Err(SqlError::new(SqlErrorKind::Denied, what));
    }
    let running = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state = 'active' \
                   AND backend_type = 'client backend'";
    client.integer(running, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_whatever_a_batch_takes() {
        let pace = Pace::new(Limits { rows_per_second: Some(1000), ..Limits::default() });
        assert_eq!(pace.most(5000), 1000);
        // What has passed since `pace` was made counts as time that wasn't used.
        let first = pace.pause(500, Duration::ZERO);
        assert!((400..=500).contains(&first.as_millis()), "{first:?}");
        let second = pace.pause(500, Duration::ZERO);
        assert!((first.as_millis() + 400..=first.as_millis() + 500).contains(&second.as_millis()), "{second:?}");
    }

    #[test]
    fn a_share_of_the_time_is_left_to_others() {
        let pace = Pace::new(Limits { duty: Some(25), ..Limits::default() });
        assert_eq!(pace.pause(1, Duration::from_millis(100)), Duration::from_millis(300));
        assert_eq!(Pace::new(Limits::default()).pause(1, Duration::from_secs(9)), Duration::ZERO);
    }
}
