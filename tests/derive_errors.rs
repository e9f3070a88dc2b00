//! Mistakes are compile errors that point at the token and show what to write instead.
//!
//! `TRYBUILD=overwrite cargo test --test derive_errors` writes the `.stderr` files anew; read them
//! before committing.
//!
//! A binary of its own: trybuild runs cargo, which would wait with half of the machine's test
//! threads blocked.

#[test]
fn mistakes_are_readable_errors() {
    trybuild::TestCases::new().compile_fail("tests/derive_errors/*.rs");
}
