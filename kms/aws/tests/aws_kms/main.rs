//! `AwsKms`: the real SDK against two emulators, each for what it implements, and against a server
//! that misbehaves.
//!
//! The emulators' addresses come from the environment; `bash tests/all` starts them and runs what
//! is ignored otherwise.

mod emulators;
mod faults;
mod ministack;
mod moto;
mod names;
mod requests;
mod stub;
mod threads;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider};
use fieldseal::kms::KmsError;
use fieldseal_kms_aws::{AwsKms, AwsKmsBuilder};
use std::time::Duration;

const SECRET: &str = "secret-access-key-of-the-tests";

/// As a program makes it for an emulator.
fn config(endpoint: &str, region: &'static str) -> SdkConfig {
    let credentials = Credentials::new("test", SECRET, None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(region))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// The region of the keys below.
const REGION: &str = "us-east-1";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const OTHER_KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/00000000-12ab-34cd-56ef-1234567890ab";
const MULTI_REGION: &str = "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";

/// With a deadline for tests of what takes that long.
fn builder(endpoint: &str) -> AwsKmsBuilder {
    AwsKms::builder().config(&config(endpoint, REGION)).deadline(Duration::from_secs(2))
}

fn kind(error: &KmsError) -> &'static str {
    match error {
        KmsError::Unavailable { .. } => "unavailable",
        KmsError::Denied { .. } => "denied",
        KmsError::Disabled { .. } => "disabled",
        KmsError::NotFound { .. } => "not found",
        KmsError::Rejected => "rejected",
        KmsError::Misconfigured { .. } => "misconfigured",
        _ => "new",
    }
}
