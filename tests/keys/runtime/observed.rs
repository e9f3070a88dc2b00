//! What the people who run it see: counters, and events without a secret in them.

use super::*;
use fieldseal::testing::KmsFault;
use std::io::Write;
use std::sync::Mutex;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn calls_loads_renewals_drops_and_rotations_are_told() {
    let log = Log::default();
    // With a single subscriber, an event that another test's thread meets first would be off for
    // all threads.
    let _other = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .finish();
    let fleet = Fleet::new(1);
    let kek = fieldseal::kms::Kms::kek(&fleet.kms);
    tracing::subscriber::with_default(subscriber, || {
        let keyring = fleet.process().lease(HOUR).refresh_every(100 * HOUR).start().unwrap();
        let new = keyring.admin().rotate(&tenant(1)).unwrap();
        fleet.clock.advance(HOUR / 2);
        seal(&keyring, 1).unwrap();
        fleet.clock.advance(HOUR / 4);
        keyring.tend();
        eventually("renewed", || keyring.stats().renewals == 1);
        // It is counted a moment before its load ends, and a load that has not ended when the clock
        // jumps is given up.
        std::thread::sleep(Duration::from_millis(50));
        fleet.clock.advance(HOUR / 2);
        seal(&keyring, 1).unwrap();
        // Before the clock moves: the background thread may renew the key first.
        fleet.kms.always(KmsFault::Disabled);
        fleet.clock.advance(HOUR / 3);
        keyring.tend();
        eventually("dropped", || keyring.stats().keys_loaded == 0);
        std::thread::sleep(Duration::from_millis(50));
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let (id, kek) = (format!("key={new}"), format!("kek={kek}"));
        for expected in [
            "operation=\"wrap\"",
            "operation=\"unwrap\"",
            "took=",
            "loaded a data key",
            "changed a data key",
            "renewed the lease of a data key",
            "refuses it",
            "scope=tenant \"1\"",
            &id,
            &kek,
        ] {
            assert!(text.contains(expected), "{expected} is missing in\n{text}");
        }
        let stats = keyring.stats();
        assert!(
            stats.kms_calls >= 5 && stats.kms_failures >= 1 && stats.renewals == 1 && stats.refusals >= 1,
            "{stats:?}"
        );
        assert!(stats.kms_time >= stats.kms_slowest && !stats.kms_slowest.is_zero());
    });
}

#[test]
fn a_test_has_a_keyring_of_its_own() {
    use fieldseal::keyring::{Installed, KeyringSource as _};
    use fieldseal::testing;
    std::thread::scope(|threads| {
        for number in 1..=4 {
            threads.spawn(move || {
                let fleet = Fleet::new(number);
                let keyring = fleet.process().start().unwrap();
                let mine = testing::use_keyring(keyring.clone());
                assert_eq!(Installed::keyring().unwrap().keys(), keyring.keys());
                {
                    let inner = Fleet::new(1).process().start().unwrap();
                    let _inner = testing::use_keyring(inner.clone());
                    assert_eq!(Installed::keyring().unwrap().keys(), inner.keys());
                }
                assert_eq!(Installed::keyring().unwrap().keys(), keyring.keys());
                drop(mine);
                assert!(Installed::keyring().is_err());
            });
        }
    });
}
