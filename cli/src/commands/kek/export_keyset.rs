//! `fieldseal kek export-keyset`: what Tink needs to read what `export-keyset` encrypted to a key
//! file.

use super::{Context, Done};
use crate::error::Error;
use crate::target::KekName;

/// Exports, for Tink, the AEAD that opens the keysets which `export-keyset` encrypted to a KEK file
///
/// Run by the reader, who has the KEK file; no database is needed. It's a Tink keyset with a key
/// for each version of the KEK, derived from it for this purpose alone: no data key can be
/// unwrapped with it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The KEK file: `local:PATH`
    uri: String,

    /// Prints the keys themselves: anyone who has them opens every keyset that was or will be
    /// encrypted to the KEK file
    #[arg(long)]
    dangerously_cleartext: bool,
}

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Done, Error> {
    let name = KekName::parse(&args.uri)?;
    match name {
        KekName::Local(_) => {}
        KekName::Aws(_) => {
            return Err(Error::usage("a key of AWS KMS has no keyset: it never leaves the KMS")
                .hint("give Tink its own AEAD for AWS KMS, in Java, Go or Python: AwsKmsClient"));
        }
    }
    if !args.dangerously_cleartext {
        return Err(Error::refused("the keyset would be cleartext")
            .why("anyone who has it opens every keyset that was or will be encrypted to this KEK file")
            .hint("--dangerously-cleartext, with stdout redirected to where only you can read it"));
    }
    let kek = context.target.open_kek(&name)?;
    let (local, _) = kek.as_local().ok_or_else(|| Error::usage(format!("{name} is no KEK file")))?;
    let keyset = local.dangerously_export_cleartext_tink_keyset()?;
    context.output.warn(format!(
        "these keys are in the clear: anyone who reads them opens every keyset that was or will be encrypted to {name}. Keep them out \
         of files, logs and shell histories"
    ));
    context.output.print(keyset.as_bytes())?;
    context.output.print(b"\n")?;
    Ok(Done::All)
}
