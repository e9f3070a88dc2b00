//! Sweeps on real servers.

#[path = "../../common/sweep/mod.rs"]
mod sweep;

use fieldseal::sql::{Database, Mysql, Postgres};
use std::sync::Arc;
use sweep::Home;

mod on_postgres {
    use super::*;

    fn home() -> Home {
        let database = fieldseal_databases::Database::postgres();
        Home { database: open(&database.url), url: database.url.clone(), keep: Box::new(database) }
    }

    fn open(url: &str) -> Arc<dyn Database> {
        Arc::new(Postgres::new(url.parse().unwrap()))
    }

    crate::sweep::sweep_behaviours!(home, open);
}

mod on_mysql {
    use super::*;

    fn home() -> Home {
        let database = fieldseal_databases::Database::mysql();
        Home { database: open(&database.url), url: database.url.clone(), keep: Box::new(database) }
    }

    fn open(url: &str) -> Arc<dyn Database> {
        Arc::new(Mysql::new(url.parse().unwrap()))
    }

    crate::sweep::sweep_behaviours!(home, open);
}
