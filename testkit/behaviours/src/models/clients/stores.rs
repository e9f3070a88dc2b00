//! How each library keeps a model: macros, because diesel's and rusqlite's code must see the
//! model's own type.

/// A model for diesel, by its own attributes, for rusqlite, and for sqlx where the feature is on.
macro_rules! model {
    ($($model:tt)*) => {
        #[derive(fieldseal::Encrypt)]
        #[encrypt(rusqlite)]
        #[cfg_attr(feature = "sqlx", encrypt(sqlx))]
        $($model)*
    };
}

/// Makes the clients that are here keep models.
macro_rules! stores {
    ($($model:ident in $table:ident $(find $($column:ident)+)?),+ $(,)?) => {$(
        store_by_diesel!($crate::models::DieselSqlite, at_once, on_id, $model in $table $(find $($column)+)?);
        store_by_rusqlite!($crate::models::Rusqlite, $model);
    )+};
}

/// SQLite and MySQL keep UUIDs as their bytes, PostgreSQL has a type for them.
macro_rules! uuid_stores {
    (bytes: $($stores:tt)+) => {
        stores! { $($stores)+ }
    };
    (native: $($stores:tt)+) => {};
}

/// For a client whose `connection` is diesel's or diesel-async's.
#[macro_export]
macro_rules! store_by_diesel {
    ($Client:ty, $run:ident, $conflict:ident, $model:ident in $table:ident $(find $($column:ident)+)?) => {
        const _: () = {
            use $crate::models::{Failed, Store};
            #[allow(unused_imports, reason = "only `find` needs `ExpressionMethods`")]
            use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, SelectableHelper as _};

            impl Store<$model> for $Client {
                fn insert(&mut self, row: &$model) -> Result<usize, Failed> {
                    $run!(self, execute, diesel::insert_into($table::table).values(row)).map_err(Self::failed)
                }

                fn insert_many(&mut self, rows: &[$model]) -> Result<usize, Failed> {
                    $run!(self, execute, diesel::insert_into($table::table).values(rows)).map_err(Self::failed)
                }

                fn update(&mut self, row: &$model) -> Result<usize, Failed> {
                    $run!(self, execute, diesel::update($table::table.find(row.id)).set(row)).map_err(Self::failed)
                }

                fn upsert(&mut self, row: &$model) -> Result<(), Failed> {
                    let insert = diesel::insert_into($table::table).values(row);
                    let upsert = insert.on_conflict($conflict!($table)).do_update().set(row);
                    $run!(self, execute, upsert).map(drop).map_err(Self::failed)
                }

                fn load(&mut self, id: i64) -> Result<Option<$model>, Failed> {
                    let one = $table::table.find(id).select(<$model>::as_select());
                    $run!(self, first, one).optional().map_err(Self::failed)
                }

                fn load_all(&mut self) -> Result<Vec<$model>, Failed> {
                    let all = $table::table.order($table::id).select(<$model>::as_select());
                    $run!(self, load, all).map_err(Self::failed)
                }

                fn delete(&mut self, id: i64) -> Result<usize, Failed> {
                    $run!(self, execute, diesel::delete($table::table.find(id))).map_err(Self::failed)
                }

                fn find(&mut self, column: &str, candidates: &[fieldseal::value::SealedValue]) -> Result<Vec<i64>, Failed> {
                    let _ = candidates;
                    match column {
                        $($(stringify!($column) => {
                            let found = $table::table.select($table::id).order($table::id);
                            $run!(self, load, found.filter($table::$column.eq_any(candidates))).map_err(Self::failed)
                        })+)?
                        _ => unreachable!("{column}"),
                    }
                }
            }
        };
    };
}

/// A query on diesel's own connection.
#[macro_export]
macro_rules! at_once {
    ($self:ident, $method:ident, $query:expr) => {
        diesel::RunQueryDsl::$method($query, &mut $self.connection)
    };
}

/// What an upsert of SQLite's and PostgreSQL's names.
#[macro_export]
macro_rules! on_id {
    ($table:ident) => {
        $table::id
    };
}

/// For a client whose `connection` is rusqlite's.
macro_rules! store_by_rusqlite {
    ($Client:ty, $model:ident) => {
        const _: () = {
            use fieldseal::Model as _;
            use $crate::models::{Failed, Store, by_rusqlite};

            impl Store<$model> for $Client {
                fn insert(&mut self, row: &$model) -> Result<usize, Failed> {
                    by_rusqlite::insert(&self.connection, <$model>::SCHEMA.sql_table, row.params(), "")
                }

                fn insert_many(&mut self, rows: &[$model]) -> Result<usize, Failed> {
                    by_rusqlite::in_transaction(&mut self.connection, |transaction| {
                        let insert = |row: &$model| {
                            by_rusqlite::insert(transaction, <$model>::SCHEMA.sql_table, row.params(), "")
                        };
                        rows.iter().map(insert).sum()
                    })
                }

                fn update(&mut self, row: &$model) -> Result<usize, Failed> {
                    by_rusqlite::update(&self.connection, <$model>::SCHEMA.sql_table, row.params())
                }

                fn upsert(&mut self, row: &$model) -> Result<(), Failed> {
                    let set = by_rusqlite::set_from_excluded(&row.params());
                    let conflict = format!("ON CONFLICT (id) DO UPDATE SET {set}");
                    let table = <$model>::SCHEMA.sql_table;
                    by_rusqlite::insert(&self.connection, table, row.params(), &conflict).map(drop)
                }

                fn load(&mut self, id: i64) -> Result<Option<$model>, Failed> {
                    let rows = by_rusqlite::load(&self.connection, <$model>::SCHEMA.sql_table, Some(id), |row| {
                        <$model>::try_from(row)
                    });
                    rows.map(|rows| rows.into_iter().next())
                }

                fn load_all(&mut self) -> Result<Vec<$model>, Failed> {
                    by_rusqlite::load(&self.connection, <$model>::SCHEMA.sql_table, None, |row| {
                        <$model>::try_from(row)
                    })
                }

                fn delete(&mut self, id: i64) -> Result<usize, Failed> {
                    by_rusqlite::delete(&self.connection, <$model>::SCHEMA.sql_table, id)
                }

                fn find(
                    &mut self,
                    column: &str,
                    candidates: &[fieldseal::value::SealedValue],
                ) -> Result<Vec<i64>, Failed> {
                    by_rusqlite::find(&self.connection, <$model>::SCHEMA.sql_table, column, candidates)
                }
            }
        };
    };
}
