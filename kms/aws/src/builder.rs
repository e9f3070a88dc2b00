//! Opening a KEK: the SDK's configuration, the limits of a call, and which key a name stands for.

use crate::arn::{KeyArn, KeyName};
use crate::driver;
use crate::error::{Call, MAKE_A_KEK, no_region};
use crate::provider::AwsKms;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::Client;
use aws_sdk_kms::config::SharedHttpClient;
use aws_sdk_kms::types::{KeyMetadata, KeySpec, KeyUsageType};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use fieldseal::kms::KmsError;
use std::fmt;
use std::time::Duration;

/// How an [`AwsKms`] is opened; from [`AwsKms::builder`].
#[derive(Clone)]
pub struct AwsKmsBuilder {
    config: Option<SdkConfig>,
    deadline: Duration,
    attempts: u32,
    also_opens: Vec<String>,
}

impl AwsKms {
    /// Opens a KEK with the SDK's default configuration: its credential chain, its region, its
    /// profile, and the endpoint in `AWS_ENDPOINT_URL_KMS` or `AWS_ENDPOINT_URL` if there is one.
    ///
    /// # Errors
    ///
    /// [`KmsError::Misconfigured`] if a region is missing or `key` names no key; and, where the key
    /// has to be looked up, whatever that call meets. Otherwise credentials and permissions are
    /// first needed, and reported, by the first data key.
    pub fn open(key: &str) -> Result<Self, KmsError> {
        Self::builder().open(key)
    }

    /// Opens a KEK with the program's own configuration. Its retries and timeouts are replaced by
    /// those of [`AwsKms::builder`], and its region by that of the key, if `key` is an ARN.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`].
    pub fn with_config(config: &SdkConfig, key: &str) -> Result<Self, KmsError> {
        Self::builder().config(config).open(key)
    }

    /// What else can be set: the deadline, retries, other KEKs that data keys may still be wrapped
    /// under.
    #[must_use]
    pub fn builder() -> AwsKmsBuilder {
        AwsKmsBuilder::default()
    }
}

impl Default for AwsKmsBuilder {
    fn default() -> Self {
        Self { config: None, deadline: Duration::from_secs(8), attempts: 3, also_opens: Vec::new() }
    }
}

impl AwsKmsBuilder {
    /// The program's own configuration, in place of the SDK's default one.
    #[must_use]
    pub fn config(mut self, config: &SdkConfig) -> Self {
        self.config = Some(config.clone());
        self
    }

    /// How long one call may take, retries included. When it's over the call fails with
    /// [`KmsError::Unavailable`]. Keep it below the keyring's own bound, so that the caller sees
    /// why. 8 seconds unless it's set: KMS answers in milliseconds, so that leaves room for three
    /// attempts at something that hangs.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How often a call that was throttled or met no answer is made, at least once. 3 unless it's
    /// set. Between attempts the SDK pauses, longer each time and for a random part of it.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Another KEK that data keys may still be wrapped under, by its full ARN: after a change from
    /// one key to another, until they have been rewrapped. Nothing is wrapped under it. It must be
    /// in the region of the KEK, or a multi-region key with a replica there.
    ///
    /// The replicas of the KEK itself need no mention.
    #[must_use]
    pub fn also_opens(mut self, key_arn: impl Into<String>) -> Self {
        self.also_opens.push(key_arn.into());
        self
    }

    /// Opens the KEK of that ARN, id or alias.
    ///
    /// # Errors
    ///
    /// As for [`AwsKms::open`], and [`KmsError::Misconfigured`] if another KEK is in another region
    /// or not named by its ARN.
    pub fn open(self, key: &str) -> Result<AwsKms, KmsError> {
        let Self { config, deadline, attempts, also_opens } = self;
        let name = KeyName::parse(key)?;
        let driver = driver::start()?;
        let (client, kek) = driver::run(&driver, deadline, async move {
            let config = match config {
                Some(config) => config,
                None => default_config(name.region()).await,
            };
            let client = client(&config, name.region(), deadline, attempts)?;
            let kek = match name {
                KeyName::Arn(arn) => arn,
                KeyName::LookUp { name, .. } => look_up(&client, name).await?,
            };
            Ok((client, kek))
        })?;
        let also_opens = also_opens.iter().map(|other| in_region_of(&kek, other)).collect::<Result<_, _>>()?;
        Ok(AwsKms { client, kek, also_opens, deadline, driver })
    }
}

impl fmt::Debug for AwsKmsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsKmsBuilder")
            .field("deadline", &self.deadline)
            .field("attempts", &self.attempts)
            .field("also_opens", &self.also_opens)
            .finish_non_exhaustive()
    }
}

/// Named, so that an update of the SDK changes nothing by itself.
fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

async fn default_config(region: Option<&str>) -> SdkConfig {
    let loader = aws_config::defaults(behavior()).http_client(http_client());
    match region {
        // Otherwise the SDK looks for one, at last by asking the machine's metadata service.
        Some(region) => loader.region(Region::new(region.to_owned())).load().await,
        None => loader.load().await,
    }
}

fn client(config: &SdkConfig, region: Option<&str>, deadline: Duration, attempts: u32) -> Result<Client, KmsError> {
    let region = region.map(|region| Region::new(region.to_owned())).or_else(|| config.region().cloned());
    let Some(region) = region else { return Err(no_region()) };
    // All attempts, and the pauses between three of them, fit into the deadline. Not the SDK's
    // limit of an attempt: that would also cut off fetching credentials, and hide why there are
    // none.
    let attempt = deadline / attempts.saturating_add(1);
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(deadline)
        .connect_timeout(attempt)
        .read_timeout(attempt)
        .disable_operation_attempt_timeout()
        .build();
    let pause = (deadline / 20).min(Duration::from_secs(1));
    let retries = RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(pause);
    let mut builder =
        aws_sdk_kms::config::Builder::from(config).region(region).timeout_config(timeouts).retry_config(retries);
    if config.behavior_version().is_none() {
        builder = builder.behavior_version(behavior());
    }
    if config.http_client().is_none() {
        builder = builder.http_client(http_client());
    }
    Ok(Client::from_conf(builder.build()))
}

/// The SDK's default client, but with ring in place of aws-lc-rs.
fn http_client() -> SharedHttpClient {
    // Not documented, but what the SDK's own default is made with; no other way lets a proxy be
    // set.
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(Provider::Rustls(CryptoMode::Ring));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}

async fn look_up(client: &Client, name: String) -> Result<KeyArn, KmsError> {
    let call = Call { action: "kms:DescribeKey", key: name };
    let answer = client.describe_key().key_id(&call.key).send().await.map_err(|error| call.error(&error))?;
    let key = answer.key_metadata.as_ref().filter(|key| is_symmetric(key));
    key.and_then(|key| KeyArn::parse(key.arn()?)).ok_or_else(|| {
        KmsError::misconfigured(format!(
            "{} is no KEK, which is a symmetric encryption key (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT)",
            call.key
        ))
        .with_hint(MAKE_A_KEK)
    })
}

fn is_symmetric(key: &KeyMetadata) -> bool {
    key.key_spec().is_none_or(|spec| *spec == KeySpec::SymmetricDefault)
        && key.key_usage().is_none_or(|usage| *usage == KeyUsageType::EncryptDecrypt)
}

fn in_region_of(kek: &KeyArn, other: &str) -> Result<KeyArn, KmsError> {
    let Ok(KeyName::Arn(arn)) = KeyName::parse(other) else {
        let other: String = other.chars().take(80).collect();
        return Err(KmsError::misconfigured(format!(
            "`also_opens` takes the full ARN of a key, and {other:?} is none"
        ))
        .with_hint("give the ARN that `aws kms describe-key` prints"));
    };
    let region = kek.region();
    arn.in_region(region).ok_or_else(|| {
        KmsError::misconfigured(format!("{arn} is not in {region}, where the KEK is, and is no multi-region key"))
            .with_hint("open it by a provider of its own")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_settings_makes_no_difference() {
        type Set = fn(AwsKmsBuilder) -> AwsKmsBuilder;
        let config = |builder: AwsKmsBuilder| builder.config(&SdkConfig::builder().build());
        let sets: [Set; 4] = [
            config,
            |builder| builder.deadline(Duration::from_secs(5)),
            |builder| builder.attempts(7),
            |builder| builder.also_opens("arn:aws:kms:us-east-1:111122223333:key/1"),
        ];
        let there = sets.iter().fold(AwsKmsBuilder::default(), |builder, set| set(builder));
        let back = sets.iter().rev().fold(AwsKmsBuilder::default(), |builder, set| set(builder));
        assert_eq!(format!("{there:?}"), format!("{back:?}"));
        assert!(there.config.is_some() && back.config.is_some());
    }
}
