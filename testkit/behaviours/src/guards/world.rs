//! A database with guards in it, and a keyring whose keys are in the same database.

use fieldseal::Dialect;
use fieldseal::context::ContextKind;
use fieldseal::dialect::Fault;
use fieldseal::guards::{Guard, KeyCheck, guard_check, guards, stray_guards};
use fieldseal::schema::ContextColumn;
use fieldseal::store::KeyStore;
use fieldseal::value::Kind;
use fieldseal::{Column, Keyring, RowContext, RowId, Schema, Scope, kms};
use fieldseal_sweep::sql::{Cell, Client, Database, Param, SqlError};
use std::any::Any;
use std::sync::Arc;
use tempfile::TempDir;

/// Where the tests of one database work: an empty database but for the key store's table, removed
/// with `keep`.
pub struct Home {
    pub database: Arc<dyn Database>,
    pub store: Arc<dyn KeyStore>,
    pub keep: Box<dyn Any>,
}

pub struct World {
    pub database: Arc<dyn Database>,
    pub keyring: Keyring,
    pub client: Box<dyn Client>,
    _kek: TempDir,
    _keep: Box<dyn Any>,
}

pub const NAME: Column = Column::new("people", "name").with_kind(Kind::TEXT);
pub const ID: ContextColumn = ContextColumn::new("id", ContextKind::Int);

/// `people (id, name, note)`, bound to the row; `note` isn't sealed.
pub const PEOPLE: Schema = Schema::new("people", &[NAME]).with_model("Person").with_row(&[ID]);

impl World {
    pub fn new(home: Home) -> Self {
        let kek = tempfile::tempdir().unwrap();
        let kms = kms::Local::create(kek.path().join("kek.json")).unwrap();
        let keyring = Keyring::builder(kms, home.store).without_background().start().unwrap();
        keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
        let client = home.database.connect().unwrap();
        Self { database: home.database, keyring, client, _kek: kek, _keep: home.keep }
    }

    pub fn dialect(&self) -> Dialect {
        self.client.dialect()
    }

    /// How the database calls a column of bytes, or of base64.
    pub fn type_of(&self, base64: bool) -> &'static str {
        match (base64, self.dialect()) {
            (false, Dialect::Sqlite) => "BLOB",
            (false, Dialect::Postgres) => "BYTEA",
            (false, _) => "LONGBLOB",
            (true, Dialect::Mysql) => "LONGTEXT",
            (true, _) => "TEXT",
        }
    }

    pub fn batch(&mut self, sql: &str) {
        self.client.batch(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// `people (id, name, note)`, on a new connection: statements that were prepared for another
    /// table of that name aren't for this one.
    pub fn people(&mut self, base64: bool) {
        self.client = self.database.connect().unwrap();
        self.unsynchronised();
        let sql = format!(
            "CREATE TABLE people (id BIGINT PRIMARY KEY, name {}, note VARCHAR(100))",
            self.type_of(base64)
        );
        self.batch(&sql);
    }

    /// Nothing here has to survive a power failure.
    pub fn unsynchronised(&mut self) {
        if self.dialect() == Dialect::Sqlite {
            self.batch("PRAGMA synchronous = OFF");
        }
    }

    /// A statement with `?` for the cells. NULLs aren't bound: PostgreSQL wants to know their type.
    pub fn write(&mut self, sql: &str, cells: &[Cell]) -> Result<u64, SqlError> {
        let (mut text, mut params) = (String::new(), Vec::<Param<'_>>::new());
        let mut cells = cells.iter();
        for part in sql.split_inclusive('?') {
            let Some(before) = part.strip_suffix('?') else {
                text.push_str(part);
                continue;
            };
            text.push_str(before);
            match (cells.next().unwrap(), self.dialect()) {
                (Cell::Null, _) => text.push_str("NULL"),
                (cell, Dialect::Postgres) => {
                    params.push(cell.clone().into());
                    text.push_str(&format!("${}", params.len()));
                }
                (cell, _) => {
                    params.push(cell.clone().into());
                    text.push('?');
                }
            }
        }
        assert!(cells.next().is_none());
        self.client.execute(&text, &params)
    }

    /// It is refused by a guard, and nothing is left of it.
    #[track_caller]
    pub fn refused(&mut self, why: &str, sql: &str, cells: &[Cell]) {
        let count = "SELECT count(*) FROM people";
        let before = self.client.integer(count, &[]).unwrap();
        let error = self
            .write(sql, cells)
            .expect_err(&format!("{sql} {:?}", cells.iter().map(Cell::as_bytes).collect::<Vec<_>>()));
        assert_eq!(error.fault(), Fault::Refused, "{error}");
        let said = error.to_string();
        assert!(said.contains("fieldseal: ") && said.contains(why), "{said}");
        for cell in cells.iter().filter_map(Cell::as_str).filter(|text| text.len() > 3) {
            assert!(!said.contains(cell), "the value is in the message: {said}");
        }
        assert_eq!(self.client.integer(count, &[]).unwrap(), before);
    }

    #[track_caller]
    pub fn passes(&mut self, sql: &str, cells: &[Cell]) {
        self.write(sql, cells).unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// Makes the guards.
    pub fn guard(&mut self, schemas: &[Schema], keys: &KeyCheck) -> Vec<Guard> {
        let made = guards(self.dialect(), schemas, keys);
        self.apply(made.iter().flat_map(|guard| &guard.create));
        made
    }

    pub fn apply<'a>(&mut self, statements: impl IntoIterator<Item = &'a String>) {
        for statement in statements {
            assert!(!statement.ends_with(';'));
            self.batch(statement);
        }
    }

    /// The problems with guards, in the order of the guards' names.
    pub fn problems(&mut self, guards: &[Guard]) -> Vec<(String, Option<String>)> {
        let rows = self.client.rows(&guard_check(self.dialect(), guards), &[]).unwrap();
        let text = |cell: &Cell| cell.as_str().map(str::to_owned);
        let mut rows: Vec<_> = rows.iter().map(|row| (text(&row[0]).unwrap(), text(&row[1]))).collect();
        rows.sort();
        rows
    }

    /// The guards that aren't among these, each with the statement that removes it.
    pub fn strays(&mut self, guards: &[Guard]) -> Vec<(String, String)> {
        let rows = self.client.rows(&stray_guards(self.dialect(), guards), &[]).unwrap();
        let text = |cell: &Cell| cell.as_str().unwrap().to_owned();
        rows.iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
    }

    /// What the application's keyring seals for that person, as the column stores it.
    pub fn sealed(&self, column: &Column, id: i64, name: &str) -> Cell {
        as_stored(column, self.keyring.seal_bytes(column, &place(id), name.as_bytes()).unwrap())
    }
}

/// Stored bytes, which are text where the column is base64.
pub fn as_stored(column: &Column, stored: Vec<u8>) -> Cell {
    if column.is_base64() { Cell::Text(stored) } else { Cell::Bytes(stored) }
}

pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

pub const fn int(integer: i64) -> Cell {
    Cell::Integer(integer)
}

pub fn place(id: i64) -> RowContext {
    RowContext::of_row(RowId::of(&id))
}

pub const INSERT: &str = "INSERT INTO people (id, name) VALUES (?, ?)";
pub const UPDATE: &str = "UPDATE people SET name = ? WHERE id = ?";
