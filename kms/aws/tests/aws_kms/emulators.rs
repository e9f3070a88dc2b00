//! The two emulators, administered through the SDK as an operator would.

use crate::config;
use aws_sdk_kms::Client;
use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use fieldseal_kms_aws::AwsKms;
use std::fmt::Debug;
use tokio::runtime::Runtime;

pub(crate) struct Emulator {
    url: String,
    runtime: Runtime,
}

impl Emulator {
    pub(crate) fn named(variable: &str) -> Self {
        let url = std::env::var(variable).unwrap_or_else(|_| {
            panic!(
                "{variable} is not set: it is the address of an emulator. `bash tests/all` starts it and sets it"
            )
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { url, runtime }
    }

    /// The provider for a key in that region, as a program opens it.
    pub(crate) fn open_in(&self, region: &'static str, key: &str) -> AwsKms {
        AwsKms::with_config(&config(&self.url, region), key).unwrap()
    }

    pub(crate) fn open(&self, key: &str) -> AwsKms {
        self.open_in("us-east-1", key)
    }

    pub(crate) fn try_open(&self, key: &str) -> Result<AwsKms, fieldseal::kms::KmsError> {
        AwsKms::with_config(&config(&self.url, "us-east-1"), key)
    }

    pub(crate) fn also_opens(&self, key: &str, other: &str) -> AwsKms {
        AwsKms::builder().config(&config(&self.url, "us-east-1")).also_opens(other).open(key).unwrap()
    }

    /// Does what an administrator does.
    pub(crate) fn administer<T, E: Debug + ProvideErrorMetadata>(
        &self,
        work: impl AsyncFnOnce(Client) -> Result<T, E>,
    ) -> T {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let config = config(&self.url, "us-east-1").into_builder().http_client(http).build();
        self.runtime.block_on(work(Client::new(&config))).unwrap()
    }

    /// A new KEK's ARN.
    pub(crate) fn create_key(&self) -> String {
        self.create(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt, false)
    }

    pub(crate) fn create(&self, spec: KeySpec, usage: KeyUsageType, multi_region: bool) -> String {
        let key = self.administer(async |client| {
            client.create_key().key_spec(spec).key_usage(usage).multi_region(multi_region).send().await
        });
        key.key_metadata().unwrap().arn().unwrap().to_owned()
    }

    /// An alias of that key, of a name that no other test has.
    pub(crate) fn create_alias(&self, key: &str) -> String {
        let alias = format!("alias/fieldseal/{}", key.rsplit('/').next().unwrap());
        self.administer(async |client| client.create_alias().alias_name(&alias).target_key_id(key).send().await);
        alias
    }
}
