//! `fieldseal export-keyset`: a column's keys, for Tink in another language.

use super::kek::has_copies;
use super::{Context, Done};
use crate::error::Error;
use crate::target::{Kek, Passphrases, open_or_create};
use fieldseal::keys::KeyRecord;
use fieldseal::{Column, Schema, Scope};
use std::path::PathBuf;

/// Exports a column's keys as a Tink keyset, to open its values in Java, Go, Python or C++
///
/// With --encrypt-to it's encrypted: Tink reads it with its AEAD for AWS KMS, or, for a KEK file,
/// with the one that `fieldseal kek export-keyset` prints. It holds a key for each primary or
/// active data key of the scope. docs/format.md has the associated data that Tink needs to open a
/// value.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The table, by its logical name: the one in the schema lock
    #[arg(long, value_name = "NAME")]
    table: String,

    /// The column, by its logical name
    #[arg(long, value_name = "NAME")]
    column: String,

    /// The tenant [default: the application]
    #[arg(long, value_name = "NAME")]
    scope: Option<String>,

    /// Encrypts the keyset for Tink under that KEK: `aws-kms:KEY`, or `local:PATH` for a KEK file.
    /// Anyone who may decrypt under it has the keys, so give the reader a KEK of its own
    #[arg(long, value_name = "URI")]
    encrypt_to: Option<String>,

    /// Makes the KEK file of --encrypt-to, if there is none
    #[arg(long, requires = "encrypt_to")]
    create: bool,

    /// A file with the passphrase of the KEK file of --encrypt-to, if it has one or is to get one:
    /// that of the program's own KEKs is never used for it
    #[arg(long, value_name = "PATH", requires = "encrypt_to")]
    encrypt_to_passphrase_file: Option<PathBuf>,

    /// Prints the keys themselves: anyone who has them reads and forges every value of the column,
    /// and no rotation of the KEK changes that
    #[arg(long, conflicts_with = "encrypt_to")]
    dangerously_cleartext: bool,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    if args.encrypt_to.is_none() && !args.dangerously_cleartext {
        return Err(cleartext());
    }
    let schemas = context.target.schemas()?;
    let (schema, column) = find(&schemas, args)?;
    let scope = scope(args, schema)?;
    let records = context.target.records()?;
    super::tenant::check_not_forgotten(&scope, &records)?;
    let keyring = context.target.keyring()?;
    if let Some(uri) = &args.encrypt_to {
        let encrypt = |keyset: &[u8]| {
            let passphrases = Passphrases::of_file(args.encrypt_to_passphrase_file.clone());
            let kek = open_or_create(uri, args.create, &passphrases)?;
            tell(&records, &kek, context);
            kek.encrypt_tink_keyset(keyset)
        };
        let keyset = keyring.admin().export_encrypted_tink_keyset(column, &scope, encrypt)?;
        context.output.print(format!("{keyset}\n").as_bytes())?;
        return Ok(Done::All);
    }
    let keyset = keyring.admin().dangerously_export_cleartext_tink_keyset(column, &scope)?;
    context.output.warn(format!(
        "these are the keys of {}.{} for {scope}, in the clear: anyone who reads them reads and forges every value of the column. \
         Keep them out of files, logs and shell histories; when they are no longer needed, rotate the scope's data key",
        args.table, args.column
    ));
    context.output.print(keyset.as_bytes())?;
    context.output.print(b"\n")?;
    Ok(Done::All)
}

/// What anyone who has the KEK can do.
fn tell(records: &[KeyRecord], kek: &Kek, context: &Context<'_>) {
    if has_copies(records, &kek.uri()) {
        context.output.warn(format!(
            "{kek} is a KEK of the data keys themselves: anyone who may decrypt under it reads and forges every value of every \
             column. Give the reader a KEK of its own"
        ));
    } else {
        context
            .output
            .say(format!("anyone who may decrypt under {kek} reads and forges every value of the column"));
    }
}

/// The tenant that was named, or the application, as the column's table has it.
fn scope(args: &Args, schema: &Schema) -> Result<Scope, Error> {
    let table = &args.table;
    match (&args.scope, &schema.scope) {
        (Some(name), Some(_)) => super::tenant::parse(name),
        (None, None) => Ok(Scope::APPLICATION),
        (None, Some(column)) => Err(Error::usage(format!("the values of {table} are under their tenants' keys"))
            .why(format!(
                "its tenants are in the column {}, and a keyset holds the keys of one of them",
                column.name
            ))
            .hint("name the tenant: --scope NAME")),
        (Some(_), None) => Err(Error::usage(format!("{table} has no tenants"))
            .why("its values are under the application's keys")
            .hint("leave --scope out")),
    }
}

fn cleartext() -> Error {
    Error::refused("the keyset would be cleartext")
        .why("anyone who has it reads and forges every value of the column, whatever is done with the KEK")
        .hint("--encrypt-to aws-kms:ARN, for a reader that has the right to decrypt under that key")
        .hint("--encrypt-to local:PATH, for a reader that has that KEK file")
        .hint("--dangerously-cleartext, with stdout redirected to where only you can read it")
}

fn find<'a>(schemas: &'a [Schema], args: &Args) -> Result<(&'a Schema, &'static Column), Error> {
    let of_table = schemas.iter().filter(|schema| schema.table == args.table);
    let mut found = of_table.filter_map(|schema| Some((schema, schema.column(&args.column)?)));
    found.next().ok_or_else(|| {
        let all = schemas.iter().flat_map(|schema| schema.columns);
        let known: Vec<_> = all.map(|column| format!("{}.{}", column.table(), column.name())).collect();
        Error::failed(format!("the schema lock has no sealed column {}.{}", args.table, args.column))
            .why(format!("it has {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") }))
            .hint("give the logical names, those in the schema lock; --lock says where that is")
    })
}
