//! Sweeps on every database: one definition of what must hold, run by `sweep/tests/rows/sweep.rs`
//! on SQLite and by `tests-crates/databases/` on PostgreSQL and MariaDB.

mod disturbed;
mod encrypting;
mod keys;
mod killed;
mod long;
mod misled;
mod moving;
mod watched;
pub mod world;

use fieldseal_sweep::sql::Database;
use std::sync::Arc;
pub use world::{Home, World};

/// A database, for tests that run several processes on it.
pub struct Site {
    pub home: fn() -> Home,
    /// What [`Home::url`] says.
    pub open: fn(&str) -> Arc<dyn Database>,
}

/// The tests of all behaviours on the databases that `$home` makes, and `$open` opens by their
/// URLs.
#[macro_export]
macro_rules! sweep_behaviours {
    (processes on $home:path, $open:path: $($behaviour:ident)+) => {$(
        #[test]
        fn $behaviour() {
            let site = $crate::sweep::Site { home: $home, open: $open };
            let path = concat!(module_path!(), "::", stringify!($behaviour));
            $crate::sweep::$behaviour(&site, path.split_once("::").unwrap().1);
        }
    )+};
    (on $home:path: $($behaviour:ident)+) => {$(
        #[test]
        fn $behaviour() {
            $crate::sweep::$behaviour($home());
        }
    )+};
    ($home:path, $open:path) => {
        $crate::sweep::sweep_behaviours! { processes on $home, $open:
            no_row_is_lost_whenever_it_is_killed
            no_plaintext_is_lost_whenever_it_is_killed
            two_workers_and_writers_lose_nothing_whenever_workers_are_killed
            a_fleet_reads_and_writes_while_keys_and_rows_move
        }
        $crate::sweep::sweep_behaviours! { on $home:
            everything_moves_to_the_primary_and_the_second_time_nothing_does
            every_type_of_key_works
            a_value_that_cannot_be_opened_is_reported_left_and_never_stops_the_rest
            whoever_writes_meanwhile_wins
            a_batch_that_is_looked_at_again_counts_once
            lost_connections_end_no_sweep
            what_a_trigger_makes_of_a_value_is_taken_back
            a_column_that_refuses_keeps_no_other_from_being_written
            what_is_written_under_an_older_key_meanwhile_is_moved_too
            a_column_moves_to_another_suite
            a_sweep_that_was_left_is_not_taken_for_another_suites
            hidden_nulls_are_moved_opened_and_sealed
            a_dry_run_makes_no_keys_and_a_forgotten_tenant_gets_none
            tenants_have_keys_of_their_own
            workers_share_a_sweep_and_end_what_a_dead_one_began
            a_stopped_sweep_goes_on_where_it_was
            a_sweep_waits_for_replicas_and_for_its_rate
            what_cannot_be_swept_says_why
            hostile_plaintext_is_sealed_in_place_and_comes_back
            a_sealed_value_that_was_cut_is_not_sealed_again
            plaintext_is_sealed_into_another_column_and_comes_back
            what_another_column_already_has_is_not_overwritten
            what_a_column_would_change_stays_sealed
            damage_is_found_by_verifying
            a_sweep_that_others_say_is_done_is_looked_through
            a_value_whose_key_was_lost_is_no_plaintext
            base64_whose_key_was_lost_is_left
            plaintext_goes_into_no_column_that_refuses_it
            a_change_of_suite_is_estimated_by_what_may_move
            a_generated_column_is_refused
            long_values_are_moved_like_others
            a_long_value_that_was_written_meanwhile_stays
            a_value_that_gets_too_long_keeps_no_other_from_being_written
            a_hundred_thousand_people_are_sealed_and_come_back_byte_for_byte
        }
    };
}
pub use sweep_behaviours;

pub use disturbed::*;
pub use encrypting::*;
pub use keys::*;
pub use killed::*;
pub use long::*;
pub use misled::*;
pub use moving::*;
