//! Guards on real servers, and what only one of them has.

use behaviours::guards;
use behaviours::guards::world::{INSERT, NAME, PEOPLE, int};
use behaviours::guards::{Home, World};
use fieldseal::guards::KeyCheck;
use fieldseal::store::Sqlx;
use fieldseal_databases::Database;
use fieldseal_sweep::sql::{Cell, Database as _, Mysql, Postgres};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use std::sync::Arc;

const NOT_SEALED: &str = "must be a sealed value";
const REFUSED: &str = "is sealed under a key that is retired or unknown";

/// What looks sealed under a key that there isn't.
fn unknown() -> Cell {
    let mut bytes = vec![7; 60];
    bytes[..5].copy_from_slice(&[1, 0, 0, 0, 7]);
    Cell::Bytes(bytes)
}

mod on_postgres {
    use super::*;

    fn home() -> Home {
        let database = Database::postgres();
        let options: PgConnectOptions = database.url.parse().unwrap();
        let store = Sqlx::<sqlx::Postgres>::new(options.clone()).unwrap();
        store.create_table().unwrap();
        Home { database: Arc::new(Postgres::new(options)), store: Arc::new(store), keep: Box::new(database) }
    }

    behaviours::guards::guard_behaviours!(home);

    // SQLite has one writer at a time anyway.
    behaviours::guards::guard_behaviours! { on home:
        no_lock_is_left_on_the_key_store
    }

    #[test]
    #[ignore = "it measures"]
    fn cost() {
        guards::cost(home());
    }

    /// A session can't put a table, a function or an operator of its own in the place of those that
    /// the guard means.
    #[test]
    fn the_sessions_search_path_decides_nothing() {
        for keys in [KeyCheck::None, KeyCheck::InStore, KeyCheck::InStoreOf("public".to_owned())] {
            let mut world = World::new(home());
            world.people(false);
            world.guard(&[PEOPLE], &keys);
            world.batch(
                "CREATE TEMP TABLE fieldseal_keys (id bigint, state text);
                 INSERT INTO fieldseal_keys VALUES (7, 'active');
                 CREATE SCHEMA own;
                 CREATE FUNCTION own.octet_length(bytea) RETURNS int LANGUAGE sql AS 'SELECT 100';
                 CREATE FUNCTION own.get_byte(bytea, int) RETURNS int LANGUAGE sql AS 'SELECT 1';
                 CREATE TABLE own.fieldseal_keys AS SELECT * FROM fieldseal_keys;
                 SET search_path = own, pg_catalog, public",
            );
            world.refused(NOT_SEALED, INSERT, &[int(1), Cell::Bytes(b"plaintext".to_vec())]);
            if keys != KeyCheck::None {
                world.refused(REFUSED, INSERT, &[int(1), unknown()]);
            }
            world.passes(INSERT, &[int(1), world.sealed(&NAME, 1, "x")]);
        }
    }

    /// A partition's triggers are its parent's.
    #[test]
    fn strays_of_partitioned_tables_are_removed() {
        let mut world = World::new(home());
        world.batch(
            "CREATE TABLE people (id BIGINT PRIMARY KEY, name BYTEA) PARTITION BY RANGE (id);
             CREATE TABLE a_people_1 PARTITION OF people FOR VALUES FROM (0) TO (10);
             CREATE TABLE people_2 PARTITION OF people FOR VALUES FROM (10) TO (20)",
        );
        world.guard(&[PEOPLE], &KeyCheck::InStore);
        world.refused(NOT_SEALED, INSERT, &[int(1), Cell::Bytes(b"plaintext".to_vec())]);
        let strays = world.strays(&[]);
        assert_eq!(strays.len(), 3, "two triggers and a function: {strays:?}");
        world.apply(strays.iter().map(|(_, remove)| remove));
        assert_eq!((world.strays(&[]), world.problems(&[])), (vec![], vec![]));
        world.passes(INSERT, &[int(1), Cell::Bytes(b"plaintext".to_vec())]);
    }

    #[test]
    fn who_writes_needs_no_right_on_the_key_store() {
        let mut world = World::new(home());
        world.people(false);
        world.guard(&[PEOPLE], &KeyCheck::InStore);
        let sealed = world.sealed(&NAME, 1, "x");
        let name = world.client.rows("SELECT current_database()::text", &[]).unwrap()[0][0].clone();
        let role = format!("writer_of_{}", name.as_str().unwrap());
        world.batch(&format!("CREATE ROLE {role}; GRANT INSERT, SELECT ON people TO {role}; SET ROLE {role}"));
        assert!(world.write("SELECT 1 FROM fieldseal_keys", &[]).is_err());
        world.passes(INSERT, &[int(1), sealed]);
        world.refused(REFUSED, INSERT, &[int(2), unknown()]);
        assert!(world.client.batch("ALTER TABLE people DISABLE TRIGGER ALL").is_err());
        world.batch(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}"));
    }

    /// From PostgreSQL 13 on a partitioned table's triggers are its partitions' too, those that are
    /// made later among them.
    #[test]
    fn partitions_are_guarded() {
        let mut world = World::new(home());
        world.batch(
            "CREATE TABLE people (id bigint PRIMARY KEY, name bytea) PARTITION BY RANGE (id);
             CREATE TABLE people_1 PARTITION OF people FOR VALUES FROM (0) TO (100)",
        );
        let made = world.guard(&[PEOPLE], &KeyCheck::InStore);
        world.batch("CREATE TABLE people_2 PARTITION OF people FOR VALUES FROM (100) TO (200)");
        for id in [1, 101] {
            world.refused(NOT_SEALED, INSERT, &[int(id), Cell::Bytes(b"plaintext".to_vec())]);
            world.passes(INSERT, &[int(id), world.sealed(&NAME, id, "x")]);
        }
        world.refused(NOT_SEALED, "INSERT INTO people_2 VALUES (102, ?)", &[Cell::Bytes(b"plaintext".to_vec())]);
        assert_eq!(world.problems(&made), [(made[0].name.clone(), None)]);
        world.apply(&made[0].remove);
        assert_eq!(world.problems(&[]), []);
    }

    #[test]
    fn a_guard_of_keys_is_not_made_without_the_key_store() {
        let mut world = World::new(home());
        world.people(false);
        world.batch("DROP TABLE fieldseal_keys");
        let made = fieldseal::guards::guards(world.dialect(), &[PEOPLE], &KeyCheck::InStore);
        let said = made[0].create.iter().find_map(|statement| world.client.batch(statement).err()).unwrap();
        assert!(said.to_string().contains("make the key store's table first"), "{said}");
        world.passes(INSERT, &[int(1), Cell::Bytes(b"plaintext".to_vec())]);
    }
}

mod on_mysql {
    use super::*;

    fn home() -> Home {
        let database = Database::mysql();
        let options: MySqlConnectOptions = database.url.parse().unwrap();
        let store = Sqlx::<sqlx::MySql>::new(options.clone()).unwrap();
        store.create_table().unwrap();
        Home { database: Arc::new(Mysql::new(options)), store: Arc::new(store), keep: Box::new(database) }
    }

    behaviours::guards::guard_behaviours!(home);

    // SQLite has one writer at a time anyway.
    behaviours::guards::guard_behaviours! { on home:
        no_lock_is_left_on_the_key_store
    }

    #[test]
    #[ignore = "it measures"]
    fn cost() {
        guards::cost(home());
    }

    /// Nor does the mode matter: what a session cuts or makes of a value is what the guard sees.
    #[test]
    fn who_writes_needs_no_right_on_the_key_store_and_no_strict_mode() {
        let database = Database::mysql();
        let options: MySqlConnectOptions = database.url.parse().unwrap();
        let store = Arc::new(Sqlx::<sqlx::MySql>::new(options.clone()).unwrap());
        store.create_table().unwrap();
        let schema = database.url.rsplit_once('/').unwrap().1.to_owned();
        let user = schema.clone();
        let keep = Box::new(database);
        let mut world = World::new(Home { database: Arc::new(Mysql::new(options.clone())), store, keep });
        world.people(false);
        world.guard(&[PEOPLE], &KeyCheck::InStore);
        world.batch(&format!(
            "CREATE USER {user}@'%' IDENTIFIED BY 'x'; GRANT SELECT, INSERT, UPDATE ON {schema}.people TO {user}@'%'"
        ));
        let (sealed, mut administrator) = (world.sealed(&NAME, 1, "x"), world.database.connect().unwrap());
        world.client = Mysql::new(options.username(&user).password("x")).connect().unwrap();
        world.batch("SET SESSION sql_mode = ''");
        assert!(world.write("SELECT 1 FROM fieldseal_keys", &[]).is_err());
        world.passes(INSERT, &[int(1), sealed]);
        world.refused(REFUSED, INSERT, &[int(2), unknown()]);
        world.refused(NOT_SEALED, INSERT, &[int(2), Cell::Bytes(b"plaintext".to_vec())]);
        world.refused(NOT_SEALED, "INSERT INTO people (id, name) VALUES (2, 5)", &[]);
        assert!(world.client.batch("DROP TABLE people").is_err());
        administrator.batch(&format!("DROP USER {user}@'%'")).unwrap();
    }

    /// What docs/guards.md says of it.
    #[test]
    fn a_session_without_strict_mode_gets_an_empty_string_past_a_guard() {
        let mut world = World::new(home());
        world.batch("CREATE TABLE people (id BIGINT PRIMARY KEY, name LONGBLOB NOT NULL)");
        world.guard(&[PEOPLE], &KeyCheck::InStore);
        let rows = "INSERT INTO people (id, name) VALUES (1, NULL), (2, NULL)";
        assert!(world.write(rows, &[]).is_err());
        world.batch("SET SESSION sql_mode = ''");
        world.passes(rows, &[]);
        world.passes("INSERT INTO people (id) VALUES (3)", &[]);
        assert_eq!(world.client.integer("SELECT count(*) FROM people WHERE name = ''", &[]).unwrap(), Some(3));
        world.refused(NOT_SEALED, "INSERT INTO people (id, name) VALUES (4, '')", &[]);
    }

    /// The session's collation is none that the server's own tables have.
    #[test]
    fn the_check_works_under_any_collation() {
        let mut world = World::new(home());
        world.people(false);
        let made = world.guard(&[PEOPLE], &KeyCheck::InStore);
        for names in [
            "latin1 COLLATE latin1_german2_ci",
            "utf8mb3 COLLATE utf8mb3_unicode_ci",
            "utf8mb4 COLLATE utf8mb4_bin",
        ] {
            world.client = world.database.connect().unwrap();
            world.batch(&format!("SET NAMES {names}"));
            assert_eq!(world.problems(&made), [(made[0].name.clone(), None)], "{names}");
            assert_eq!(world.problems(&[]).len(), 2, "{names}");
        }
    }
}
