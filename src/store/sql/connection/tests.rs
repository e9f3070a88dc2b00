use super::*;
use crate::store::StoreError;

/// A connection to nothing, that counts how often it was lost.
struct Nowhere {
    dialect: Dialect,
    lost: u32,
}

impl Connection for Nowhere {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn ready(&mut self, _: Option<Instant>) -> Result<(), Said> {
        Ok(())
    }

    fn lose(&mut self) -> bool {
        self.lost += 1;
        true
    }

    fn select(&mut self, _: &'static str, _: &[Param<'_>]) -> Result<Vec<Row>, Said> {
        Ok(Vec::new())
    }

    fn integer(&mut self, _: &'static str) -> Result<Option<i64>, Said> {
        Ok(Some(7))
    }

    fn execute(&mut self, _: &'static str, _: &[Param<'_>]) -> Result<usize, Said> {
        Ok(0)
    }

    fn batch(&mut self, _: &'static str) -> Result<(), Said> {
        Ok(())
    }
}

/// How often the work is begun that always ends like this, and what is said in the end.
fn begun(dialect: Dialect, fault: Option<Fault>) -> (u32, StoreError) {
    let mut attempts = 0;
    let done: Result<(), Failed> = run(&mut Nowhere { dialect, lost: 0 }, None, |_| {
        attempts += 1;
        Err(Said::new(fault, std::io::Error::other("about fieldseal_keys")).into())
    });
    (attempts, done.unwrap_err().of("s", dialect))
}

#[test]
fn only_what_helps_is_tried_again() {
    for dialect in Dialect::ALL {
        for (fault, attempts) in [
            (Fault::Denied, 1),
            (Fault::Missing, 1),
            (Fault::Mismatched, 1),
            (Fault::Corrupt, 1),
            (Fault::Busy, 1),
            (Fault::Refused, 1),
            (Fault::Full, 1),
            (Fault::Uncertain, 1),
            (Fault::Other, 1),
            // On a new connection.
            (Fault::Lost, 2),
            (Fault::Conflict, 6),
        ] {
            assert_eq!(begun(dialect, Some(fault)).0, attempts, "{dialect:?}: {fault:?}");
        }
        assert_eq!(begun(dialect, None).0, 1, "what isn't told is looked at");
    }
    let duplicates = Dialect::ALL.map(|dialect| begun(dialect, Some(Fault::Duplicate)).0);
    assert_eq!(duplicates, [1, 6, 6], "SQLite's lock is taken before anything is looked at");
}

#[test]
fn each_fault_has_its_error_and_keeps_the_librarys() {
    use std::error::Error as _;
    for dialect in Dialect::ALL {
        let of = |fault| begun(dialect, Some(fault)).1;
        assert!(matches!(of(Fault::Denied), StoreError::Denied { .. }));
        assert!(matches!(of(Fault::Missing), StoreError::Missing { .. }));
        assert!(matches!(of(Fault::Mismatched), StoreError::Damaged { .. }));
        assert!(matches!(of(Fault::Corrupt), StoreError::Damaged { .. }));
        for fault in [Fault::Denied, Fault::Busy, Fault::Lost, Fault::Full, Fault::Refused, Fault::Other] {
            assert!(of(fault).source().is_some(), "{fault:?}");
        }
        for fault in [Fault::Conflict, Fault::Duplicate] {
            let text = of(fault).to_string();
            assert!(!text.contains("about"), "the database's message may quote a value: {text}");
        }
    }
    let other = Said::new(Some(Fault::Missing), std::io::Error::other("no such table: main.audit"));
    assert_eq!(other.fault(), Fault::Other, "a trigger's table isn't the key store's");
}
