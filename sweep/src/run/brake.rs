//! What a sweep waits for: replicas that lag, a server that is busy.

use crate::ledger::Ledger;
use crate::pace::{Limits, Pace};
use crate::sql::{Client, Engine, SqlError};
use fieldseal::dialect::Fault;
use std::time::{Duration, Instant};

/// How often replicas and the server are asked.
const EVERY: Duration = Duration::from_secs(1);

/// One worker's connections to the server and the replicas.
pub(crate) struct Brake<'a> {
    pace: &'a Pace,
    asked: Option<Instant>,
    replicas: Vec<Option<Box<dyn Client>>>,
}

impl<'a> Brake<'a> {
    pub(crate) fn new(pace: &'a Pace) -> Self {
        Self { pace, asked: None, replicas: pace.limits.replicas.iter().map(|_| None).collect() }
    }

    /// Why the sweep should wait a moment; asked once a second at most.
    pub(crate) fn reason(&mut self, client: &mut dyn Client, ledger: &Ledger) -> Result<Option<String>, SqlError> {
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

    /// A time is written on the primary and read on the replicas: the difference is how far they
    /// are behind.
    fn lag(&mut self, client: &mut dyn Client, ledger: &Ledger) -> Result<Option<String>, SqlError> {
        let Limits { replicas, max_lag: Some(most), .. } = &self.pace.limits else { return Ok(None) };
        let before = ledger.touched(client)?;
        ledger.touch(client)?;
        for (database, connection) in replicas.iter().zip(&mut self.replicas) {
            let connected = connection.take().map_or_else(|| database.connect(), Ok);
            let seen = connected.and_then(|replica| ledger.touched(&mut **connection.insert(replica)));
            let seen = match seen {
                Ok(None) => {
                    let reason = "a replica doesn't have the sweep's row yet; is it one of this database?";
                    return Ok(Some(reason.to_owned()));
                }
                Ok(Some(seen)) => seen,
                // The replica may be restarting: the sweep waits, and doesn't give up.
                Err(error) => {
                    *connection = None;
                    return Ok(Some(format!("a replica can't be asked: {error}")));
                }
            };
            let behind = before.map_or(Duration::ZERO, |before| before.since(seen));
            if behind > *most {
                let behind = Duration::from_secs(behind.as_secs());
                return Ok(Some(format!("a replica is {behind:?} behind, and {most:?} is allowed")));
            }
        }
        Ok(None)
    }
}

/// It takes the right to read statistics to see what other connections do.
fn running_on_postgres(client: &mut dyn Client) -> Result<Option<i64>, SqlError> {
    let hidden = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE query = '<insufficient privilege>'";
    if client.integer(hidden, &[])? != Some(0) {
        return Err(SqlError::new(Fault::Denied, "what other users' connections do is hidden")
            .with_hint("GRANT pg_read_all_stats to this user, or leave the limit of running statements out"));
    }
    let running = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE state = 'active' \
                   AND backend_type = 'client backend'";
    client.integer(running, &[])
}
