#![doc = include_str!("../README.md")]
#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod arn;
mod builder;
mod driver;
mod encryption_context;
mod error;
mod provider;
mod tink;

#[doc(no_inline)]
pub use aws_config::SdkConfig;
pub use builder::AwsKmsBuilder;
pub use provider::AwsKms;
