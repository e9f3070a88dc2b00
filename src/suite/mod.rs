//! The four algorithms a column can be sealed with: one file a suite, behind one closed trait.
//!
//! A suite works on the *body* of a sealed value, which is `prefix ‖ text ‖ suffix`: the prefix
//! holds a nonce or SIV, the suffix a tag. Callers never supply nonces.

mod aes_gcm;
mod aes_siv;
mod cipher;
mod xaes;
mod xchacha;

pub(crate) use cipher::CipherError;

use crate::keys::ColumnKey;
use cipher::SuiteCipher;

/// The algorithm of a column. It is declared in the model, bound into the column's key, and not
/// part of the ciphertext: there is no algorithm identifier to attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Suite {
    /// XAES-256-GCM (C2SP): random 24-byte nonces without a practical limit. Adds 45 bytes. The
    /// default.
    #[default]
    Xaes256Gcm,
    /// XChaCha20-Poly1305: for machines without AES instructions. Adds 45 bytes.
    XChaCha20Poly1305,
    /// AES-256-GCM (NIST SP 800-38D): random 12-byte nonces, so at most 2³² values per column key.
    /// Adds 33 bytes.
    Aes256Gcm,
    /// AES-256-SIV (RFC 5297): deterministic, so equal values in a column are equal in the
    /// database. Adds 21 bytes.
    Aes256Siv,
}

impl Suite {
    /// Every suite there is.
    pub const ALL: [Self; 4] = [Self::Xaes256Gcm, Self::XChaCha20Poly1305, Self::Aes256Gcm, Self::Aes256Siv];

    /// The name that attributes, the schema lock and the key derivation use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xaes256Gcm => "xaes-256-gcm",
            Self::XChaCha20Poly1305 => "xchacha20-poly1305",
            Self::Aes256Gcm => "aes-256-gcm",
            Self::Aes256Siv => "aes-256-siv",
        }
    }

    /// The suite of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// How many bytes a sealed value is longer than its plaintext, the five bytes of the header
    /// included.
    #[must_use]
    pub const fn overhead(self) -> usize {
        crate::format::envelope::HEADER_LEN + self.prefix_len() + self.suffix_len()
    }

    pub(crate) const fn prefix_len(self) -> usize {
        match self {
            Self::Xaes256Gcm => xaes::Cipher::PREFIX,
            Self::XChaCha20Poly1305 => xchacha::Cipher::PREFIX,
            Self::Aes256Gcm => aes_gcm::Cipher::PREFIX,
            Self::Aes256Siv => aes_siv::Cipher::PREFIX,
        }
    }

    pub(crate) const fn suffix_len(self) -> usize {
        match self {
            Self::Xaes256Gcm => xaes::Cipher::SUFFIX,
            Self::XChaCha20Poly1305 => xchacha::Cipher::SUFFIX,
            Self::Aes256Gcm => aes_gcm::Cipher::SUFFIX,
            Self::Aes256Siv => aes_siv::Cipher::SUFFIX,
        }
    }

    /// Length of the column key in bytes.
    pub(crate) const fn key_len(self) -> usize {
        match self {
            Self::Aes256Siv => 64,
            Self::Xaes256Gcm | Self::XChaCha20Poly1305 | Self::Aes256Gcm => 32,
        }
    }
}

impl std::fmt::Display for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A column key that is ready to seal and open under its suite. Wiped on drop.
pub(crate) enum ColumnCipher {
    Xaes(Box<xaes::Cipher>),
    XChaCha(Box<xchacha::Cipher>),
    AesGcm(Box<aes_gcm::Cipher>),
    AesSiv(Box<aes_siv::Cipher>),
}

macro_rules! each_suite {
    ($self:ident, $cipher:ident => $call:expr) => {
        match $self {
            Self::Xaes($cipher) => $call,
            Self::XChaCha($cipher) => $call,
            Self::AesGcm($cipher) => $call,
            Self::AesSiv($cipher) => $call,
        }
    };
}

impl ColumnCipher {
    /// `None` if the key doesn't have the suite's length.
    pub(crate) fn new(suite: Suite, key: &ColumnKey) -> Option<Self> {
        Some(match suite {
            Suite::Xaes256Gcm => Self::Xaes(Box::new(SuiteCipher::new(key)?)),
            Suite::XChaCha20Poly1305 => Self::XChaCha(Box::new(SuiteCipher::new(key)?)),
            Suite::Aes256Gcm => Self::AesGcm(Box::new(SuiteCipher::new(key)?)),
            Suite::Aes256Siv => Self::AesSiv(Box::new(SuiteCipher::new(key)?)),
        })
    }

    pub(crate) fn seal(
        &self,
        aad: &[u8],
        prefix: &mut [u8],
        text: &mut [u8],
        suffix: &mut [u8],
    ) -> Result<(), CipherError> {
        each_suite!(self, cipher => cipher.seal(aad, prefix, text, suffix))
    }

    pub(crate) fn open(
        &self,
        aad: &[u8],
        prefix: &[u8],
        text: &mut [u8],
        suffix: &[u8],
    ) -> Result<(), CipherError> {
        each_suite!(self, cipher => cipher.open(aad, prefix, text, suffix))
    }
}

#[cfg(test)]
mod tests;
