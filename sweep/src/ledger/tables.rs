//! The tables that sweeps share: how they are made, and which sweeps are in them.

use super::statements::now;
use crate::sql::{Cell, Client, Engine, SqlError};
use fieldseal::__sweep::migration;
use fieldseal::Dialect;
use fieldseal::dialect::Fault;
use fieldseal::store::Migration;
use std::time::Duration;

/// What makes the tables `fieldseal_sweeps` and `fieldseal_leases`, for programs that keep all of
/// their schema in migrations. A sweep makes them itself if they aren't there.
#[must_use]
pub const fn migrations(dialect: Dialect) -> [Migration; 2] {
    let [sweeps, leases] = match Engine::of(dialect) {
        Engine::Sqlite | Engine::Postgres => [include_str!("sweeps.sql"), include_str!("leases.sql")],
        Engine::Mysql => [include_str!("sweeps.mysql.sql"), include_str!("leases.mysql.sql")],
    };
    [
        migration("create_fieldseal_sweeps", sweeps, "DROP TABLE IF EXISTS fieldseal_sweeps;\n"),
        migration("create_fieldseal_leases", leases, "DROP TABLE IF EXISTS fieldseal_leases;\n"),
    ]
}

/// Makes the tables if they aren't there. Where they are, no right to make one is needed.
pub(crate) fn create_tables(client: &mut dyn Client) -> Result<(), SqlError> {
    let there = client.rows("SELECT name FROM fieldseal_sweeps WHERE name = ''", &[]);
    let there = there.and_then(|_| client.rows("SELECT number FROM fieldseal_leases WHERE sweep = ''", &[]));
    match there {
        Err(error) if error.is_missing() => {}
        done => return done.map(drop),
    }
    let dialect = client.dialect();
    let make = |client: &mut dyn Client| {
        migrations(dialect).iter().try_for_each(|migration| client.batch(migration.up).map(drop))
    };
    // `IF NOT EXISTS` doesn't keep two of them apart on PostgreSQL.
    let made = make(client).or_else(|error| match error.fault() {
        Fault::Duplicate | Fault::Refused => make(client),
        _ => Err(error),
    });
    made.map_err(|error| match error.fault() {
        Fault::Denied => SqlError::new(Fault::Denied, format!("the tables of the sweeps can't be made: {error}")).with_hint(
            "have the migration that `fieldseal init --print` prints applied by a user who may, and give this user SELECT, \
             INSERT, UPDATE and DELETE on its tables",
        ),
        _ => error,
    })
}

/// A sweep that was begun and not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Running {
    /// `reencrypt patients (name)`.
    pub job: String,
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows that the table had at the beginning.
    pub total: u64,
    /// How long ago the last lease ended; `None` while there is one.
    pub idle: Option<Duration>,
}

/// The sweeps that were begun and not ended, by any process.
///
/// # Errors
///
/// [`SqlError`].
pub fn running(client: &mut dyn Client) -> Result<Vec<Running>, SqlError> {
    let sql = format!(
        "SELECT s.job, s.seen + coalesce(sum(l.seen), 0), s.total, {now} - coalesce(max(l.expires), s.touched) \
         FROM fieldseal_sweeps s LEFT JOIN fieldseal_leases l ON l.sweep = s.name WHERE s.state = 'running' \
         GROUP BY s.name, s.job, s.seen, s.total, s.touched ORDER BY s.job",
        now = now(client.engine())
    );
    let sql = match client.engine() {
        Engine::Mysql => {
            sql.replace("s.seen + coalesce(sum(l.seen), 0)", "CAST(s.seen + coalesce(sum(l.seen), 0) AS SIGNED)")
        }
        _ => sql.replace("s.seen + coalesce(sum(l.seen), 0)", "CAST(s.seen + coalesce(sum(l.seen), 0) AS BIGINT)"),
    };
    let rows = match client.rows(&sql, &[]) {
        // There are no tables: no sweep was ever run here.
        Err(error) if error.is_missing() => return Ok(Vec::new()),
        rows => rows?,
    };
    let sweep = |row: Vec<Cell>| {
        let count = |at: usize| row.get(at).map_or(0, Cell::count);
        let integer = |at: usize| row.get(at).and_then(Cell::integer).unwrap_or(0);
        Running {
            job: row.first().and_then(Cell::as_str).unwrap_or_default().to_owned(),
            rows: count(1),
            total: count(2),
            // A lease that is held ends in the future.
            idle: u64::try_from(integer(3)).ok().map(Duration::from_millis),
        }
    };
    Ok(rows.into_iter().map(sweep).collect())
}
