//! How bytes that are stored are laid out ([the format](crate::guide::format)): a file for each
//! building block. Nothing here encrypts.

pub(crate) mod armor;
pub mod envelope;
pub(crate) mod frame;
pub(crate) mod json;
pub(crate) mod length_prefix;
pub(crate) mod tink;
