//! What the quickstart prints.

use crate::Result;
use crate::model::Customer;
use comfy_table::{Table, presets};
use std::time::Instant;

/// One person for each of several scripts.
const SHOWN: [&str; 7] = [
    "Doris Prosser-Rees",
    "Алёна Петровна Лебедева",
    "هُدى أبو زيد",
    "राजेश पाण्डेय",
    "ეთერ ჯაფარიძე",
    "Bùi Kiều Diễm",
    "郑海涛",
];

/// A line that says what is done, how long it took, and how it ended.
pub struct Step {
    what: &'static str,
    begun: Instant,
}

impl Step {
    pub fn begin(what: &'static str) -> Self {
        Self { what, begun: Instant::now() }
    }

    pub fn done(self, result: &str) {
        println!("{:<28}{:>5} ms   {result}", self.what, self.begun.elapsed().as_millis());
    }
}

/// What the program sees, and what whoever reads the file sees.
pub fn side_by_side(sqlite: &rusqlite::Connection, people: &[Customer]) -> Result<()> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    let (ours, theirs) = ("the program sees\nfull_name", "the file holds\nfull_name");
    table.set_header([ours, "\nbirth_date", "\ncountry", theirs, "\nbirth_date", "\ncountry"]);
    for person in SHOWN.iter().filter_map(|name| people.iter().find(|person| person.full_name == *name)) {
        let born = person.birth_date.map(|date| date.to_string()).unwrap_or_default();
        let mut row = vec![person.full_name.clone(), born, person.country.clone()];
        row.extend(stored(sqlite, &person.id)?);
        table.add_row(row);
    }
    println!("\n{table}\n(the format's 01, the data key's id, then nonce, ciphertext and tag)\n");
    Ok(())
}

fn stored(sqlite: &rusqlite::Connection, id: &str) -> rusqlite::Result<[String; 3]> {
    let sql = "SELECT full_name, birth_date, country FROM customers WHERE id = ?";
    sqlite.query_row(sql, [id], |row| Ok([shortened(row.get(0)?), shortened(row.get(1)?), row.get(2)?]))
}

fn shortened(sealed: Option<Vec<u8>>) -> String {
    let Some(sealed) = sealed else { return "NULL".to_owned() };
    let hex = hex::encode(sealed);
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    let end = hex.len();
    format!("{} {} {}…{}", part(0..2), part(2..10), part(10..16), part(end.saturating_sub(4)..end))
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let from_end = |at: usize| digits.len() - at;
    let comma = |at: usize| if at > 0 && from_end(at).is_multiple_of(3) { "," } else { "" };
    digits.char_indices().map(|(at, digit)| format!("{}{digit}", comma(at))).collect()
}
