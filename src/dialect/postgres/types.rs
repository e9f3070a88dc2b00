//! PostgreSQL's types, whichever library reads them.

/// What a type of PostgreSQL's is to a sealed column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoredAs {
    Bytes,
    Text,
    Other,
}

impl StoredAs {
    /// Found by the type's object id, as `pg_type.dat` in PostgreSQL's source lists them.
    pub(crate) const fn of_oid(oid: u32) -> Self {
        const BYTEA: u32 = 17;
        const TEXT: u32 = 25;
        const BPCHAR: u32 = 1042;
        const VARCHAR: u32 = 1043;
        // `FirstNormalObjectId`: types from here on are made by the database's users, `citext` for
        // example.
        const FIRST_OF_USERS: u32 = 16384;
        match oid {
            BYTEA => Self::Bytes,
            TEXT | BPCHAR | VARCHAR | FIRST_OF_USERS.. => Self::Text,
            _ => Self::Other,
        }
    }
}
