//! Sweeps on real servers.

use behaviours::sweep::world::PEOPLE;
use behaviours::sweep::{Home, World};
use fieldseal_sweep::sql::{Database, Mysql, Postgres};
use fieldseal_sweep::{Job, Sweep};
use std::sync::Arc;

mod on_postgres {
    use super::*;

    fn home() -> Home {
        let database = fieldseal_databases::Database::postgres();
        Home { database: open(&database.url), url: database.url.clone(), keep: Box::new(database) }
    }

    fn open(url: &str) -> Arc<dyn Database> {
        Arc::new(Postgres::new(url.parse().unwrap()))
    }

    behaviours::sweep::sweep_behaviours!(home, open);
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

    behaviours::sweep::sweep_behaviours!(home, open);

    /// Without transactions nothing that goes wrong could be taken back.
    #[test]
    fn an_engine_without_transactions_is_refused() {
        let mut world = World::new(home());
        world.batch("CREATE TABLE people (id BIGINT PRIMARY KEY, name LONGBLOB) ENGINE = MyISAM");
        world.fill(1);
        world.rotate();
        let sweep = |job| Sweep::new(job, PEOPLE).run(&world.keyring, &*world.database, |_| {});
        let error = sweep(Job::Reencrypt).unwrap_err();
        assert!(error.to_string().contains("has no transactions"), "{error}");
        assert!(sweep(Job::Verify).unwrap().is_complete());
    }
}
