//! `--dry-run` of what changes the copies of data keys: what it would cost.

use crate::error::Error;
use crate::output::Report;
use crate::target::Kek;
use crate::words;
use fieldseal::keys::KeyRecord;
use serde::Serialize;
use std::time::{Duration, Instant};

/// What changing the copies of so many data keys would cost.
#[derive(Serialize)]
pub(super) struct Estimate {
    data_keys: usize,
    kms_calls: usize,
    #[serde(serialize_with = "seconds")]
    seconds: Duration,
    #[serde(skip)]
    one_call: Duration,
    dry_run: bool,
}

impl Estimate {
    /// Measures one unwrap. Keys are changed one after the other, so the time is that of all calls
    /// together.
    ///
    /// # Errors
    ///
    /// The KMS's error, if it doesn't unwrap.
    pub(super) fn new<'a>(
        records: impl IntoIterator<Item = &'a KeyRecord>,
        keks: &[Kek],
        kms_calls: usize,
    ) -> Result<Self, Error> {
        let records: Vec<_> = records.into_iter().collect();
        let one_call = measure(&records, keks)?;
        let seconds = one_call.saturating_mul(u32::try_from(kms_calls).unwrap_or(u32::MAX));
        Ok(Self { data_keys: records.len(), kms_calls, seconds, one_call, dry_run: true })
    }
}

/// How long one of the KEKs takes to unwrap one of the keys, measured the second time: the first
/// one connects.
fn measure(records: &[&KeyRecord], keks: &[Kek]) -> Result<Duration, Error> {
    for record in records {
        for copy in &record.wrapped {
            let Some(kms) = keks.iter().map(Kek::kms).find(|kms| kms.holds(&copy.kek)) else { continue };
            kms.unwrap(copy, &record.binding())?;
            let began = Instant::now();
            kms.unwrap(copy, &record.binding())?;
            return Ok(began.elapsed());
        }
    }
    Ok(Duration::ZERO)
}

fn seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

impl Report for Estimate {
    fn text(&self) -> String {
        format!(
            "{}, about {} of {:.1?} each, {} together; nothing was changed\n",
            words::count(self.data_keys, "data key"),
            words::count(self.kms_calls, "KMS call"),
            self.one_call,
            words::duration(self.seconds)
        )
    }
}
