//! `fieldseal key retire`: ends the use of keys that nothing is under, and proves it.

mod proof;

use super::{Context, Done};
use crate::error::Error;
use crate::stop;
use crate::words;
use fieldseal::keys::{KeyId, KeyRecord, KeyState};
use fieldseal::{Keyring, KeyringError};
use proof::{Proof, ProvenKey, per_key, write};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Refuses keys from now on, with proof that nothing is under them
///
/// Counts, in the database, the values under the keys in every column of the lock file, and in
/// every other column that could hold any; only then retires them; then counts again, and takes it
/// back if a program has written one meanwhile. The proof is written as a report. A retired key
/// still has its wrapped copies, and can be taken back: `key reactivate`. For a key that is
/// retired already, makes a new proof.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("which").required(true).args(["ids", "unused"])))]
pub(crate) struct Args {
    /// The keys, by their ids
    #[arg(value_name = "ID", value_parser = words::key_id, group = "which")]
    ids: Vec<KeyId>,

    /// Every active key that nothing is under
    #[arg(long, group = "which")]
    unused: bool,

    /// Where the proof is written [default: fieldseal-proof-TIME-ID.json]
    #[arg(long, value_name = "PATH")]
    report: Option<PathBuf>,

    /// How long programs are given to notice before the second count: as long as the slowest takes
    /// to read the key store again
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = humantime::parse_duration)]
    wait: Duration,

    /// Counts, and retires nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let target = &context.target;
    let stored = target.readable_records()?;
    if let Some(error) = args.ids.iter().find_map(|id| stored.of_key(*id)) {
        return Err(error);
    }
    let (stored, done) = context.warn_of_damage(stored);
    let records = chosen(args, &stored)?;
    let mut proof = Proof::new(args.dry_run, target.database()?.to_string());
    for record in &records {
        proof.keys.push(ProvenKey::of(record));
    }
    let ids: Vec<_> = records.iter().map(|record| record.id).collect();
    proof.before = per_key(context, &ids)?;
    if args.unused {
        let unused = |id: &KeyId| proof.values(*id, &proof.before) == 0;
        let kept: Vec<_> = ids.iter().copied().filter(unused).collect();
        proof.keep(&kept);
    } else if let Some(id) = ids.iter().find(|id| proof.values(**id, &proof.before) > 0) {
        return Err(in_use(*id, &proof));
    }
    let ids = proof.ids();
    if ids.is_empty() || args.dry_run {
        context.output.report(&proof)?;
        return Ok(done);
    }
    let is_active = |id: &KeyId| records.iter().any(|record| record.id == *id && record.state == KeyState::Active);
    let active: Vec<_> = ids.iter().copied().filter(is_active).collect();
    let retiring =
        Retiring { keyring: target.keyring()?, active, stop: stop::on_signals()?, wait: args.wait, context };
    let path = report_path(args, &proof);
    retiring.with_proof(&mut proof, &path)?;
    proof.written_to = Some(path.display().to_string());
    context.output.report(&proof)?;
    Ok(done)
}

/// The keys to retire, and how.
struct Retiring<'a> {
    keyring: Keyring,
    /// Those that aren't retired yet.
    active: Vec<KeyId>,
    stop: Arc<AtomicBool>,
    wait: Duration,
    context: &'a Context<'a>,
}

impl Retiring<'_> {
    /// Retires the keys, counts again, and writes the proof; or takes it all back, and leaves none.
    fn with_proof(&self, proof: &mut Proof, path: &Path) -> Result<(), Error> {
        // The file is made before anything is changed, since a proof that can't be written is none.
        // Until the end it says that nothing is retired, for the case of a crash.
        let unwritten = |error: std::io::Error| {
            Error::failed(format!("the proof can't be written to {}", path.display()))
                .why(error.to_string())
                .hint("an older proof is never overwritten: give another path by --report")
        };
        let mut file = File::create_new(path).map_err(unwritten)?;
        let done = write(&mut file, proof).map_err(unwritten).and_then(|()| self.retire(proof)).and_then(|()| {
            proof.retired = true;
            write(&mut file, proof).map_err(unwritten)
        });
        done.inspect_err(|_| {
            self.take_back();
            let _ = std::fs::remove_file(path);
        })
    }

    fn retire(&self, proof: &mut Proof) -> Result<(), Error> {
        for id in &self.active {
            self.keyring.admin().retire(*id)?;
        }
        let waits = format!("waits for {} before it counts again", words::duration(self.wait));
        if !self.wait.is_zero() {
            self.context.output.say(format!("{waits}; a signal takes it back"));
        }
        self.context.output.during(waits, || self.sleep());
        if self.is_stopped() {
            return Err(Error::failed("it was stopped before the second count").hint("run the command again"));
        }
        let ids = proof.ids();
        proof.after = per_key(self.context, &ids)?;
        match ids.iter().find(|id| proof.values(**id, &proof.after) > 0) {
            Some(id) => Err(in_use(*id, proof)
                .why("a program wrote values under it while they were counted: it still takes it for the primary")),
            None => Ok(()),
        }
    }

    fn sleep(&self) {
        let began = Instant::now();
        while began.elapsed() < self.wait && !self.is_stopped() {
            std::thread::sleep(Duration::from_millis(100).min(self.wait.saturating_sub(began.elapsed())));
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Makes those active again that were retired here.
    fn take_back(&self) {
        let output = self.context.output;
        for id in &self.active {
            match self.keyring.admin().reactivate(*id) {
                Ok(()) => output.warn(format!("data key {id} is active again")),
                // The key wasn't retired yet.
                Err(KeyringError::Transition { error, .. }) if error.from == KeyState::Active => {}
                Err(error) => {
                    output.warn(format!("data key {id} is retired, and could not be taken back: {error}"));
                }
            }
        }
    }
}

/// The records of the keys that are asked for; with `--unused` every active one.
fn chosen(args: &Args, records: &[KeyRecord]) -> Result<Vec<KeyRecord>, Error> {
    if args.unused {
        return Ok(records.iter().filter(|record| record.state == KeyState::Active).cloned().collect());
    }
    let find = |id: &KeyId| {
        let record = records.iter().find(|record| record.id == *id).ok_or_else(|| {
            Error::failed(format!("the key store has no data key {id}")).hint("`fieldseal key list` shows them")
        })?;
        match record.state {
            KeyState::Active | KeyState::Retired => Ok(record.clone()),
            KeyState::Primary => Err(Error::refused(format!("data key {id} is the primary of its scope"))
                .why("values are sealed under it now")
                .hint("rotate first: `fieldseal key rotate --all` (or one scope), then `fieldseal reencrypt`")),
            state => {
                Err(Error::refused(format!("data key {id} is {state}, and only an active key can be retired")))
            }
        }
    };
    let mut ids = args.ids.clone();
    ids.sort();
    ids.dedup();
    ids.iter().map(find).collect()
}

fn in_use(id: KeyId, proof: &Proof) -> Error {
    let counts = if proof.after.is_empty() { &proof.before } else { &proof.after };
    let values = proof.values(id, counts);
    let columns =
        counts.iter().filter(|column| column.under.get(&id.to_string()).is_some_and(|values| *values > 0));
    let columns: Vec<_> =
        columns.map(|column| words::plain(&format!("{}.{}", column.table, column.column))).collect();
    Error::refused(format!("data key {id} is in use: {} under it", words::values(values)))
        .why(format!("in {}", columns.join(", ")))
        .hint("move them to the primary key first: `fieldseal reencrypt`")
        .hint("a column that the lock file doesn't have must be moved, or emptied, by the people who wrote it")
}

fn report_path(args: &Args, proof: &Proof) -> PathBuf {
    args.report.clone().unwrap_or_else(|| {
        let time = proof.time.replace([':', '-'], "");
        // The first key tells several proofs of the same second apart.
        let key = proof.keys.first().map_or("", |key| key.id.as_str());
        PathBuf::from(format!("fieldseal-proof-{time}-{key}.json"))
    })
}
