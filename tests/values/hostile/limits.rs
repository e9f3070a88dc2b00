//! Values that are too large.

use super::*;

#[test]
fn a_stored_value_of_100_mb_is_refused_in_every_column() {
    let mut database = filled();
    database.sql("ALTER TABLE vault RENAME TO stored", []);
    for (column, _) in COLUMNS {
        for value in ["zeroblob(100000000)", "CAST(zeroblob(100000000) AS TEXT)"] {
            // A view, so that SQLite makes the value and doesn't have to store it.
            let columns = COLUMNS
                .map(|(other, _)| if other == column { format!("{value} AS {column}") } else { other.into() });
            let view = format!("CREATE VIEW vault AS SELECT id, org_id, {} FROM stored", columns.join(", "));
            database.rusqlite.execute_batch(&format!("DROP VIEW IF EXISTS vault; {view}")).unwrap();
            for result in read_printed(&mut database, 1) {
                let refusal = result.expect_err(column);
                assert_eq!(*refusal.error.kind(), ErrorKind::TooLong(100_000_000), "{column} {value}");
                assert_eq!(refusal.place(), ("vault", column));
            }
        }
    }
}

const PEAK: &str = "hostile::limits::a_stored_value_of_100_mb_is_not_copied";

/// The peak of the process's memory, which needs a process of its own for each way to read the
/// value.
#[test]
fn a_stored_value_of_100_mb_is_not_copied() {
    if !cfg!(target_os = "linux") {
        eprintln!("SKIPPED: the peak of memory is read from /proc");
        return;
    }
    if let Some(role) = rerun::role() {
        println!("peak:{}", peak_of_reading(role.split_once(' ').unwrap()));
        return;
    }
    let database = filled();
    database.sql("UPDATE vault SET name = zeroblob(100000000) WHERE id = 1", []);
    let peak = |reader: &str| {
        let role = format!("{reader} {}", database.path().display());
        rerun::finish(rerun::start(PEAK, &role), "peak:")[0].parse::<u64>().unwrap()
    };
    let (alone, diesel, rusqlite) = (peak("sqlite"), peak("diesel"), peak("rusqlite"));
    assert!(alone > 90_000, "SQLite itself makes {alone} KiB of the value");
    for model in [diesel, rusqlite] {
        assert!(model < alone + 20_000, "{model} KiB, and SQLite alone {alone} KiB");
    }
}

/// By how many KiB the peak of this process rises while the value is read.
fn peak_of_reading((reader, path): (&str, &str)) -> u64 {
    let before = peak_memory();
    let mut diesel = SqliteConnection::establish(path).unwrap();
    let rusqlite = rusqlite::Connection::open(path).unwrap();
    match reader {
        "sqlite" => {
            let all_zero = |row: &rusqlite::Row| Ok(row.get_ref(0)?.as_blob()?.iter().all(|byte| *byte == 0));
            assert!(rusqlite.query_row("SELECT name FROM vault WHERE id = 1", [], all_zero).unwrap());
        }
        "diesel" => assert!(vault::table.find(1_i64).select(Vault::as_select()).first(&mut diesel).is_err()),
        _ => {
            let read = |row: &rusqlite::Row| Vault::try_from(row);
            assert!(rusqlite.query_row("SELECT * FROM vault WHERE id = 1", [], read).is_err());
        }
    }
    peak_memory() - before
}

fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
