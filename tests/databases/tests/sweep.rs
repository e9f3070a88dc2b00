//! Sweeps on real servers.

#[path = "../../common/sweep/mod.rs"]
mod sweep;

use fieldseal::sql::{Mysql, Postgres};
use fieldseal_databases::Database;
use std::sync::Arc;
use sweep::Home;

mod on_postgres {
    use super::*;

    fn home() -> Home {
        let database = Database::postgres();
        Home { database: Arc::new(Postgres::new(database.url.parse().unwrap())), keep: Box::new(database) }
    }

    crate::sweep::sweep_behaviours!(home);
}

mod on_mysql {
    use super::*;

    fn home() -> Home {
        let database = Database::mysql();
        Home { database: Arc::new(Mysql::new(database.url.parse().unwrap())), keep: Box::new(database) }
    }

    crate::sweep::sweep_behaviours!(home);
}
