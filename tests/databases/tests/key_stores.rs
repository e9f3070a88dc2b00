//! Key stores on real servers: the contract of all of them, and what is particular to servers.

#[path = "../../common/sqlite_damage.rs"]
mod sqlite_damage;

#[path = "key_stores/damage.rs"]
mod damage;
#[path = "key_stores/faults.rs"]
mod faults;
#[path = "key_stores/fleets.rs"]
mod fleets;
#[path = "key_stores/places.rs"]
mod places;
#[path = "key_stores/runtimes.rs"]
mod runtimes;
#[path = "key_stores/settings.rs"]
mod settings;
#[path = "key_stores/sqlite.rs"]
mod sqlite;

use fieldseal::testing::key_store_contract;
use places::{MYSQL, POSTGRES, on};

key_store_contract::tests!(diesel_on_postgres, crate::places::diesel_postgres());
key_store_contract::tests!(diesel_on_mysql, crate::places::diesel_mysql());
key_store_contract::tests!(diesel_and_r2d2_on_postgres, crate::places::r2d2_postgres());
key_store_contract::tests!(diesel_and_r2d2_on_mysql, crate::places::r2d2_mysql());
key_store_contract::tests!(diesel_connecting_to_postgres, crate::on(&crate::POSTGRES, 0));
key_store_contract::tests!(diesel_connecting_to_mysql, crate::on(&crate::MYSQL, 0));
key_store_contract::tests!(diesel_async_on_postgres, crate::on(&crate::POSTGRES, 1));
key_store_contract::tests!(diesel_async_on_mysql, crate::on(&crate::MYSQL, 1));
key_store_contract::tests!(sqlx_on_postgres, crate::on(&crate::POSTGRES, 2));
key_store_contract::tests!(sqlx_on_mysql, crate::on(&crate::MYSQL, 2));
key_store_contract::tests!(sqlx_on_sqlite, crate::places::sqlx_sqlite());
