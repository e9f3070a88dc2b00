//! The statements, as each database writes them.

use crate::store::Dialect;

/// The columns in the order of [`super::Row`].
pub(in crate::store) const COLUMNS: [&str; 7] =
    ["id", "scope", "state", "commitment", "wrapped", "created", "revision"];

/// What is run on the table. Parameters are in the order of the fields' documentation, each once.
#[derive(Debug)]
pub(super) struct Statements {
    /// Every row.
    pub(super) load: &'static str,
    /// Scope.
    pub(super) load_scope: &'static str,
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
        scope: $scope:literal, columns: $columns:literal,
        $one:literal $two:literal $three:literal $four:literal $five:literal $six:literal $seven:literal
    ) => {
        Statements {
            // What is called `fieldseal_keys` may be an endless view. One more than `MAX_ROWS`.
            load: select!(" LIMIT 1000001"),
            load_scope: select!(" WHERE ", $scope, " LIMIT 1000001"),
            page: select!(" WHERE id > ", $one, " ORDER BY id LIMIT ", $two),
            get: select!(" WHERE id = ", $one, " LIMIT 1"),
            other_primary: select!(" WHERE ", $scope, " AND state = 'primary' AND id <> ", $two, " LIMIT 1"),
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
    ($($rest:literal),*) => {
        concat!("SELECT id, scope, state, commitment, wrapped, created, revision FROM fieldseal_keys", $($rest),*)
    };
}

static SQLITE: Statements = statements! {
    scope: "scope = ?1", columns: "pragma_table_info('fieldseal_keys') WHERE name",
    "?1" "?2" "?3" "?4" "?5" "?6" "?7"
};

/// The indexes are on the scope's hash: an entry of a btree is shorter than a scope can be.
static POSTGRES: Statements = statements! {
    scope: "sha256(scope) = sha256($1) AND scope = $1",
    columns: "pg_catalog.pg_attribute WHERE attrelid = to_regclass('fieldseal_keys') AND NOT attisdropped \
              AND atttypid = CASE WHEN attname IN ('scope', 'commitment') THEN 'bytea'::regtype \
              WHEN attname IN ('state', 'wrapped') THEN 'text'::regtype ELSE 'bigint'::regtype END AND attname",
    "$1" "$2" "$3" "$4" "$5" "$6" "$7"
};

static MYSQL: Statements = statements! {
    scope: "scope = ?",
    columns: "information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'fieldseal_keys' \
              AND column_name",
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
