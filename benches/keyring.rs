//! What a keyring costs a running process: KMS calls, time and memory to load keys, and sealing
//! from several threads.
//!
//! `cargo bench --bench keyring`, with `--markdown` or `--quick` after a `--`. The KMS is a local
//! one that counts its calls and answers after five milliseconds, about what AWS KMS takes within a
//! region. Memory is what the process has resident more than before, so Linux only. Threads are
//! measured in turns: a busy machine slows all of them.

use comfy_table::{CellAlignment, Table, presets};
use fieldseal::store::Memory;
use fieldseal::testing::{FaultyKms, KmsFault};
use fieldseal::{Column, Keyring, RowContext, RowId, Scope};
use std::error::Error;
use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};
use testkit::measure::Options;

const NAME: Column = Column::new("patients", "name");
const KMS_DELAY: Duration = Duration::from_millis(5);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let options = Options::from_args();
    let (few, many) = if options.quick { (10, 200) } else { (100, 10_000) };
    let mut table = Table::new();
    table.load_style(if options.markdown { presets::ASCII_MARKDOWN } else { presets::NOTHING });
    table.set_header(["loading keys", "KMS calls", "time", "memory"]);
    table.add_row(rows_under_one_key()?);
    table.add_row(cold_process(few)?);
    table.add_row(all_scopes(many)?);
    table.add_row(all_scopes_in_use(many)?);
    table.add_row(scopes_on_demand(many)?);
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    println!("{table}\n");
    threads(options)
}

/// A KMS and a store with that many tenants' keys in it.
struct Fleet {
    kms: Arc<FaultyKms>,
    store: Arc<Memory>,
}

impl Fleet {
    fn new(tenants: usize) -> Result<Self> {
        let fleet = Self { kms: Arc::new(FaultyKms::new()), store: Arc::new(Memory::new()) };
        let admin = fleet.open()?;
        for number in 0..tenants {
            admin.admin().ensure_scope(&Scope::tenant(number)?)?;
        }
        drop(admin);
        fleet.kms.always(KmsFault::Slow(KMS_DELAY));
        Ok(fleet)
    }

    fn open(&self) -> Result<Keyring> {
        Ok(Keyring::start(Arc::clone(&self.kms), Arc::clone(&self.store))?)
    }
}

fn row(tenant: usize) -> Result<RowContext> {
    Ok(RowContext::of_row(RowId::of(&1)).in_scope(Scope::tenant(tenant)?))
}

/// What it took, as a row of the table.
fn measured<T>(name: &str, fleet: &Fleet, work: impl FnOnce() -> Result<T>) -> Result<Vec<String>> {
    let (calls, memory, began) = (fleet.kms.calls().total(), resident()?, Instant::now());
    let kept = work()?;
    let (took, calls) = (began.elapsed(), fleet.kms.calls().total() - calls);
    let grown = resident()?.saturating_sub(memory);
    drop(kept);
    Ok(vec![
        name.to_owned(),
        calls.to_string(),
        format!("{took:.1?}"),
        format!("{:.1} MiB", grown as f64 / 1_048_576.0),
    ])
}

fn rows_under_one_key() -> Result<Vec<String>> {
    let fleet = Fleet::new(1)?;
    let row = row(0)?;
    let value = fleet.open()?.seal_bytes(&NAME, &row, b"Ada")?;
    measured("a process starts and opens 1,000 rows under one key", &fleet, || {
        let keyring = fleet.open()?;
        for _ in 0..1000 {
            black_box(keyring.open_bytes(&NAME, &row, &value)?);
        }
        Ok(keyring)
    })
}

fn cold_process(keys: usize) -> Result<Vec<String>> {
    let fleet = Fleet::new(keys)?;
    measured(&format!("a process starts with {keys} keys, 16 calls at a time"), &fleet, || fleet.open())
}

fn all_scopes(scopes: usize) -> Result<Vec<String>> {
    let fleet = Fleet::new(scopes)?;
    measured(&format!("… with {scopes} scopes, all loaded"), &fleet, || fleet.open())
}

fn all_scopes_in_use(scopes: usize) -> Result<Vec<String>> {
    const COLUMNS: [Column; 3] = [NAME, Column::new("patients", "phone"), Column::new("patients", "note")];
    let fleet = Fleet::new(scopes)?;
    measured(&format!("… with {scopes} scopes, three columns of each sealed and opened"), &fleet, || {
        let keyring = fleet.open()?;
        for number in 0..scopes {
            let row = row(number)?;
            for column in &COLUMNS {
                let value = keyring.seal_bytes(column, &row, b"Ada")?;
                black_box(keyring.open_bytes(column, &row, &value)?);
            }
        }
        Ok(keyring)
    })
}

fn scopes_on_demand(scopes: usize) -> Result<Vec<String>> {
    let fleet = Fleet::new(scopes)?;
    let open = || {
        let bounded = Keyring::builder(Arc::clone(&fleet.kms), Arc::clone(&fleet.store)).max_keys(scopes / 10);
        Ok(bounded.start()?)
    };
    measured(&format!("… with {scopes} scopes, of which a tenth fits"), &fleet, open)
}

/// Bytes that the process has in memory.
fn resident() -> Result<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: usize = statm.split(' ').nth(1).ok_or("statm has a second field")?.parse()?;
    Ok(pages * 4096)
}

/// Values that so many threads seal on one keyring in a second, and how much more than one alone.
fn threads(options: Options) -> Result<()> {
    let fleet = Fleet::new(1)?;
    let (keyring, row) = (fleet.open()?, row(0)?);
    let (rounds, each) = if options.quick { (3, 2_000) } else { (30, 200_000) };
    let counts = [1, 2, 4, 8];
    let mut rates = counts.map(|_| Vec::new());
    for _ in 0..rounds {
        for (count, rates) in counts.iter().zip(&mut rates) {
            rates.push(rate(&keyring, &row, *count, each));
        }
    }
    let medians = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    });
    let mut table = Table::new();
    table.load_style(if options.markdown { presets::ASCII_MARKDOWN } else { presets::NOTHING });
    table.set_header(["sealing 32 B on one keyring", "a second", "of one thread"]);
    for (count, rate) in counts.iter().zip(medians) {
        let name = format!("{count} thread{}", if *count == 1 { "" } else { "s" });
        table.add_row([name, format!("{:.2} million", rate / 1e6), format!("{:.2}", rate / medians[0])]);
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    println!("{table}");
    println!("on {} cores", thread::available_parallelism()?);
    Ok(())
}

fn rate(keyring: &Keyring, row: &RowContext, count: usize, each: u32) -> f64 {
    let (start, end) = (Barrier::new(count + 1), Barrier::new(count + 1));
    thread::scope(|threads| {
        for _ in 0..count {
            threads.spawn(|| {
                start.wait();
                for _ in 0..each {
                    drop(black_box(keyring.seal_bytes(&NAME, row, black_box(&[7; 32]))));
                }
                end.wait();
            });
        }
        start.wait();
        let began = Instant::now();
        end.wait();
        f64::from(each) * count as f64 / began.elapsed().as_secs_f64()
    })
}
