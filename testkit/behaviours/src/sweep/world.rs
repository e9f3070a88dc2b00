//! A database with a table of people in it, and a keyring.

use fieldseal::Dialect;
use fieldseal::context::ContextKind;
use fieldseal::schema::ContextColumn;
use fieldseal::value::Kind;
use fieldseal::{Column, Keyring, RowContext, RowId, Schema, Scope, kms, store};
use fieldseal_sweep::sql::{Cell, Client, Database, Param, Table, quoted};
use fieldseal_sweep::{Event, Job, Problem, Report, Sweep};
use std::any::Any;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// Where the tests of one database work: an empty database that is removed with `keep`.
pub struct Home {
    pub database: Arc<dyn Database>,
    pub url: String,
    pub keep: Box<dyn Any>,
}

pub struct World {
    pub database: Arc<dyn Database>,
    pub keyring: Keyring,
    pub client: Box<dyn Client>,
    kek: TempDir,
    _keep: Box<dyn Any>,
}

pub const NAME: Column = Column::new("people", "name").with_kind(Kind::TEXT);
pub const ID: ContextColumn = ContextColumn::new("id", ContextKind::Int);

/// `people (id, name)`, bound to the row.
pub const PEOPLE: Schema = Schema::new("people", &[NAME]).with_model("Person").with_row(&[ID]);

impl World {
    pub fn new(home: Home) -> Self {
        Self::with_store(home, |_| store::Memory::new())
    }

    /// With keys that other processes have too: `kek.json` and `keys.json` in [`Self::folder`].
    pub fn on_files(home: Home) -> Self {
        Self::with_store(home, |folder| store::File::create(folder.join("keys.json")).unwrap())
    }

    fn with_store<S: store::KeyStore + 'static>(home: Home, store: impl FnOnce(&Path) -> S) -> Self {
        let kek = tempfile::tempdir().unwrap();
        let kms = kms::Local::create(kek.path().join("kek.json")).unwrap();
        let keyring = Keyring::builder(kms, store(kek.path())).without_background().start().unwrap();
        keyring.admin().ensure_scope(&Scope::APPLICATION).unwrap();
        let client = home.database.connect().unwrap();
        Self { database: home.database, keyring, client, kek, _keep: home.keep }
    }

    pub fn folder(&self) -> &Path {
        self.kek.path()
    }

    pub fn dialect(&self) -> Dialect {
        self.client.dialect()
    }

    /// How the database calls a type.
    pub fn type_of(&self, kind: &str) -> &'static str {
        match (kind, self.dialect()) {
            ("bytes", Dialect::Sqlite) => "BLOB",
            ("bytes", Dialect::Postgres) => "BYTEA",
            ("bytes", _) => "LONGBLOB",
            ("text", Dialect::Mysql) => "LONGTEXT",
            ("text", _) => "TEXT",
            ("int", _) => "BIGINT",
            ("uuid", Dialect::Sqlite) => "BLOB",
            ("uuid", Dialect::Postgres) => "UUID",
            ("uuid", _) => "BINARY(16)",
            ("text key", Dialect::Mysql) => "VARCHAR(100)",
            ("text key", _) => "TEXT",
            ("bytes key", Dialect::Mysql) => "VARBINARY(100)",
            ("bytes key", _) => self.type_of("bytes"),
            _ => panic!("{kind}"),
        }
    }

    pub fn batch(&mut self, sql: &str) {
        self.client.batch(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// `people (id, name)`; `name` of that kind.
    pub fn people(&mut self, kind: &str) {
        let sql = format!("CREATE TABLE people (id BIGINT PRIMARY KEY, name {})", self.type_of(kind));
        self.batch(&sql);
    }

    pub fn insert(&mut self, table: &str, columns: &[&str], cells: Vec<Cell>) {
        self.inserter(table, columns)(self, cells);
    }

    /// Inserts many rows.
    pub fn inserter(&mut self, table: &str, columns: &[&str]) -> impl FnMut(&mut Self, Vec<Cell>) + use<> {
        let described = Table::describe(&mut *self.client, table).unwrap().unwrap();
        let dialect = self.dialect();
        let place = |(at, name): (usize, &&str)| match dialect {
            Dialect::Postgres if described.column(name).unwrap().type_name == "uuid" => {
                format!("encode(${}, 'hex')::uuid", at + 1)
            }
            Dialect::Postgres => format!("${}", at + 1),
            _ => "?".to_owned(),
        };
        let places: Vec<_> = columns.iter().enumerate().map(place).collect();
        let names: Vec<_> = columns.iter().map(|name| quoted(dialect, name)).collect();
        let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
        move |world, cells| {
            let params: Vec<Param<'_>> = cells.into_iter().map(Param::from).collect();
            world.client.execute(&sql, &params).unwrap();
        }
    }

    /// What the application's keyring seals for that person.
    pub fn sealed(&self, id: i64, name: &str) -> Cell {
        Cell::Bytes(self.keyring.seal_bytes(&NAME, &place(id), name.as_bytes()).unwrap())
    }

    /// People 1 to `count`, sealed under what is the primary now.
    pub fn fill(&mut self, count: i64) {
        self.batch("BEGIN");
        for id in 1..=count {
            let sealed = self.sealed(id, &format!("person {id}"));
            self.insert("people", &["id", "name"], vec![Cell::Integer(id), sealed]);
        }
        self.batch("COMMIT");
    }

    /// Column `name` as it's stored, by id.
    pub fn stored(&mut self) -> BTreeMap<i64, Cell> {
        let rows = self.client.rows("SELECT id, name FROM people", &[]).unwrap();
        rows.into_iter().map(|mut row| (row[0].integer().unwrap(), row.remove(1))).collect()
    }

    /// Everybody's name.
    pub fn opened(&mut self) -> BTreeMap<i64, String> {
        let stored = self.stored();
        let open = |(id, cell): (i64, Cell)| {
            let opened = self.keyring.open_bytes(&NAME, &place(id), cell.as_bytes().unwrap());
            (
                id,
                String::from_utf8(opened.unwrap_or_else(|error| panic!("{id}: {error}")).unwrap().to_vec())
                    .unwrap(),
            )
        };
        stored.into_iter().map(open).collect()
    }

    /// A new primary key.
    pub fn rotate(&self) {
        self.keyring.admin().rotate(&Scope::APPLICATION).unwrap();
    }

    pub fn sweep(&self, sweep: &Sweep) -> (Report, Vec<Problem>) {
        let mut problems = Vec::new();
        let report = sweep.run(&self.keyring, &*self.database, |event| {
            if let Event::Problem(problem) = event {
                problems.push(problem.clone());
            }
        });
        (report.unwrap(), problems)
    }

    pub fn reencrypt(&self) -> (Report, Vec<Problem>) {
        self.sweep(&Sweep::new(Job::Reencrypt, PEOPLE))
    }

    /// Values that aren't under the primary key.
    pub fn stale(&mut self) -> usize {
        let primary = self.keyring.primary(&Scope::APPLICATION).unwrap().get().to_be_bytes();
        self.stored().values().filter(|cell| cell.as_bytes().is_some_and(|bytes| bytes[1..5] != primary)).count()
    }
}

pub fn place(id: i64) -> RowContext {
    RowContext::of_row(RowId::of(&id))
}
