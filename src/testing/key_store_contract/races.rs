//! Several handles, as several processes have them, one after the other and at the same moment.

use super::super::promise::on_threads;
use super::*;
use std::sync::Barrier;

const SHARED: Promise = Promise::new(
    "fieldseal::store::KeyStore",
    "commits keep their promises whatever other processes do at the same moment",
);

/// What one commits the other sees, and anyone who is late is told so.
pub fn handles_share_the_store(open: Open<'_>) {
    let (one, two) = (open(), open());
    commit("one handle inserts", &*one, &[insert(1, "a", KeyState::Primary)]);
    let (from_one, from_two) = (to(&*one, 1, KeyState::Active), to(&*two, 1, KeyState::Active));
    commit("the other updates", &*two, &[from_two]);
    let when = "the first updates what it saw before that";
    SHARED.equal(when, &conflict(when, one.commit(&[from_one])), &Conflict::Stale(key_id(1)));
    drop((one, two));
    SHARED.equal("the store is opened again", &load(&*open()).len(), &1);
}

/// Eight threads insert a primary each, over one handle and over their own.
pub fn one_of_many_makes_the_first_primary(open: Open<'_>) {
    const THREADS: u32 = 8;
    let shared = open();
    for (round, scope) in (0_u32..).zip(["a", "", "b", "c"]) {
        let barrier = Barrier::new(THREADS as usize);
        let race = |thread: u32| {
            // Half of them share one handle, half have their own.
            let own = thread.is_multiple_of(2).then(open);
            let store = own.as_deref().unwrap_or(&*shared);
            barrier.wait();
            store.commit(&[insert(1 + round * THREADS + thread, scope, KeyState::Primary)])
        };
        let results = on_threads(THREADS, race);
        let when = "eight insert the first primary of a scope at the same moment";
        SHARED.holds(results.iter().filter(|result| result.is_ok()).count() == 1, when, &results);
        for result in results.into_iter().filter(Result::is_err) {
            SHARED.equal(when, &conflict(when, result), &Conflict::PrimaryTaken(scope_of(scope)));
        }
        SHARED.equal(when, &load_scope(&*shared, &scope_of(scope)).len(), &1);
    }
}

/// Four threads add to one record, again and again, each on top of what it has just read.
pub fn no_update_is_lost(open: Open<'_>) {
    const THREADS: u32 = 4;
    const UPDATES: u32 = 10;
    let when = "four update one record at the same moment";
    commit("one is inserted", &*open(), &[insert(1, "a", KeyState::Active)]);
    let work = |_| {
        let store = open();
        let mut done = 0;
        while done < UPDATES {
            let mut next = get(&*store, 1);
            next.revision += 1;
            let number = u8::try_from(next.wrapped.len()).unwrap_or(u8::MAX);
            next.wrapped.push(WrappedKey { kek: KekUri::new("local:01"), blob: vec![number] });
            match store.commit(&[Change::Update(next)]) {
                Ok(()) => done += 1,
                result => SHARED.equal(when, &conflict(when, result), &Conflict::Stale(key_id(1))),
            }
        }
    };
    on_threads(THREADS, work);
    let record = get(&*open(), 1);
    SHARED.equal(when, &record.revision, &u64::from(1 + THREADS * UPDATES));
    let added = record.wrapped.iter().skip(1).flat_map(|copy| copy.blob.clone());
    SHARED.equal(when, &added.map(u32::from).collect::<Vec<_>>(), &(1..=THREADS * UPDATES).collect());
}
