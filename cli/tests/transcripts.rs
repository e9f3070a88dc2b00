//! The transcripts in `cmd/`: what each command prints, and its exit code.
//!
//! A transcript runs in a copy of the folder `NAME.in`, with an empty SQLite database in it;
//! `NAME.out` has what it leaves behind. `TRYCMD=overwrite cargo test --test transcripts` writes
//! what was printed into them: look at the difference.

#[test]
fn commands_print_what_the_transcripts_say() {
    trycmd::TestCases::new()
        .env("DATABASE_URL", "sqlite:app.db")
        .env("FIELDSEAL_KEK", "local:kek.json")
        .env("FIELDSEAL_KEY_STORE", "")
        .env("FIELDSEAL_KEK_PASSPHRASE", "")
        .env("COLUMNS", "100")
        .case("tests/cmd/*.md");
}
