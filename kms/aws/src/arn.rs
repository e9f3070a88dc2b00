//! Names of KMS keys: what a user may give, and the one form that is stored.

use fieldseal::keys::KekUri;
use fieldseal::kms::KmsError;
use std::fmt;

const SCHEME: &str = "aws-kms:";

/// `arn:<partition>:kms:<region>:<account>:key/<id>`: the one name of a key that never moves to
/// another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyArn {
    partition: String,
    region: String,
    account: String,
    id: String,
}

impl KeyArn {
    /// `None` for anything else, of any length: the text may come from the key store.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (partition, region, account, resource) = parts(text)?;
        let id = resource.strip_prefix("key/")?;
        let fits =
            (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        fits.then(|| Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            id: id.to_owned(),
        })
    }

    /// The key of that name in the key store.
    pub(crate) fn from_uri(uri: &KekUri) -> Option<Self> {
        Self::parse(uri.as_str().strip_prefix(SCHEME)?)
    }

    pub(crate) fn to_uri(&self) -> KekUri {
        KekUri::new(format!("{SCHEME}{self}"))
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Whether both are one key: the same, or replicas of one multi-region key. Those share their
    /// id and their key material, so that each opens what another wrapped.
    pub(crate) fn is_replica_of(&self, other: &Self) -> bool {
        let same = (&self.partition, &self.account, &self.id) == (&other.partition, &other.account, &other.id);
        same && (self.region == other.region || self.id.starts_with("mrk-"))
    }

    /// The same key as it is called in `region`; `None` if it isn't there.
    pub(crate) fn in_region(&self, region: &str) -> Option<Self> {
        let there = Self { region: region.to_owned(), ..self.clone() };
        there.is_replica_of(self).then_some(there)
    }
}

impl fmt::Display for KeyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:kms:{}:{}:key/{}", self.partition, self.region, self.account, self.id)
    }
}

/// A key as its user names it.
#[derive(Debug)]
pub(crate) enum KeyName {
    /// Taken as it is.
    Arn(KeyArn),
    /// An id, an alias or the ARN of an alias, that KMS has to look up, and the region if it says
    /// one.
    LookUp { name: String, region: Option<String> },
}

impl KeyName {
    pub(crate) fn parse(name: &str) -> Result<Self, KmsError> {
        if let Some(arn) = KeyArn::parse(name) {
            return Ok(Self::Arn(arn));
        }
        let alias_arn = parts(name).filter(|(.., resource)| is_alias(resource));
        if alias_arn.is_none() && !is_alias(name) && !is_id(name) {
            let name: String = name.chars().take(80).collect();
            return Err(KmsError::misconfigured(format!("{name:?} names no KMS key")).with_hint(
                "give its ARN (arn:aws:kms:<region>:<account>:key/<id>), its id, or its alias (alias/<name>)",
            ));
        }
        let region = alias_arn.map(|(_, region, ..)| region.to_owned());
        Ok(Self::LookUp { name: name.to_owned(), region })
    }

    pub(crate) fn region(&self) -> Option<&str> {
        match self {
            Self::Arn(arn) => Some(arn.region()),
            Self::LookUp { region, .. } => region.as_deref(),
        }
    }
}

/// Partition, region, account and resource of a KMS ARN.
fn parts(text: &str) -> Option<(&str, &str, &str, &str)> {
    // Longer than any; KMS itself takes 2,048 characters.
    if text.len() > 2048 {
        return None;
    }
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next();
    let (arn, partition, service, region, account, resource) =
        (next()?, next()?, next()?, next()?, next()?, next()?);
    let plain = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !text.is_empty() && text.bytes().all(plain)
    };
    let is_kms = arn == "arn" && service == "kms" && partition.starts_with("aws") && plain(partition);
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_kms && plain(region) && is_account).then_some((partition, region, account, resource))
}

fn is_alias(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
    text.strip_prefix("alias/").is_some_and(|name| (1..=250).contains(&name.len()) && name.bytes().all(plain))
}

/// `1234abcd-12ab-34cd-56ef-1234567890ab` or `mrk-1234abcd12ab34cd56ef1234567890ab`.
fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let id = text.strip_prefix("mrk-").unwrap_or(text);
    (32..=36).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINGLE: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const MULTI: &str = "arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";

    fn arn(text: &str) -> KeyArn {
        KeyArn::parse(text).unwrap()
    }

    #[test]
    fn an_arn_is_printed_as_it_was() {
        for text in [SINGLE, MULTI] {
            assert_eq!(arn(text).to_string(), text);
            let uri = arn(text).to_uri();
            assert_eq!(uri.as_str(), format!("aws-kms:{text}"));
            assert_eq!(KeyArn::from_uri(&uri), Some(arn(text)));
        }
    }

    #[test]
    fn only_replicas_of_a_multi_region_key_are_one_key() {
        let elsewhere = |text: &str| arn(text).in_region("eu-west-1");
        assert_eq!(elsewhere(SINGLE), None);
        assert_eq!(arn(SINGLE).in_region("us-east-1"), Some(arn(SINGLE)));
        assert!(elsewhere(MULTI).unwrap().is_replica_of(&arn(MULTI)));
        for (from, to) in [("aws-cn", "aws"), ("111122223333", "111122223334"), ("90ab", "90ac"), ("mrk-", "")] {
            assert!(!arn(&MULTI.replace(from, to)).is_replica_of(&arn(MULTI)), "{to}");
            assert!(
                !elsewhere(&MULTI.replace(from, to)).is_some_and(|there| there.is_replica_of(&arn(MULTI))),
                "{to}"
            );
        }
    }

    #[test]
    fn names_are_taken_for_what_they_are() {
        let region = |name: &str| match KeyName::parse(name).unwrap() {
            KeyName::Arn(arn) => format!("key in {}", arn.region()),
            KeyName::LookUp { region, .. } => format!("to look up in {region:?}"),
        };
        assert_eq!(region(SINGLE), "key in us-east-1");
        assert_eq!(region(MULTI), "key in cn-north-1");
        let alias_arn = "arn:aws:kms:us-east-1:111122223333:alias/my/App_1-a";
        assert_eq!(region(alias_arn), "to look up in Some(\"us-east-1\")");
        let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
        for name in ["alias/app", "alias/aws/kms", id, "mrk-1234abcd12ab34cd56ef1234567890ab"] {
            assert_eq!(region(name), "to look up in None");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let nonsense = [
            "",
            "alias/",
            "alias/a b",
            "app",
            "us-east-1",
            "1234",
            "aws-kms:alias/app",
            "arn:aws:s3:us-east-1:111122223333:key/1234",
            "arn:aws:kms::111122223333:key/1234",
            "arn:aws:kms:us-east-1:1111:key/1234",
            "arn:aws:kms:us-east-1:111122223333:key/",
            "arn:aws:kms:us-east-1:111122223333:key/a/b",
            "arn:aws:kms:us-east-1:111122223333:key/a:b",
            "arn:evil:kms:us-east-1:111122223333:key/1234",
            "arn:aws:kms:us-east-1:111122223333:key/1234\n",
            &format!("{SINGLE}{}", "a".repeat(64)),
            &"x".repeat(1_000_000),
        ];
        for name in nonsense {
            let error = KeyName::parse(name).unwrap_err();
            assert!(matches!(&error, KmsError::Misconfigured { .. }), "{error}");
            assert!(error.hint().contains("arn:aws:kms:<region>") && error.to_string().len() < 400, "{error:?}");
            assert_eq!(KeyArn::from_uri(&KekUri::new(name)), None);
            assert_eq!(KeyArn::from_uri(&KekUri::new(format!("aws-kms:{name}"))), None);
        }
    }
}
