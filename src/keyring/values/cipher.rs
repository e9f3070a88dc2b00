//! One value encrypted or decrypted under one key: envelope, suite and associated data.

use crate::context::{RowContext, RowId};
use crate::error::ErrorKind;
use crate::format::envelope::{Envelope, HEADER_LEN};
use crate::keyring::cache::KeyMaterial;
use crate::keys::KeyId;
use crate::model::Column;
use crate::suite::{CipherError, Suite};
use zeroize::Zeroizing;

/// A plaintext in its frame, and what it was sealed under.
pub(crate) struct Decrypted {
    pub(crate) framed: Zeroizing<Vec<u8>>,
    #[cfg_attr(not(feature = "_sweep"), expect(dead_code, reason = "sweeps ask for it"))]
    pub(crate) key: KeyId,
    #[cfg_attr(not(feature = "_sweep"), expect(dead_code, reason = "sweeps ask for it"))]
    pub(crate) suite: Suite,
}

/// Encrypts under that key what `push_framed` appends, the plaintext in its frame. The result has
/// `total` bytes.
pub(crate) fn encrypt_under(
    key: &KeyMaterial,
    column: &Column,
    row: &RowContext,
    total: usize,
    push_framed: impl FnOnce(&mut Vec<u8>),
) -> Result<Vec<u8>, ErrorKind> {
    let suite = column.suite();
    // Exactly one allocation, which never grows: the plaintext is nowhere else.
    let mut sealed = Vec::with_capacity(total);
    sealed.extend_from_slice(&Envelope::header(key.id));
    sealed.resize(HEADER_LEN + suite.prefix_len(), 0);
    push_framed(&mut sealed);
    sealed.resize(total, 0);
    let done = key.column(column, suite).and_then(|ready| {
        let (prefix, text, suffix) = split_body(&mut sealed, suite).ok_or(CipherError::Rejected)?;
        ready.aad.complete(bound_row(column, suite, row), |aad| ready.cipher.seal(aad, prefix, text, suffix))
    });
    if let Err(failed) = done {
        drop(Zeroizing::new(sealed));
        return Err(failed.into());
    }
    Ok(sealed)
}

/// Decrypts under the column's suite, or the one that it had before.
pub(crate) fn decrypt_under_either_suite(
    key: &KeyMaterial,
    column: &Column,
    row: &RowContext,
    body: &[u8],
) -> Result<Decrypted, ErrorKind> {
    let suite = column.suite();
    let bound = bound_row(column, suite, row);
    let opened = decrypt_body(key, column, suite, bound, body);
    let (Err(ErrorKind::Rejected), Some(previous)) = (&opened, column.previous_suite()) else { return opened };
    let was_bound = bound_row(column, previous, row);
    let opened = decrypt_body(key, column, previous, was_bound, body);
    // Of a column that became deterministic isn't known any more whether it was bound to its row
    // before: both are tried.
    if suite == Suite::Aes256Siv && matches!(opened, Err(ErrorKind::Rejected)) && !was_bound.is_unbound() {
        return decrypt_body(key, column, previous, bound, body);
    }
    opened
}

fn decrypt_body(
    key: &KeyMaterial,
    column: &Column,
    suite: Suite,
    bound: &RowId,
    body: &[u8],
) -> Result<Decrypted, ErrorKind> {
    let (prefix, rest) = body.split_at_checked(suite.prefix_len()).ok_or(ErrorKind::Rejected)?;
    let text_len = rest.len().checked_sub(suite.suffix_len()).ok_or(ErrorKind::Rejected)?;
    let (text, suffix) = rest.split_at_checked(text_len).ok_or(ErrorKind::Rejected)?;
    let mut plaintext = Zeroizing::new(text.to_vec());
    let ready = key.column(column, suite)?;
    ready.aad.complete(bound, |aad| ready.cipher.open(aad, prefix, &mut plaintext, suffix))?;
    Ok(Decrypted { framed: plaintext, key: key.id, suite })
}

/// The row as the AAD of a value of that suite has it. A column that is moving to or from
/// AES-256-SIV, which is never bound, holds values of both sorts.
fn bound_row<'a>(column: &Column, suite: Suite, row: &'a RowContext) -> &'a RowId {
    static UNBOUND: RowId = RowId::UNBOUND;
    if column.binds_row_under(suite) { &row.row } else { &UNBOUND }
}

/// The prefix, text and suffix of a sealed value of that suite.
fn split_body(sealed: &mut [u8], suite: Suite) -> Option<(&mut [u8], &mut [u8], &mut [u8])> {
    let (_, body) = sealed.split_at_mut_checked(HEADER_LEN)?;
    let (prefix, rest) = body.split_at_mut_checked(suite.prefix_len())?;
    let text_len = rest.len().checked_sub(suite.suffix_len())?;
    let (text, suffix) = rest.split_at_mut_checked(text_len)?;
    Some((prefix, text, suffix))
}
