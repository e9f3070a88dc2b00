//! Key stores on real servers: the contract of all of them, and what is particular to servers.

mod damage;
mod denied;
mod faults;
mod fleets;
mod places;
mod runtimes;
mod settings;
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
