//! Guards on every database: one definition of what must hold, run by `sweep/tests/rows/guards.rs`
//! on SQLite and by `tests-crates/databases/` on PostgreSQL and MariaDB.

mod cost;
mod forms;
mod keys;
mod places;
mod random;
mod statements;
pub mod world;

pub use world::{Home, World};

/// The tests of all behaviours on the databases that `$home` makes.
#[macro_export]
macro_rules! guard_behaviours {
    (on $home:path: $($behaviour:ident)+) => {$(
        #[test]
        fn $behaviour() {
            $crate::guards::$behaviour($home());
        }
    )+};
    ($home:path) => {
        $crate::guards::guard_behaviours! { on $home:
            sealed_values_of_every_suite_pass
            plaintext_and_near_misses_are_refused
            null_is_refused_where_it_is_sealed
            a_column_that_changes_its_suite_takes_both
            only_the_whole_column_is_compared
            random_values_pass_exactly_if_they_could_be_sealed
            keys_that_do_not_open_are_refused_until_they_do_again
            a_key_is_told_from_its_neighbours
            listed_keys_are_refused
            a_snapshot_does_not_know_the_keys_that_came_later
            every_statement_is_guarded
            what_was_there_before_stays_and_its_row_can_change
            any_name_will_do
            tables_in_other_schemas_are_guarded
            making_and_removing_can_be_repeated
            the_check_tells_what_is_missing
            sweeps_work_under_guards
        }
    };
}
pub use guard_behaviours;

pub use cost::*;
pub use forms::*;
pub use keys::*;
pub use places::*;
pub use random::*;
pub use statements::*;
