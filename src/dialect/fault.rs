//! What a database says when it doesn't do what it was asked: one vocabulary for all of them.

/// Why a database did nothing, by what its caller can do about it.
///
/// Key stores, sweeps and the command line go by these. What the codes, numbers and messages of a
/// database mean is decided in one place for each: `src/dialect/*/faults.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The user, its password or its rights; or the database can only be read. It won't pass by
    /// itself.
    Denied,
    /// There is no such table, or no such database.
    Missing,
    /// The table is there and isn't the one that was meant: it has other columns, or columns of
    /// other types.
    Mismatched,
    /// The database is damaged.
    Corrupt,
    /// A lock wasn't given in time.
    Busy,
    /// Rolled back in favour of another transaction: from the beginning it can succeed.
    Conflict,
    /// The connection is gone, or none is given: connect again.
    Lost,
    /// COMMIT failed: what it committed may or may not be there. No code says so: only the caller
    /// knows that it was a COMMIT.
    Uncertain,
    /// What must be unique is there already. The database's message may quote the value.
    Duplicate,
    /// A value was refused: of the wrong type, too long, against a constraint, by a trigger. The
    /// database's message may quote it.
    Refused,
    /// There is no room: on the disk, in memory, in a log.
    Full,
    /// Anything else.
    Other,
}

impl Fault {
    /// Whether the same may succeed a moment later, on this connection or a new one.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Busy | Self::Conflict | Self::Lost)
    }

    /// What to try: a sentence for the program's author or operator, without a full stop.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Denied => {
                "check the user, its password and its rights, and whether the database can only be read"
            }
            Self::Missing => "check the names of the database and its tables, and apply the migrations",
            Self::Mismatched => "compare the table's columns with the program's models and migrations",
            Self::Corrupt => "restore the database from a backup",
            Self::Busy => "try again, and look for a transaction that was left open",
            Self::Conflict => "try again",
            Self::Lost => "see whether the database runs and can be reached from here, and try again",
            Self::Uncertain => "read again what was to be written, and repeat it if it isn't there",
            Self::Duplicate => "look at the unique constraints and indexes of the table",
            Self::Refused => "look at the table's constraints, triggers and guards, and at the column's type",
            Self::Full => "make room: on the disk, in memory, or in the database's log",
            Self::Other => "look into the database's log",
        }
    }

    /// Whether the database's message may quote a value, and is better not passed on.
    #[must_use]
    pub const fn may_quote_a_value(self) -> bool {
        matches!(self, Self::Duplicate | Self::Refused)
    }
}
