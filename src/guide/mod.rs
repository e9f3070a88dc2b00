#![cfg_attr(doc, doc = include_str!("links.md"))]
//! The guides, as pages of this documentation.
//!
//! The same pages are files in the repository, in `docs/`.
//!
//! | if you | read |
//! |---|---|
//! | write a program | [`diesel`], [`sqlx`], [`rusqlite`]; [`models`], [`keyring`], [`databases`] |
//! | run it | [`keys`], [`guards`], [`schema_lock`], [the command line][command line], [AWS KMS], [sweeps] |
//! | review it | [`threat_model`], the stored format ([values](mod@format), [keys](format_keys), [writing](format_writing), [examples](format_examples), [test vectors](format_vectors)), [`benchmarks`] |

// Links between pages are relative there, for anyone who reads them in the repository. Of two
// definitions of a label Markdown takes the first: those in links.md, which rustdoc checks.
// tests/all.d/links.py checks that both are there and mean the same.
//
// The code in the pages is compiled and run by `cargo test --doc`; `not(doctest)` says which isn't.

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// Models: the derive, its attributes, types and sizes of columns, from plaintext to sealed.
#[cfg_attr(doc, doc = include_str!("../../docs/models.md"))]
pub mod models {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// Models and the key store with diesel and diesel-async.
#[cfg_attr(doc, doc = include_str!("../../docs/diesel.md"))]
pub mod diesel {}

// Compiled in tests-crates/sqlx_macros, which has sqlx's own SQLite, its macros, and a database for
// them.
#[cfg_attr(doc, doc = include_str!("links.md"))]
/// Models and the key store with sqlx, `query!` and `query_as!` too.
#[cfg_attr(all(doc, not(doctest)), doc = include_str!("../../docs/sqlx.md"))]
pub mod sqlx {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// Models and the key store with rusqlite.
#[cfg_attr(doc, doc = include_str!("../../docs/rusqlite.md"))]
pub mod rusqlite {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// What was tried on which database, and which versions of the libraries go together.
#[cfg_attr(doc, doc = include_str!("../../docs/databases.md"))]
pub mod databases {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// Keys: KEK, data keys and their states, rotation, shredding, errors, key stores.
#[cfg_attr(doc, doc = include_str!("../../docs/keys.md"))]
pub mod keys {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// The keyring in a running process: settings, loading, leases, several KEKs, fleets, tests.
#[cfg_attr(doc, doc = include_str!("../../docs/keyring.md"))]
pub mod keyring {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// The schema lock, which keeps a change of code from stranding data.
#[cfg_attr(doc, doc = include_str!("../../docs/schema-lock.md"))]
pub mod schema_lock {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// Guards: triggers that keep plaintext and retired keys out of sealed columns.
#[cfg_attr(doc, doc = include_str!("../../docs/guards.md"))]
pub mod guards {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// What is protected, against whom, and what isn't.
#[cfg_attr(doc, doc = include_str!("../../docs/threat-model.md"))]
pub mod threat_model {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// The stored format, byte by byte: how a value is opened.
#[cfg_attr(doc, doc = include_str!("../../docs/format.md"))]
pub mod format {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// The stored format: from a KEK to the data key of a value.
#[cfg_attr(doc, doc = include_str!("../../docs/format-keys.md"))]
pub mod format_keys {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// The stored format: what a program must do that seals values or changes keys.
#[cfg_attr(doc, doc = include_str!("../../docs/format-writing.md"))]
pub mod format_writing {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// The stored format: one value under each suite, with every step.
#[cfg_attr(doc, doc = include_str!("../../docs/format-examples.md"))]
pub mod format_examples {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// The stored format: what to try a reader with, and how values and refusals are spelt there.
#[cfg_attr(doc, doc = include_str!("../../docs/format-vectors.md"))]
pub mod format_vectors {}

#[cfg_attr(doc, doc = include_str!("links.md"))]
/// What everything costs, with the commands that measure it.
#[cfg_attr(doc, doc = include_str!("../../docs/benchmarks.md"))]
pub mod benchmarks {}

#[cfg(test)]
mod tests {
    /// The README prints an excerpt of the program in the guide, which is compiled.
    #[test]
    fn the_code_in_the_readme_is_the_guides() {
        let (readme, guide) = (include_str!("../../README.md"), include_str!("../../docs/diesel.md"));
        let excerpt = readme.split("```rust,ignore\n").nth(1).unwrap().split("```").next().unwrap();
        let lines: Vec<_> = excerpt.lines().map(|line| line.split(" //").next().unwrap().trim()).collect();
        assert!(lines.len() > 10);
        for line in lines {
            assert!(guide.lines().any(|of_guide| of_guide.trim().split(" //").next() == Some(line)), "{line}");
        }
    }
}
