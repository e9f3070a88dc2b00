//! `fieldseal kek list`.

use super::copies::{has_copy, live, stored_keks};
use super::{Context, Done};
use crate::error::Error;
use crate::output::{Report, table};
use crate::words;
use fieldseal::keys::{KekUri, KeyRecord};
use serde::Serialize;

/// Lists the KEKs that the keys in the store are under
///
/// For each: how many keys have a copy under it, how many have no other copy, and which of the
/// given KEKs (--kek, FIELDSEAL_KEK) it is. Those that were given come first.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(super) fn run(_: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let (records, done) = context.warn_of_damage(context.target.readable_records()?);
    let records = live(records);
    // If one can't be opened, the others are listed all the same.
    let mut usable = Vec::new();
    for name in context.target.kek_names().unwrap_or_default() {
        match context.target.open_kek(&name) {
            Ok(kek) => usable.push((name, kek)),
            Err(error) => context.output.warn(error.text(&format!("{name} can't be used:"))),
        }
    }
    let row = |kek: &str| {
        let uri = KekUri::new(kek);
        let given = usable.iter().find(|(_, kek)| kek.kms().holds(&uri)).map(|(name, _)| name.to_string());
        let has = |record: &&KeyRecord| has_copy(record, &uri);
        let copies = records.iter().filter(has).count();
        let only = records.iter().filter(has).filter(|record| record.wrapped.len() == 1).count();
        Row { kek: kek.to_owned(), copies, only_copies: only, given_as: given }
    };
    let mut keks: Vec<_> = stored_keks(&records).into_iter().map(row).collect();
    keks.sort_by_key(|row| row.given_as.is_none());
    let without_copy = records.iter().filter(|record| record.wrapped.is_empty()).count();
    context.output.report(&Keks { data_keys: records.len(), without_copy, keks })?;
    Ok(if without_copy == 0 { done } else { Done::SomethingLeft })
}

#[derive(Serialize)]
struct Keks {
    data_keys: usize,
    /// Lost keys: not destroyed, and yet without a copy.
    without_copy: usize,
    keks: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    kek: String,
    copies: usize,
    only_copies: usize,
    given_as: Option<String>,
}

impl Report for Keks {
    fn text(&self) -> String {
        let mut text = String::new();
        if !self.keks.is_empty() {
            let row = |row: &Row| {
                let given = row.given_as.clone().unwrap_or_else(|| "-".to_owned());
                vec![words::plain(&row.kek), row.copies.to_string(), row.only_copies.to_string(), given]
            };
            text += &table(&["KEK", "KEYS", "ONLY HERE", "USABLE AS"], self.keks.iter().map(row));
        }
        text +=
            &format!("{}, {}\n", words::count(self.data_keys, "data key"), words::count(self.keks.len(), "KEK"));
        if self.without_copy > 0 {
            text += &format!("{} without any copy: lost, unless a backup has it\n", self.without_copy);
        }
        text
    }
}
