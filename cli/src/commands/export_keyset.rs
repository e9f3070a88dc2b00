//! `fieldseal export-keyset`: a column's keys, for Tink in another language.

use super::{Context, Done};
use crate::error::Error;
use crate::target::KekName;
use fieldseal::{Column, Schema, Scope};

/// Exports a column's keys as a Tink keyset, to open its values in Java, Go, Python or C++
///
/// It holds a key for each primary or active data key of the scope. docs/format.md has the associated data that Tink needs to
/// open a value.
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

    /// Encrypts the keyset for Tink under that KEK, a key of AWS KMS: `aws-kms:KEY`. Whoever may decrypt under it has the keys
    #[arg(long, value_name = "URI")]
    encrypt_to: Option<String>,

    /// Prints the keys themselves: whoever has them reads and forges every value of the column, and no rotation of the KEK
    /// changes that
    #[arg(long, conflicts_with = "encrypt_to")]
    dangerously_cleartext: bool,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let kek = match &args.encrypt_to {
        Some(uri) => Some(context.target.open_kek(&tinks(uri)?)?),
        None if args.dangerously_cleartext => None,
        None => return Err(cleartext()),
    };
    let scope = args.scope.as_deref().map_or(Ok(Scope::APPLICATION), super::key::tenant)?;
    let schemas = context.target.schemas()?;
    let column = find(&schemas, args)?;
    let keyring = context.target.keyring()?;
    if let Some(kek) = kek {
        let encrypt = |keyset: &[u8]| kek.encrypt_tink_keyset(keyset);
        let keyset = keyring.export_encrypted_tink_keyset(column, &scope, encrypt)?;
        context.output.print(format!("{keyset}\n").as_bytes())?;
        context.output.say(format!("whoever may decrypt under {kek} reads and forges every value of the column"));
        return Ok(Done::All);
    }
    let keyset = keyring.dangerously_export_cleartext_tink_keyset(column, &scope)?;
    context.output.warn(format!(
        "these are the keys of {}.{} for {scope}, in the clear: whoever reads them reads and forges every value of the column. \
         Keep them out of files, logs and shell histories; when they are no longer needed, rotate the scope's data key",
        args.table, args.column
    ));
    context.output.print(keyset.as_bytes())?;
    context.output.print(b"\n")?;
    Ok(Done::All)
}

/// A KEK that Tink has an AEAD for.
fn tinks(uri: &str) -> Result<KekName, Error> {
    match KekName::parse(uri)? {
        name @ KekName::Aws(_) => Ok(name),
        KekName::Local(_) => Err(Error::usage("Tink can't decrypt under a key file of fieldseal's")
            .hint("name a key of AWS KMS: --encrypt-to aws-kms:ARN")),
    }
}

fn cleartext() -> Error {
    Error::refused("the keyset would be cleartext")
        .why("whoever has it reads and forges every value of the column, whatever is done with the KEK")
        .hint("--encrypt-to aws-kms:ARN, for a reader that has the right to decrypt under that key")
        .hint("--dangerously-cleartext, with stdout led to where nobody else reads")
}

fn find(schemas: &[Schema], args: &Args) -> Result<&'static Column, Error> {
    let column =
        schemas.iter().filter(|schema| schema.table == args.table).find_map(|schema| schema.column(&args.column));
    column.ok_or_else(|| {
        let all = schemas.iter().flat_map(|schema| schema.columns);
        let known: Vec<_> = all.map(|column| format!("{}.{}", column.table(), column.name())).collect();
        Error::failed(format!("the schema lock has no sealed column {}.{}", args.table, args.column))
            .why(format!("it has {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") }))
            .hint("give the logical names, those in the schema lock; --lock says where that is")
    })
}
