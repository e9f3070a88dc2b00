//! `fieldseal export-keyset`: a column's keys, for Tink in another language.

use super::{Context, Done};
use crate::error::Error;
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

    /// Prints the keys themselves: whoever has them reads and forges every value of the column, and no rotation of the KEK
    /// changes that
    #[arg(long)]
    dangerously_cleartext: bool,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    if !args.dangerously_cleartext {
        return Err(Error::refused("the keyset would be cleartext")
            .why("whoever has it reads and forges every value of the column, whatever is done with the KEK")
            .hint("--dangerously-cleartext, with stdout led to where nobody else reads"));
    }
    let scope = args.scope.as_deref().map_or(Ok(Scope::APPLICATION), super::key::tenant)?;
    let schemas = context.target.schemas()?;
    let column = find(&schemas, args)?;
    let keyring = context.target.keyring()?;
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
