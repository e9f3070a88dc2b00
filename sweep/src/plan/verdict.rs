//! What becomes of a value: re-encrypted, sealed, opened, or left because of a problem.

use super::job::Job;
use super::plaintext::{Holder, KnownKind};
use super::problem::ProblemKind;
use super::table_plan::{PlannedColumn, TablePlan};
use crate::sql::Cell;
use fieldseal::__sweep::{self, Resealed};
use fieldseal::{Column, ErrorKind, Keyring, RowContext};
use smallvec::SmallVec;
use zeroize::Zeroizing;

/// What becomes of one value.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It's NULL, and stays that.
    Null,
    /// It's as the job wants it.
    Done,
    /// It's plaintext, and may be: the column is migrating.
    Plaintext,
    /// It's to be replaced.
    Write(Cell),
    /// It can't be opened, or isn't what it should be: it's left alone.
    Problem(ProblemKind),
}

/// The verdicts on the planned columns of one row.
pub(crate) type Verdicts = SmallVec<[Verdict; 2]>;

impl TablePlan {
    /// What becomes of each planned column of a row.
    pub(crate) fn verdicts(&self, keyring: &Keyring, row: &[Cell]) -> Verdicts {
        match self.context(row) {
            Ok(context) => self.columns.iter().map(|column| self.verdict(keyring, column, &context, row)).collect(),
            Err(why) => self.columns.iter().map(|_| Verdict::Problem(ProblemKind::Row(why))).collect(),
        }
    }

    fn verdict(&self, keyring: &Keyring, planned: &PlannedColumn, context: &RowContext, row: &[Cell]) -> Verdict {
        let (source, target) = (Self::cell(row, planned.source), Self::cell(row, planned.target));
        match &self.job {
            Job::Reencrypt => reencrypt(keyring, &planned.column, context, (source, self.holder(planned.source))),
            Job::Verify => verify(keyring, &planned.column, context, (source, self.holder(planned.source))),
            Job::Encrypt { from } => {
                self.encrypt(keyring, planned, context, source, from.is_some().then_some(target))
            }
            Job::Decrypt { into } => {
                self.decrypt(keyring, planned, context, source, into.is_some().then_some(target))
            }
        }
    }

    fn encrypt(
        &self,
        keyring: &Keyring,
        planned: &PlannedColumn,
        context: &RowContext,
        source: &Cell,
        target: Option<&Cell>,
    ) -> Verdict {
        let (column, Some(kind)) = (&planned.column, planned.kind) else { return Verdict::Null };
        let source = Plaintext { cell: source, kind, holder: self.holder(planned.source) };
        if let Some(target) = target {
            return into_another(keyring, column, context, (source, target), self.makes_keys);
        }
        if !source.cell.is_null() {
            let stored = source.cell.as_stored();
            let Err(why) = __sweep::open_encoded(keyring, column, context, stored) else { return Verdict::Done };
            match __sweep::check_plaintext(keyring, column, stored, why.clone()) {
                // Its key may have been lost, and then this is the only copy.
                Ok(())
                    if matches!(why, ErrorKind::UnknownKey(_))
                        && (source.encode().is_none() || may_be_sealed(column, kind) && !self.seal_lookalikes) =>
                {
                    return Verdict::Problem(why.into());
                }
                Ok(()) => {}
                Err(ErrorKind::Rejected | ErrorKind::SealedAsText) if self.seal_lookalikes => {}
                Err(problem) => return Verdict::Problem(problem.into()),
            }
        }
        seal(keyring, column, context, source, self.makes_keys)
    }

    fn decrypt(
        &self,
        keyring: &Keyring,
        planned: &PlannedColumn,
        context: &RowContext,
        source: &Cell,
        target: Option<&Cell>,
    ) -> Verdict {
        let (column, Some(kind)) = (&planned.column, planned.kind) else { return Verdict::Null };
        if source.is_null() {
            return null(column);
        }
        let holder = self.holder(planned.target);
        let encoded = match __sweep::open_encoded(keyring, column, context, source.as_stored()) {
            Ok(encoded) => encoded,
            // In place, a value that isn't sealed was decrypted by an earlier run.
            Err(ErrorKind::NotSealed) if target.is_none() && kind.encode(source, holder).is_some() => {
                return Verdict::Done;
            }
            Err(problem) => return Verdict::Problem(problem.into()),
        };
        if encoded.is_none() && target.is_some_and(Cell::is_null) {
            return Verdict::Done;
        }
        if let Some(target) = target.filter(|target| !target.is_null()) {
            return if kind.encode(target, holder) == encoded {
                Verdict::Done
            } else {
                Verdict::Problem(ProblemKind::Differs)
            };
        }
        let opened = encoded.map_or(Some(Cell::Null), |encoded| kind.to_cell(&encoded, holder));
        opened.map_or_else(|| Verdict::Problem(ErrorKind::Malformed(column.kind()).into()), Verdict::Write)
    }
}

/// The verdict on NULL in place of a sealed value.
fn null(column: &Column) -> Verdict {
    if __sweep::refuses_null(column) { Verdict::Problem(ErrorKind::UnexpectedNull.into()) } else { Verdict::Null }
}

fn reencrypt(
    keyring: &Keyring,
    column: &Column,
    context: &RowContext,
    (source, holder): (&Cell, Holder),
) -> Verdict {
    if source.is_null() {
        return null(column);
    }
    match __sweep::reseal(keyring, column, context, source.as_stored()) {
        Ok(Resealed::Current) => Verdict::Done,
        Ok(Resealed::Anew(sealed)) => Verdict::Write(stored(column, sealed)),
        Err(why) => not_opened(keyring, column, (source, holder), why),
    }
}

fn verify(keyring: &Keyring, column: &Column, context: &RowContext, (source, holder): (&Cell, Holder)) -> Verdict {
    if source.is_null() {
        return null(column);
    }
    match __sweep::open_encoded(keyring, column, context, source.as_stored()) {
        Ok(None) => Verdict::Done,
        Ok(Some(encoded)) => match KnownKind::of(column.kind()) {
            Ok(kind) if !kind.reads(&encoded) => Verdict::Problem(ErrorKind::Malformed(column.kind()).into()),
            _ => Verdict::Done,
        },
        Err(why) => not_opened(keyring, column, (source, holder), why),
    }
}

/// A value that doesn't open is plaintext where that is allowed, if it can be, and a problem
/// elsewhere.
fn not_opened(keyring: &Keyring, column: &Column, (source, holder): (&Cell, Holder), why: ErrorKind) -> Verdict {
    if !column.is_migrating() {
        return Verdict::Problem(why.into());
    }
    if let Err(problem) = __sweep::check_plaintext(keyring, column, source.as_stored(), why.clone()) {
        return Verdict::Problem(problem.into());
    }
    let Ok(kind) = KnownKind::of(column.kind()) else { return Verdict::Plaintext };
    let is_of_kind = kind.encode(source, holder).is_some();
    match why {
        ErrorKind::UnknownKey(_) if may_be_sealed(column, kind) || !is_of_kind => Verdict::Problem(why.into()),
        _ if !is_of_kind => Verdict::Problem(ProblemKind::NotOfKind(column.kind())),
        _ => Verdict::Plaintext,
    }
}

/// Whether a sealed value could be plaintext of the column too: any bytes are bytes, and base64 is
/// text.
fn may_be_sealed(column: &Column, kind: KnownKind) -> bool {
    column.is_base64() || kind == KnownKind::Bytes
}

/// A value that isn't sealed yet.
#[derive(Clone, Copy)]
struct Plaintext<'a> {
    cell: &'a Cell,
    kind: KnownKind,
    holder: Holder,
}

impl Plaintext<'_> {
    fn encode(self) -> Option<Zeroizing<Vec<u8>>> {
        self.kind.encode(self.cell, self.holder)
    }
}

fn seal(
    keyring: &Keyring,
    column: &Column,
    context: &RowContext,
    source: Plaintext<'_>,
    makes_keys: bool,
) -> Verdict {
    if source.cell.is_null() {
        if !column.hides_null() {
            return Verdict::Null;
        }
        return match __sweep::seal_null(keyring, column, context) {
            Ok(sealed) => Verdict::Write(stored(column, sealed)),
            Err(error) => Verdict::Problem(error.kind().clone().into()),
        };
    }
    let Some(encoded) = source.encode() else {
        return Verdict::Problem(ProblemKind::NotOfKind(column.kind()));
    };
    let sealed = match keyring.seal_bytes(column, context, &encoded) {
        // A tenant whose rows were all plaintext so far has no key yet.
        Err(error) if makes_keys && matches!(error.kind(), ErrorKind::NoPrimary(_)) => {
            match __sweep::begin_scope(keyring, &context.scope) {
                Ok(Some(_)) => keyring.seal_bytes(column, context, &encoded),
                Ok(None) => return Verdict::Problem(ProblemKind::Forgotten),
                Err(error) => return Verdict::Problem(ErrorKind::from(error).into()),
            }
        }
        sealed => sealed,
    };
    let sealed = match sealed {
        Ok(sealed) => sealed,
        Err(error) => return Verdict::Problem(error.kind().clone().into()),
    };
    // What can't be opened again must never replace the only copy.
    match keyring.open_bytes(column, context, &sealed) {
        Ok(Some(opened)) if opened == encoded => Verdict::Write(stored(column, sealed)),
        Ok(_) => Verdict::Problem(ErrorKind::Rejected.into()),
        Err(error) => Verdict::Problem(error.kind().clone().into()),
    }
}

/// Plaintext of one column and sealed values in another: what is there already must be the same.
fn into_another(
    keyring: &Keyring,
    column: &Column,
    context: &RowContext,
    (source, target): (Plaintext<'_>, &Cell),
    makes_keys: bool,
) -> Verdict {
    if target.is_null() {
        return seal(keyring, column, context, source, makes_keys);
    }
    let there = match __sweep::open_encoded(keyring, column, context, target.as_stored()) {
        Ok(there) => there,
        Err(problem) => return Verdict::Problem(problem.into()),
    };
    let same = if source.cell.is_null() { there.is_none() } else { there.is_some() && there == source.encode() };
    if same { Verdict::Done } else { Verdict::Problem(ProblemKind::Differs) }
}

/// Sealed bytes, or their characters, as the column stores them.
fn stored(column: &Column, sealed: Vec<u8>) -> Cell {
    if column.is_base64() { Cell::Text(sealed) } else { Cell::Bytes(sealed) }
}
