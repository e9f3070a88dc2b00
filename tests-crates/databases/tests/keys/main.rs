//! Key stores on real servers: the contract of all of them, and what is particular to servers.

// On its way into `fieldseal::testing`.
#[path = "../../../../tests/common/store_contract.rs"]
mod store_contract;

mod damage;
mod denied;
mod faults;
mod fleets;
mod places;
mod runtimes;
mod settings;
mod sqlite;

use places::{MYSQL, POSTGRES, on};

store_contract!(diesel_on_postgres, crate::places::diesel_postgres());
store_contract!(diesel_on_mysql, crate::places::diesel_mysql());
store_contract!(diesel_and_r2d2_on_postgres, crate::places::r2d2_postgres());
store_contract!(diesel_and_r2d2_on_mysql, crate::places::r2d2_mysql());
store_contract!(diesel_connecting_to_postgres, crate::on(&crate::POSTGRES, 0));
store_contract!(diesel_connecting_to_mysql, crate::on(&crate::MYSQL, 0));
store_contract!(diesel_async_on_postgres, crate::on(&crate::POSTGRES, 1));
store_contract!(diesel_async_on_mysql, crate::on(&crate::MYSQL, 1));
store_contract!(sqlx_on_postgres, crate::on(&crate::POSTGRES, 2));
store_contract!(sqlx_on_mysql, crate::on(&crate::MYSQL, 2));
store_contract!(sqlx_on_sqlite, crate::places::sqlx_sqlite());
