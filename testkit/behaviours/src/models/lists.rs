//! Which behaviours and which models there are. A behaviour that isn't in the list is run nowhere.

/// A module of tests for each module of behaviours, made by three macros of the crate that runs
/// them.
///
/// `$behaviours!` is given behaviours of one client, `$pairs!` those of a client that writes and
/// another one of its database that reads, and `$histories!` those of two clients that share a
/// table. Each finds the functions in `super` of the modules that it makes.
#[macro_export]
macro_rules! every_behaviour {
    ($behaviours:ident, $pairs:ident, $histories:ident) => {
        $crate::every_behaviour! { in
            armor: $behaviours {
                base64_that_is_not_exactly_that_of_the_value_is_refused
                base64_of_other_bytes_is_refused
                every_type_of_text_keeps_base64
                plaintext_in_base64_is_refused
            }
            bindings: $pairs {
                rows_of_integers
                rows_of_text
                rows_of_bytes
                rows_of_uuids
                rows_of_several_columns
            }
            damage: $behaviours {
                every_shorter_value_is_refused
                every_flipped_bit_is_refused
                every_wrong_header_is_refused
                every_value_from_elsewhere_is_refused
                a_row_that_is_renumbered_or_given_to_another_tenant_is_refused
                what_is_not_sealed_is_refused
                null_is_refused_where_none_was_written
            }
            hidden: $behaviours { neither_nulls_nor_lengths_are_seen }
            histories: $histories { every_read_gives_what_was_written_or_the_right_error }
            limits: $behaviours {
                a_value_that_is_too_large_to_be_sealed_is_not_written
                a_stored_value_that_is_too_large_is_refused
                without_a_keyring_nothing_is_written_and_nothing_is_read
                a_tenant_without_a_key_gets_nothing_written
            }
            lookups: $behaviours {
                rows_are_found_under_every_key_that_opens
                a_lookup_that_cannot_be_made_is_one_error
            }
            migrating: $behaviours {
                plaintext_of_every_type_is_read_only_while_migrating
                plaintext_that_looks_like_something_else_is_read_as_it_is
                damage_under_a_known_key_is_refused_while_migrating_too
                writes_are_sealed_while_migrating_too
                a_column_is_encrypted_in_place
                plaintext_bytes_are_read_only_while_migrating
            }
            prefetched: $behaviours { a_program_that_never_waits_opens_what_it_prefetched }
            printed: $behaviours {
                nothing_that_is_logged_shows_a_secret
                no_error_shows_a_secret
            }
            sizes: $behaviours {
                size_for_is_exactly_what_the_database_needs
                what_is_too_long_for_its_declared_size_is_refused_before_it_is_written
                without_a_declared_size_nothing_is_written_where_it_could_be_cut
                null_needs_no_size
                a_size_that_the_model_has_wrong_is_noticed
            }
            suites: $behaviours { a_row_bound_column_moves_to_aes_siv_and_back }
            swaps: $behaviours { a_value_opens_only_where_it_was_sealed }
        }
        mod types {
            $crate::every_behaviour! { in types
                numbers: $pairs { numbers_are_exact }
                times: $pairs { times_are_exact }
                texts: $pairs { texts_bytes_and_structures_are_exact }
            }
        }
    };
    (in $($module:ident: $tests:ident { $($behaviour:ident)+ })+) => {$(
        mod $module {
            use $crate::models::$module::*;
            $tests! { $($behaviour)+ }
        }
    )+};
    (in $parent:ident $($module:ident: $tests:ident { $($behaviour:ident)+ })+) => {$(
        mod $module {
            use $crate::models::$parent::$module::*;
            $tests! { $($behaviour)+ }
        }
    )+};
}

/// Hands every model to `$stores!`, and those with UUIDs to `$uuid_stores!`, for a crate whose
/// clients keep them too. Each is `Model in table`, with the columns that rows are found by behind
/// `find`.
#[macro_export]
macro_rules! every_model {
    ($stores:ident, $uuid_stores:ident) => {
        $crate::every_model! { of
            armor: $stores { Armored in armored find siv }
            bindings: $stores { ByInteger in by_integer, ByText in by_text, ByBytes in by_bytes }
            bindings::bytes: $uuid_stores { bytes: ByUuid in by_uuid, BySeveral in by_several }
            bindings::native: $uuid_stores { native: ByUuid in by_uuid, BySeveral in by_several }
            hidden: $stores { Hidden in hidden }
            histories: $stores { Row in history }
            limits: $stores { Orphan in orphans }
            lookups: $stores { Person in people find email phone email_64 phone_64, Contact in people }
            migrating: $stores {
                Legacy in legacy, Strict in legacy, LegacyBytes in legacy_bytes, StrictBytes in legacy_bytes
            }
            prefetched: $stores { Page in page }
            sizes: $stores { Loose in sizes, Tight in sizes, Unsized in sizes, Bare in bare }
            suites: $stores { Bound in moves, ToSiv in moves, Siv in moves, Back in moves }
            swaps: $stores { Left in left_side, Right in right_side }
            types::numbers: $stores { Required in required, Optional in optional, Optional64 in optional_64 }
            types::times: $stores { Required in required, Optional in optional, Optional64 in optional_64 }
            types::texts: $stores { Required in required, Optional in optional, Optional64 in optional_64 }
            vault: $stores { Vault in vault }
        }
    };
    (of $($($module:ident)::+: $stores:ident { $($models:tt)+ })+) => {$(
        const _: () = {
            use $crate::models::$($module::)+*;
            $stores! { $($models)+ }
        };
    )+};
}
