//! The proof that nothing is under a key: what was counted, and the file that says so.

use crate::commands::Context;
use crate::error::Error;
use crate::output::Report;
use crate::words;
use fieldseal::keys::{KeyId, KeyRecord};
use serde::Serialize;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::time::SystemTime;

/// The proof as it's written: the counts, and whether the keys were retired.
#[derive(Serialize)]
pub(super) struct Proof {
    pub(super) format: &'static str,
    pub(super) program: &'static str,
    pub(super) time: String,
    pub(super) database: String,
    pub(super) dry_run: bool,
    pub(super) retired: bool,
    pub(super) keys: Vec<ProvenKey>,
    /// The counts before the keys were retired.
    pub(super) before: Vec<ProvenColumn>,
    /// The counts after that.
    pub(super) after: Vec<ProvenColumn>,
    #[serde(skip)]
    pub(super) written_to: Option<String>,
}

#[derive(Serialize)]
pub(super) struct ProvenKey {
    pub(super) id: String,
    pub(super) scope: Option<String>,
    pub(super) commitment: String,
    pub(super) created: String,
    #[serde(skip)]
    pub(super) key: KeyId,
}

#[derive(Serialize)]
pub(super) struct ProvenColumn {
    pub(super) table: String,
    pub(super) column: String,
    pub(super) declared: bool,
    pub(super) rows: u64,
    pub(super) under: std::collections::BTreeMap<String, u64>,
}

impl ProvenKey {
    pub(super) fn of(record: &KeyRecord) -> Self {
        let commitment = record.commitment.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let (scope, created) = (words::tenant(&record.scope), words::timestamp(record.created));
        Self { id: record.id.to_string(), scope, commitment, created, key: record.id }
    }
}

impl Proof {
    pub(super) fn new(dry_run: bool, database: String) -> Self {
        Self {
            format: "fieldseal-proof/1",
            program: concat!("fieldseal ", env!("CARGO_PKG_VERSION")),
            time: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            database,
            dry_run,
            retired: false,
            keys: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            written_to: None,
        }
    }

    pub(super) fn values(&self, id: KeyId, columns: &[ProvenColumn]) -> u64 {
        columns.iter().filter_map(|column| column.under.get(&id.to_string())).sum()
    }

    pub(super) fn ids(&self) -> Vec<KeyId> {
        self.keys.iter().map(|key| key.key).collect()
    }

    /// Leaves the other keys out.
    pub(super) fn keep(&mut self, ids: &[KeyId]) {
        self.keys.retain(|key| ids.contains(&key.key));
        let kept: Vec<_> = ids.iter().map(KeyId::to_string).collect();
        for column in &mut self.before {
            column.under.retain(|id, _| kept.contains(id));
        }
    }
}

impl Report for Proof {
    fn text(&self) -> String {
        if self.keys.is_empty() {
            return "no active key is unused\n".to_owned();
        }
        let ids: Vec<_> = self.keys.iter().map(|key| key.id.as_str()).collect();
        let columns = if self.after.is_empty() { &self.before } else { &self.after };
        let declared = columns.iter().filter(|column| column.declared).count();
        let rows: u64 = columns.iter().map(|column| column.rows).sum();
        let counted = format!(
            "nothing is under them in {} of the lock file and {} more, {rows} rows of columns\n",
            words::count(declared, "column"),
            columns.len() - declared
        );
        match &self.written_to {
            Some(path) => format!("retired: {}\n{counted}proof: {path}\n", ids.join(", ")),
            None => format!("would be retired: {}\n{counted}nothing was changed\n", ids.join(", ")),
        }
    }
}

/// Each column with the values under each key.
pub(super) fn per_key(context: &Context<'_>, ids: &[KeyId]) -> Result<Vec<ProvenColumn>, Error> {
    let target = &context.target;
    let client = &mut *target.sql()?.connect()?;
    let surveyed = crate::survey::all(target, client)?;
    let column = |column: crate::survey::Surveyed| ProvenColumn {
        under: ids.iter().map(|id| (id.to_string(), column.survey.under(*id))).collect(),
        table: column.table,
        column: column.name,
        declared: column.column.is_some(),
        rows: column.survey.rows,
    };
    Ok(surveyed.into_iter().map(column).collect())
}

/// Writes the proof in place of what is in the file.
pub(super) fn write(file: &mut File, proof: &Proof) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    serde_json::to_writer_pretty(&mut *file, proof)?;
    file.write_all(b"\n")?;
    file.sync_all()
}
