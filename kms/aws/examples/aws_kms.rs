//! A keyring under a KEK in AWS KMS, or in an emulator of it.
//!
//! `cargo run --package fieldseal-kms-aws --example aws_kms -- KEY`, where `KEY` is the ARN, id or
//! alias of a symmetric encryption key. Without it, this prints what to set.

use fieldseal::kms::{Kms as _, KmsError};
use fieldseal::store::{File, load_all};
use fieldseal::{Column, Keyring, RowContext, RowId, Scope};
use fieldseal_kms_aws::AwsKms;
use std::error::Error;
use std::process::ExitCode;

const USAGE: &str = r#"usage: cargo run --package fieldseal-kms-aws --example aws_kms -- KEY

On AWS: KEY is the ARN, the id or an alias of a symmetric encryption key that you administer.
  export AWS_PROFILE=...            # after `aws sso login`; or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
  export AWS_REGION=eu-west-1       # not needed with a full ARN
  aws kms create-key --query KeyMetadata.Arn --output text      # the KEY, if you have none: 1 US$ a month

On an emulator:
  python3 -m venv emulator && emulator/bin/pip install 'moto[kms,server]' && emulator/bin/moto_server -p 5566 &
  export AWS_ENDPOINT_URL_KMS=http://127.0.0.1:5566 AWS_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  emulator/bin/python -c 'import boto3; print(boto3.client("kms", "us-east-1").create_key()["KeyMetadata"]["Arn"])'    # the KEY

The smallest IAM policy for a server, which only opens data keys:
  {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt",
    "Resource": "arn:aws:kms:REGION:ACCOUNT:key/ID",
    "Condition": {"StringEquals": {"kms:EncryptionContext:fieldseal:format": "fieldseal/1 data key"}}}]}

And for an administrator, which this example is:
  {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
    "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey"],
    "Resource": "arn:aws:kms:REGION:ACCOUNT:key/ID"}]}
"#;

const NAME: Column = Column::new("patients", "name");

fn main() -> ExitCode {
    let Some(key) = std::env::args().nth(1) else {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    };
    match run(&key) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("aws_kms: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(key: &str) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let open = || -> Result<Keyring, Box<dyn Error>> {
        Ok(Keyring::start(AwsKms::open(key)?, File::open_or_create(folder.path().join("keys.json"))?)?)
    };
    let clinic = Scope::tenant(42)?;
    let ada = RowContext::of_row(RowId::of(&1)).in_scope(clinic.clone());

    // An administrator gives the tenant a data key: one call of Encrypt, one of Decrypt.
    let keyring = open()?;
    let first = keyring.admin().ensure_scope(&clinic)?;
    let sealed = keyring.seal_bytes(&NAME, &ada, b"Ada")?;
    println!("sealed under data key {first}: {} bytes", sealed.len());

    // A server starts: one call of Decrypt for each data key, and none for each value.
    let server = open()?;
    let opened = server.open_bytes(&NAME, &ada, &sealed)?.ok_or("a value")?;
    println!("opened by another process: {:?}", std::str::from_utf8(&opened)?);

    // The data key is rotated here, the KEK in KMS (`aws kms rotate-key-on-demand`): ReEncrypt
    // wraps every data key under its newest material. What comes back is decrypted once, to see
    // that it's the same key, before it replaces the old copy.
    let second = keyring.admin().rotate(&clinic)?;
    println!("rotated to data key {second}, and rewrapped {} inside KMS", keyring.admin().rewrap()?);

    // A wrapped key that is put in another's place: KMS itself refuses it, by the encryption
    // context.
    let records = load_all(&File::open_or_create(folder.path().join("keys.json"))?)?;
    let record = records.first().ok_or("a record")?;
    let copy = record.wrapped.first().ok_or("a wrapped copy")?;
    let mut elsewhere = record.binding();
    elsewhere.scope = Scope::tenant(43)?;
    match AwsKms::open(key)?.unwrap(copy, &elsewhere) {
        Err(error @ KmsError::Rejected) => println!("as another tenant's: {error}"),
        other => return Err(format!("KMS should have refused it: {other:?}").into()),
    }
    Ok(())
}
