//! `fieldseal reencrypt` on each database, beside a client that reads the same rows and swaps them
//! with opaque bytes; its peak memory, with few rows and with many; and `fieldseal kek rotate`,
//! which must not notice them.
//!
//!     cargo build --release -p fieldseal-cli --no-default-features
//!     bash tests/with_databases cargo bench --manifest-path tests-crates/databases/Cargo.toml --bench sweep -- 1000000
//!
//! The program is target/release/fieldseal, or what FIELDSEAL_CLI says.

use comfy_table::Table;
use fieldseal::Dialect;
use fieldseal::value::Kind;
use fieldseal::{Column, Keyring, RowContext, RowId, Scope, kms, store};
use fieldseal_sweep::sql::{Cell, Client, Database, Mysql, Param, Postgres, Sqlite};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const NAME: Column = Column::new("people", "name").with_kind(Kind::TEXT);
/// The fewest are for `kek rotate`: starting takes most of the time that a sweep of 1,000 rows
/// takes.
const FEW: [i64; 2] = [1_000, 10_000];
/// Rotations of the KEK, of which the median is shown.
const ROTATIONS: usize = 9;
const LOCK: &str = "version = 1\n\n[[column]]\ntable = \"people\"\ncolumn = \"name\"\nkind = \"text\"\n\
    suite = \"xaes-256-gcm\"\nrow = [\"id: int\"]\npadded = false\nhide_null = false\nstored_in = \"people.name\"\n";

fn main() {
    let args: Vec<_> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let many = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(20_000);
    let only = args.iter().find(|arg| arg.parse::<i64>().is_err());
    let mut table = Table::new();
    table.load_style(comfy_table::presets::ASCII_MARKDOWN).set_header([
        "database",
        "rows",
        "reencrypt, rows/s",
        "client, row by row",
        "ratio",
        "client, in bulk",
        "ratio",
        "peak, MB",
        "kek rotate, ms",
    ]);
    for name in ["sqlite", "postgres", "mariadb"] {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        for rows in FEW.into_iter().chain([many]) {
            table.add_row(measured(name, rows));
            println!("{table}");
        }
    }
}

fn measured(name: &str, rows: i64) -> Vec<String> {
    let place = Place::new(name);
    place.fill(rows);
    let one_by_one = place.client(rows, false);
    let in_bulk = place.client(rows, true);
    place.keyring().admin().rotate(&Scope::APPLICATION).unwrap();
    let (took, peak) = place.run(&["reencrypt"]);
    let mut kek: Vec<_> = (0..ROTATIONS).map(|_| place.run(&["kek", "rotate"]).0).collect();
    kek.sort();
    let rate = |took: Duration| rows as f64 / took.as_secs_f64();
    let ratio = |client: Duration| format!("{:.2}", rate(took) / rate(client));
    vec![
        name.to_owned(),
        rows.to_string(),
        format!("{:.0}", rate(took)),
        format!("{:.0}", rate(one_by_one)),
        ratio(one_by_one),
        format!("{:.0}", rate(in_bulk)),
        ratio(in_bulk),
        format!("{:.1}", peak as f64 / 1024.0),
        format!("{:.0}", kek[ROTATIONS / 2].as_secs_f64() * 1000.0),
    ]
}

/// An empty database with a folder for the key file.
struct Place {
    folder: tempfile::TempDir,
    url: String,
    database: Arc<dyn Database>,
    _server: Option<fieldseal_databases::Database>,
}

impl Place {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (url, server): (String, _) = match name {
            "sqlite" => {
                let path = folder.path().join("app.db");
                let connection = rusqlite::Connection::open(&path).unwrap();
                connection.execute_batch("PRAGMA journal_mode = WAL").unwrap();
                (path.display().to_string(), None)
            }
            "postgres" => {
                let server = fieldseal_databases::Database::postgres();
                (server.url.clone(), Some(server))
            }
            _ => {
                let server = fieldseal_databases::Database::mysql();
                (server.url.clone(), Some(server))
            }
        };
        let database: Arc<dyn Database> = match name {
            "sqlite" => Arc::new(Sqlite::at(&url)),
            "postgres" => Arc::new(Postgres::new(url.parse().unwrap())),
            _ => Arc::new(Mysql::new(url.parse().unwrap())),
        };
        std::fs::write(folder.path().join("fieldseal.lock"), LOCK).unwrap();
        let place = Self { folder, url, database, _server: server };
        place.run(&["init"]);
        place
    }

    fn keyring(&self) -> Keyring {
        let kms = kms::Local::open(self.folder.path().join("kek.json")).unwrap();
        let store: Arc<dyn store::KeyStore> = match self.database.dialect() {
            Dialect::Sqlite => Arc::new(store::Rusqlite::open(&self.url).unwrap()),
            Dialect::Postgres => Arc::new(store::Sqlx::<sqlx::Postgres>::new(self.url.parse().unwrap()).unwrap()),
            _ => Arc::new(store::Sqlx::<sqlx::MySql>::new(self.url.parse().unwrap()).unwrap()),
        };
        Keyring::start(kms, store).unwrap()
    }

    /// `people`, sealed, and `opaque`, with bytes of the same length.
    fn fill(&self, rows: i64) {
        let (keyring, mut client) = (self.keyring(), self.database.connect().unwrap());
        let bytes = match client.dialect() {
            Dialect::Sqlite => "BLOB",
            Dialect::Postgres => "BYTEA",
            _ => "VARBINARY(255)",
        };
        for table in ["people", "opaque"] {
            client.batch(&format!("CREATE TABLE {table} (id BIGINT PRIMARY KEY, name {bytes})")).unwrap();
        }
        let mut id = 0;
        while id < rows {
            let ids: Vec<_> = (id + 1..=(id + 1000).min(rows)).collect();
            for table in ["people", "opaque"] {
                let values = ids.iter().map(|id| {
                    let context = RowContext::of_row(RowId::of(id));
                    let sealed = keyring.seal_bytes(&NAME, &context, format!("{id:032}").as_bytes()).unwrap();
                    let sealed = hex::encode(sealed);
                    match client.dialect() {
                        Dialect::Postgres => format!("({id}, '\\x{sealed}')"),
                        _ => format!("({id}, x'{sealed}')"),
                    }
                });
                let values = values.collect::<Vec<_>>().join(", ");
                client.batch(&format!("INSERT INTO {table} VALUES {values}")).unwrap();
            }
            id += 1000;
        }
        client
            .batch(if client.dialect() == Dialect::Mysql { "ANALYZE TABLE people, opaque" } else { "ANALYZE" })
            .unwrap();
    }

    /// What a program would do that swaps opaque bytes: the same reads, and in a transaction a
    /// batch an UPDATE a row, or the same rows in one statement where the database has one for
    /// that.
    fn client(&self, rows: i64, in_bulk: bool) -> Duration {
        let mut client = self.database.connect().unwrap();
        let (begun, mut after, mut done) = (Instant::now(), 0, 0);
        loop {
            // As many at a time as the command takes.
            let select = match client.dialect() {
                Dialect::Postgres => "SELECT id, name FROM opaque WHERE id > $1 ORDER BY id LIMIT 500",
                Dialect::Sqlite => "SELECT id, name FROM opaque WHERE id > ? ORDER BY id LIMIT 2000",
                _ => "SELECT id, name FROM opaque WHERE id > ? ORDER BY id LIMIT 500",
            };
            let batch = client.rows(select, &[after.into()]).unwrap();
            let Some(last) = batch.last() else { break };
            after = last[0].integer().unwrap();
            let swaps: Vec<_> =
                batch.iter().map(|row| (row[0].integer().unwrap(), row[1].as_bytes().unwrap())).collect();
            let swapped = swap(&mut *client, &swaps, in_bulk);
            assert_eq!(swapped, u64::try_from(batch.len()).unwrap());
            done += batch.len();
        }
        assert_eq!(done, usize::try_from(rows).unwrap());
        begun.elapsed()
    }

    /// Runs the command, and says how long it took and the most memory that it had, in KiB.
    fn run(&self, args: &[&str]) -> (Duration, u64) {
        let begun = Instant::now();
        let mut child = Command::new(program())
            .args(args)
            .current_dir(self.folder.path())
            .env("DATABASE_URL", &self.url)
            .env("FIELDSEAL_KEK", "local:kek.json")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program().display()));
        let mut peak = 0;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            let of_process = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
            let high = of_process.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = high.and_then(|high| high.trim().strip_suffix(" kB")?.parse().ok());
            peak = peak.max(kib.unwrap_or(0));
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(status.success(), "{args:?}: {status}");
        (begun.elapsed(), peak)
    }
}

fn swap(client: &mut dyn Client, swaps: &[(i64, &[u8])], in_bulk: bool) -> u64 {
    let new = |old: &[u8]| old.iter().map(|byte| !byte).collect::<Vec<u8>>();
    client
        .transaction(|client| {
            let dialect = client.dialect();
            let mut swapped = 0;
            if in_bulk && dialect == Dialect::Postgres {
                let ids = swaps.iter().map(|(id, _)| Some(id.to_string())).collect();
                let old = swaps.iter().map(|(_, old)| Some(*old)).collect();
                let new: Vec<_> = swaps.iter().map(|(_, old)| new(old)).collect();
                let new = new.iter().map(|new| Some(new.as_slice())).collect();
                let sql = "UPDATE opaque AS t SET name = v.new FROM unnest($1::text[], $2::bytea[], $3::bytea[]) AS v(id, old, new) \
                           WHERE t.id = v.id::bigint AND t.name = v.old";
                return client.execute(sql, &[Param::Texts(ids), Param::Blobs(old), Param::Blobs(new)]);
            }
            if in_bulk && dialect == Dialect::Mysql {
                let one = |(id, old): &(i64, &[u8])| {
                    format!(
                        "UPDATE opaque SET name = x'{}' WHERE id = {id} AND name = x'{}';",
                        hex::encode(new(old)),
                        hex::encode(old)
                    )
                };
                return client.batch(&swaps.iter().map(one).collect::<String>());
            }
            for (id, old) in swaps {
                let sql = match dialect {
                    Dialect::Postgres => "UPDATE opaque SET name = $1 WHERE id = $2 AND name = $3",
                    _ => "UPDATE opaque SET name = ? WHERE id = ? AND name = ?",
                };
                let params = [Cell::Bytes(new(old)).into(), (*id).into(), Cell::Bytes(old.to_vec()).into()];
                swapped += client.execute(sql, &params)?;
            }
            Ok::<_, fieldseal_sweep::sql::SqlError>(swapped)
        })
        .unwrap()
}

fn program() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/fieldseal");
    std::env::var_os("FIELDSEAL_CLI").map_or(built, PathBuf::from)
}
