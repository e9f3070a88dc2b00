//! How the key store's table is read and written.

/// The columns in the order of every row that is read.
pub(crate) const COLUMNS: [&str; 7] = ["id", "scope", "state", "commitment", "wrapped", "created", "revision"];

/// How the table is read and written.
pub(crate) struct KeyTable {
    pub(crate) statements: Statements,
    /// Whether scopes are bytes there, since text can't hold every scope or compares otherwise than
    /// byte by byte.
    pub(crate) scopes_are_bytes: bool,
    /// Whether texts come as bytes, because the library's protocol doesn't tell the two apart.
    pub(crate) texts_are_bytes: bool,
    /// The statement to run before a reading, where readings need a transaction of their own to be
    /// sure of what they see.
    pub(crate) before_reading: Option<&'static str>,
    /// How writers exclude each other.
    pub(crate) writers: WriterLocks,
    /// How the table is made.
    pub(crate) creation: Creation,
    /// Whether a duplicate means that another writer was faster. It doesn't where the lock is taken
    /// before the first look: there it's an index of somebody's own that refuses the row.
    pub(crate) duplicates_are_conflicts: bool,
    /// Who may hold what wasn't given in time.
    pub(crate) busy: &'static str,
    /// What to do then.
    pub(crate) when_busy: &'static str,
}

/// How writers exclude each other.
pub(crate) struct WriterLocks {
    /// A lock that the session holds around the transaction.
    pub(crate) session: Option<SessionLock>,
    /// What takes the lock inside the transaction, first of all.
    pub(crate) in_transaction: Option<&'static str>,
}

pub(crate) struct SessionLock {
    /// Gives 1 in the column `n` if it was given, 0 if it wasn't in time, NULL if no database is
    /// selected.
    pub(crate) take: &'static str,
    /// What is run with it before the transaction.
    pub(crate) before: &'static str,
    /// Gives it back.
    pub(crate) give_back: &'static str,
}

/// How the table is made, by any number of processes at the same moment.
pub(crate) struct Creation {
    /// Whether the table is looked for first: then a table that is there needs no right to make
    /// one.
    pub(crate) looks_first: bool,
    /// What takes a lock for it, in a transaction, where `IF NOT EXISTS` doesn't keep two of them
    /// apart.
    pub(crate) lock: Option<&'static str>,
}

/// The statements that are run on the table. Each field's documentation lists the parameters in
/// their order.
pub(crate) struct Statements {
    /// Scope.
    pub(crate) load_scope: &'static str,
    /// Rows from the beginning, those without an id among them: the most rows.
    pub(crate) first_page: &'static str,
    /// The id that the page comes after, the most rows.
    pub(crate) page: &'static str,
    /// Id.
    pub(crate) get: &'static str,
    /// Another primary of a scope than that key: scope, id.
    pub(crate) other_primary: &'static str,
    /// Every column in order.
    pub(crate) insert: &'static str,
    /// State, wrapped, revision, id, the revision that it follows.
    pub(crate) update: &'static str,
    /// Counts the columns that are there with a fitting type.
    pub(crate) columns: &'static str,
}

macro_rules! statements {
    (
        texts: $texts:literal, scope: $scope:literal, columns: $columns:literal, nulls_first: $nulls:literal,
        $one:literal $two:literal $three:literal $four:literal $five:literal $six:literal $seven:literal
    ) => {
        $crate::dialect::key_table::Statements {
            // One more than `MAX_KEYS`: `fieldseal_keys` could be a view without end.
            load_scope: $crate::dialect::key_table::select!($texts, " WHERE ", $scope, " LIMIT 1000001"),
            first_page: $crate::dialect::key_table::select!($texts, " ORDER BY id", $nulls, " LIMIT ", $one),
            page: $crate::dialect::key_table::select!($texts, " WHERE id > ", $one, " ORDER BY id LIMIT ", $two),
            get: $crate::dialect::key_table::select!($texts, " WHERE id = ", $one, " LIMIT 1"),
            other_primary: $crate::dialect::key_table::select!(
                $texts,
                " WHERE ",
                $scope,
                " AND state = 'primary' AND id <> ",
                $two,
                " LIMIT 1"
            ),
            insert: concat!(
                "INSERT INTO fieldseal_keys (id, scope, state, commitment, wrapped, created, revision) VALUES (",
                $one,
                ", ",
                $two,
                ", ",
                $three,
                ", ",
                $four,
                ", ",
                $five,
                ", ",
                $six,
                ", ",
                $seven,
                ")"
            ),
            update: concat!(
                "UPDATE fieldseal_keys SET state = ",
                $one,
                ", wrapped = ",
                $two,
                ", revision = ",
                $three,
                " WHERE id = ",
                $four,
                " AND revision = ",
                $five
            ),
            columns: concat!(
                "SELECT count(*) AS n FROM ",
                $columns,
                " IN ('id', 'scope', 'state', 'commitment', 'wrapped', 'created', 'revision')"
            ),
        }
    };
}

macro_rules! select {
    ($of:literal, $($rest:literal),*) => {
        concat!("SELECT id, ", $of, ", created, revision FROM fieldseal_keys", $($rest),*)
    };
}

pub(super) use {select, statements};
