//! Models in ordinary code on every database: through diesel, diesel-async and sqlx, beside columns
//! that aren't what they say, and with an attacker at the database.

mod attacks;
mod column_check;
mod multi_connection;
mod through_diesel;
mod through_sqlx;
