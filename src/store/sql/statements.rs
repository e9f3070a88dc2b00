//! The statements, as each database writes them.

use crate::store::Dialect;

/// The columns in the order of [`super::Row`].
pub(in crate::store) const COLUMNS: [&str; 7] =
    ["id", "scope", "state", "commitment", "wrapped", "created", "revision"];

/// What is run on the table. Parameters are in the order of the fields' documentation, each once.
#[derive(Debug)]
pub(super) struct Statements {
    /// Scope.
    pub(super) load_scope: &'static str,
    /// Rows from the beginning, those without an id among them: the most rows.
    pub(super) first_page: &'static str,
    /// The id that the page comes after, the most rows.
    pub(super) page: &'static str,
    /// Id.
    pub(super) get: &'static str,
    /// A primary of a scope besides a key: scope, id.
    pub(super) other_primary: &'static str,
    /// Every column in order.
    pub(super) insert: &'static str,
    /// State, wrapped, revision, id, the revision that it follows.
    pub(super) update: &'static str,
    /// How many of the columns there are, of a type that can be theirs.
    pub(super) columns: &'static str,
}

macro_rules! statements {
    (
        texts: $texts:literal, scope: $scope:literal, columns: $columns:literal, nulls_first: $nulls:literal,
        $one:literal $two:literal $three:literal $four:literal $five:literal $six:literal $seven:literal
    ) => {
        Statements {
            // What is called `fieldseal_keys` may be an endless view. One more than `MAX_KEYS`.
            load_scope: select!($texts, " WHERE ", $scope, " LIMIT 1000001"),
            first_page: select!($texts, " ORDER BY id", $nulls, " LIMIT ", $one),
            page: select!($texts, " WHERE id > ", $one, " ORDER BY id LIMIT ", $two),
            get: select!($texts, " WHERE id = ", $one, " LIMIT 1"),
            other_primary: select!(
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

static SQLITE: Statements = statements! {
    texts: "scope, state, commitment, wrapped",
    scope: "scope = ?1", columns: "pragma_table_info('fieldseal_keys') WHERE name",
    nulls_first: "",
    "?1" "?2" "?3" "?4" "?5" "?6" "?7"
};

/// The indexes are on the scope's hash: an entry of a btree is shorter than a scope can be. What no key record can have is left
/// on the server: libraries hold whole results, and somebody else may have made the table.
static POSTGRES: Statements = statements! {
    texts: "CASE WHEN octet_length(scope::text) <= 131072 THEN scope END AS scope, \
            CASE WHEN octet_length(state::text) <= 64 THEN state END AS state, \
            CASE WHEN octet_length(commitment::text) <= 128 THEN commitment END AS commitment, \
            CASE WHEN octet_length(wrapped::text) <= 1048576 THEN wrapped END AS wrapped",
    scope: "sha256(scope) = sha256($1) AND scope = $1",
    columns: "pg_catalog.pg_attribute WHERE attrelid = to_regclass('fieldseal_keys') AND NOT attisdropped \
              AND atttypid = CASE WHEN attname IN ('scope', 'commitment') THEN 'bytea'::regtype \
              WHEN attname IN ('state', 'wrapped') THEN 'text'::regtype ELSE 'bigint'::regtype END AND attname",
    nulls_first: " NULLS FIRST",
    "$1" "$2" "$3" "$4" "$5" "$6" "$7"
};

static MYSQL: Statements = statements! {
    texts: "CASE WHEN octet_length(scope) <= 65535 THEN scope END AS scope, \
            CASE WHEN octet_length(state) <= 64 THEN state END AS state, \
            CASE WHEN octet_length(commitment) <= 64 THEN commitment END AS commitment, \
            CASE WHEN octet_length(wrapped) <= 1048576 THEN wrapped END AS wrapped",
    scope: "scope = ?",
    columns: "information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'fieldseal_keys' \
              AND column_name",
    nulls_first: "",
    "?" "?" "?" "?" "?" "?" "?"
};

impl Statements {
    pub(super) const fn of(dialect: Dialect) -> &'static Self {
        match dialect {
            Dialect::Sqlite => &SQLITE,
            Dialect::Postgres => &POSTGRES,
            Dialect::Mysql => &MYSQL,
        }
    }
}
