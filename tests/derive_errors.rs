//! Mistakes are compile errors that point at the token and show what to write instead.
//!
//! `TRYBUILD=overwrite cargo test --test derive_errors` writes the `.stderr` files anew; read them before committing.

#[test]
fn mistakes_are_readable_errors() {
    trybuild::TestCases::new().compile_fail("tests/derive_errors/*.rs");
}
