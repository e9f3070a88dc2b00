//! The derive macros of `fieldseal`. Use them through that crate, where they are documented.
//!
//! A pipeline, one stage a file: `attr` parses attributes, `ast` puts them together with the
//! struct, `valid` refuses what makes no sense, `expand` writes the code.

#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod ast;
mod attr;
mod errors;
mod expand;
mod newtype;
mod sqlx_attr;
#[cfg(test)]
mod tests;
mod valid;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct's fields sealed columns: ciphertext in the database, plaintext in the program.
///
/// ```ignore
/// #[derive(Encrypt)]
/// #[encrypt(table = "patients", row = id, scope = org_id)]
/// #[diesel(table_name = patients)]
/// struct Patient {
///     id: Uuid,
///     org_id: i64,
///     #[encrypt] name: String,
///     #[encrypt(pad = 32)] diagnosis: Option<String>,
///     #[encrypt(json)] history: Vec<Visit>,
/// }
/// ```
///
/// # On the struct
///
/// | attribute | meaning |
/// |---|---|
/// | `table = "patients"` | the table's logical name; every value's key and associated data are made from it, so it must never change |
/// | `row = id`, `row = (a, b)` | the fields that identify the row; a value opens only in the row it was sealed for |
/// | `unbound_row` | instead of `row`, where the database assigns the id: values can be moved between rows |
/// | `scope = org_id` | the field that names the tenant whose keys are used; without it the application's keys are |
/// | `keyring = Billing` | a [`KeyringSource`](https://docs.rs/fieldseal/latest/fieldseal/keyring/trait.KeyringSource.html) other than the installed one |
/// | `rusqlite` | adds `params()` and `TryFrom<&rusqlite::Row>` |
/// | `sqlx` | adds `sqlx::FromRow`, and what `bind_row` needs |
/// | `stored = StoredPatient` | with `sqlx`: makes a struct of that name for `query_as!` to fill, and `TryFrom` from it |
/// | `size = 65535` | how much the columns of the sealed fields hold; a field's own `size` overrules it |
/// | `base64` | the columns of all sealed fields hold text |
/// | `migrating` | plaintext is accepted on read, until every column is encrypted |
/// | `read_only`, `write_only` | only the loading or only the writing side |
/// | `no_debug` | no redacting `Debug`; the struct brings its own or has none |
/// | `crate = path` | where `fieldseal` is, if not `::fieldseal` |
///
/// `#[diesel(table_name = patients)]` makes it a diesel model: it implements `Insertable` (for `T`
/// and `&T`), `AsChangeset`, `Queryable`, `Selectable` and `QueryableByName`, so these must not be
/// derived as well. Other `#[diesel(…)]` attributes mean what they mean in diesel. `#[sqlx(…)]`
/// attributes are for fields, and mean what they mean in sqlx.
///
/// # On a field
///
/// | attribute | meaning |
/// |---|---|
/// | `#[encrypt]` | the field is sealed |
/// | `column = "name"` | pins the logical column name where the field or the database column is renamed |
/// | `json` | anything serde, as JSON |
/// | `pad = 32` | hides the length up to a multiple of 32 bytes |
/// | `hide_null` | seals `None` too; needs `pad` |
/// | `suite = "aes-256-gcm"` | `xaes-256-gcm` (default), `xchacha20-poly1305`, `aes-256-gcm`, `aes-256-siv` |
/// | `previous_suite = "…"` | the suite before, tried as well until every value has been re-encrypted |
/// | `unbound_row` | this column isn't bound to the row; `aes-256-siv` needs it |
/// | `migrating` | plaintext is accepted on read in this column |
/// | `size = 255` | how much the column holds, in bytes, or characters of base64: a longer value isn't sealed. Required on MySQL |
/// | `base64` | the column holds text: the sealed value in base64 |
/// | `sql_name = "…"` | the column's name for rusqlite and sqlx; diesel's is `#[diesel(column_name = …)]`, sqlx takes `#[sqlx(rename = "…")]` too |
/// | `plain` | the field isn't sealed; only for `#[encrypt(plain, sql_name = "…")]` |
///
/// # Generated functions
///
/// For each sealed field `f`: `seal_f(for_scope, for_row, to_seal)` gives a value for
/// `.set(column.eq(…))` or a single parameter of rusqlite or sqlx, and
/// `open_f(for_scope, for_row, to_open)` opens one. The parameters are the fields that `scope` and
/// `row` name; the row's are left out where the column isn't bound to it.
#[proc_macro_derive(Encrypt, attributes(encrypt, diesel, sqlx))]
pub fn encrypt(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::encrypt(&input).unwrap_or_else(|error| error.into_compile_error()).into()
}

/// Lets a newtype be sealed as what it wraps: `#[derive(EncryptValue)] struct Email(String);`.
///
/// The stored bytes are the inner value's, so the newtype and its inner type read each other's
/// columns. It's for structs with one field, named or not; `#[encrypt(crate = path)]` says where
/// `fieldseal` is, if not `::fieldseal`.
#[proc_macro_derive(EncryptValue, attributes(encrypt))]
pub fn encrypt_value(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    newtype::expand(&input).unwrap_or_else(|error| error.into_compile_error()).into()
}
