//! What the database holds: rows by column and key, counted by the database.

use crate::error::Error;
use crate::target::Target;
use crate::words;
use fieldseal::Dialect;
use fieldseal::keys::KeyId;
use fieldseal::{Column, Schema};
use fieldseal_sweep::sql::{Cell, Class, Client, Table, TableColumn};
use fieldseal_sweep::{SealedForm, Survey};
use std::collections::{BTreeMap, HashSet};

/// A table of the lock file as the database has it, and those of its columns that are looked at.
pub(crate) struct DeclaredTable {
    pub(crate) schema: Schema,
    pub(crate) table: Table,
    pub(crate) columns: Vec<&'static Column>,
}

/// A column, and what is in it.
pub(crate) struct Surveyed {
    /// In the database.
    pub(crate) table: String,
    /// In the database.
    pub(crate) name: String,
    /// What the lock file says of it; `None` if it isn't declared.
    pub(crate) column: Option<&'static Column>,
    pub(crate) stored: TableColumn,
    pub(crate) survey: Survey,
}

impl Surveyed {
    /// The column with its table, as messages name it.
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }
}

/// The columns of the lock file.
pub(crate) fn declared(target: &Target, client: &mut dyn Client) -> Result<Vec<Surveyed>, Error> {
    let tables = tables(target, client)?;
    of(client, &tables, Form::Declared)
}

/// Every column that could hold something sealed, those of the lock file among them, in whatever
/// form.
pub(crate) fn all(target: &Target, client: &mut dyn Client) -> Result<Vec<Surveyed>, Error> {
    let tables = tables(target, client)?;
    let mut surveyed = of(client, &tables, Form::Any)?;
    surveyed.extend(undeclared(target, client)?);
    Ok(surveyed)
}

/// Which values count as looking sealed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As the lock file says that the column stores them.
    Declared,
    /// Bytes and base64.
    Any,
}

fn tables(target: &Target, client: &mut dyn Client) -> Result<Vec<DeclaredTable>, Error> {
    let mut tables = Vec::new();
    for schema in target.schemas()? {
        let table = described(client, &schema)?;
        if let Some(column) = schema.columns.iter().find(|column| table.column(column.sql_name()).is_none()) {
            return Err(no_column(&schema, column));
        }
        tables.push(DeclaredTable { schema, table, columns: schema.columns.iter().collect() });
    }
    Ok(tables)
}

/// Surveys those columns of those tables.
pub(crate) fn of(client: &mut dyn Client, tables: &[DeclaredTable], form: Form) -> Result<Vec<Surveyed>, Error> {
    let mut surveyed = Vec::new();
    for DeclaredTable { schema, table, columns } in tables {
        for column in columns {
            let Some(stored) = table.column(column.sql_name()) else { continue };
            let form = match form {
                Form::Declared => SealedForm::of(column),
                Form::Any => SealedForm::Either,
            };
            let survey = Survey::of(client, table, stored, form)?;
            surveyed.push(Surveyed {
                table: schema.sql_table.to_owned(),
                name: column.sql_name().to_owned(),
                column: Some(column),
                stored: stored.clone(),
                survey,
            });
        }
    }
    Ok(surveyed)
}

/// Every other column of every table that could hold something sealed: no lock file has to know it.
pub(crate) fn undeclared(target: &Target, client: &mut dyn Client) -> Result<Vec<Surveyed>, Error> {
    check_all_are_seen(client)?;
    let names = Table::all(client)?;
    let schemas = target.schemas()?;
    let of = Names::read(client)?;
    let is_declared: HashSet<(String, String)> = schemas
        .iter()
        .flat_map(|schema| {
            schema.columns.iter().map(|column| (of.of_lock_file(schema.sql_table), of.column(column.sql_name())))
        })
        .collect();
    // Of other databases of a MySQL server, which `all` leaves out.
    let known: HashSet<String> = names.iter().map(|name| of.table(name)).collect();
    let others = schemas.iter().map(|schema| of.of_lock_file(schema.sql_table));
    let mut names: Vec<String> = others.filter(|name| !known.contains(name)).chain(names).collect();
    names.sort();
    names.dedup();
    let mut surveyed = Vec::new();
    for name in names {
        let table = Table::describe(client, &name)?.ok_or_else(|| {
            Error::failed(format!("the table {} can't be looked at", words::plain(&name)))
                .why("it was dropped at this moment, or this user may not see it")
                .hint("run the command again")
        })?;
        for stored in &table.columns {
            let holds = matches!(stored.class, Class::Any | Class::Bytes | Class::Text);
            if !holds || is_declared.contains(&(of.table(&name), of.column(&stored.name))) {
                continue;
            }
            let survey = Survey::of(client, &table, stored, SealedForm::Either)?;
            surveyed.push(Surveyed {
                table: name.clone(),
                name: stored.name.clone(),
                column: None,
                stored: stored.clone(),
                survey,
            });
        }
    }
    Ok(surveyed)
}

/// MySQL hides tables that its user has no right to: then it can't be said that nothing is there.
fn check_all_are_seen(client: &mut dyn Client) -> Result<(), Error> {
    if client.dialect() != Dialect::Mysql {
        return Ok(());
    }
    // A role's rights are listed under its name, and only to those that have it.
    let of_user = r"(p.grantee = concat('\'', replace(current_user(), '@', '\'@\''), '\'') OR nullif(current_role(), 'NONE') IS NOT NULL)";
    let sql = format!(
        "SELECT (SELECT count(*) FROM information_schema.user_privileges p WHERE p.privilege_type = 'SELECT' AND {of_user}) \
         + (SELECT count(*) FROM information_schema.schema_privileges p WHERE p.privilege_type = 'SELECT' \
         AND DATABASE() LIKE p.table_schema AND {of_user})"
    );
    if client.integer(&sql, &[])?.unwrap_or(0) > 0 {
        return Ok(());
    }
    Err(Error::refused("this database user may not see every table")
        .why("MySQL hides the others, and values under a key could be in one of them")
        .hint("grant it SELECT on the whole database (GRANT SELECT ON app.* TO …), or give the URL of a user who has it"))
}

/// Names of tables and columns, compared as the database compares them. Two names that it tells
/// apart must never be equal here: a column that is taken for a declared one isn't counted again.
struct Names {
    dialect: Dialect,
    /// The connection's own schema.
    own: String,
    /// Whether `people` and `People` are two tables.
    tables_by_case: bool,
}

impl Names {
    fn read(client: &mut dyn Client) -> Result<Self, Error> {
        let dialect = client.dialect();
        let sql = match dialect {
            Dialect::Sqlite => "SELECT 'main', 0",
            Dialect::Postgres => "SELECT current_schema()::text, 1",
            _ => "SELECT DATABASE(), @@lower_case_table_names = 0",
        };
        let row = client.row(sql, &[])?.unwrap_or_default();
        let own = row.first().and_then(|cell| cell.as_str()).unwrap_or_default().to_owned();
        Ok(Self { dialect, own, tables_by_case: row.get(1).and_then(Cell::integer) == Some(1) })
    }

    /// A table of the lock file, which may name its schema though it's the connection's own.
    fn of_lock_file(&self, name: &str) -> String {
        self.table(name.strip_prefix(&self.own).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name))
    }

    fn table(&self, name: &str) -> String {
        if self.tables_by_case { name.to_owned() } else { name.to_ascii_lowercase() }
    }

    fn column(&self, name: &str) -> String {
        if self.dialect == Dialect::Postgres { name.to_owned() } else { name.to_ascii_lowercase() }
    }
}

/// How many values are under each of those keys.
pub(crate) fn by_key<'a>(surveyed: impl IntoIterator<Item = &'a Surveyed>) -> BTreeMap<KeyId, u64> {
    let mut sum: BTreeMap<KeyId, u64> = BTreeMap::new();
    for column in surveyed {
        for (id, values) in &column.survey.by_key {
            *sum.entry(*id).or_default() += values;
        }
    }
    sum
}

fn described(client: &mut dyn Client, schema: &Schema) -> Result<Table, Error> {
    Table::describe(client, schema.sql_table)?.ok_or_else(|| {
        Error::failed("the lock file doesn't fit the database")
            .why(format!("the database has no table {}", schema.sql_table))
            .hint("compare `stored_in` in the lock file with the database, and the database with the URL")
    })
}

fn no_column(schema: &Schema, column: &Column) -> Error {
    Error::failed("the lock file doesn't fit the database")
        .why(format!("the table {} has no column {}", schema.sql_table, column.sql_name()))
        .hint("run the program's migrations, or let its test write the lock file anew")
}
