//! Passphrases of KEK files, and Argon2id (RFC 9106).

use super::LocalError;
use super::cipher::{Key, empty_key};
use crate::keys::scrubbed;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use zeroize::Zeroizing;

/// What protects a KEK file that others may get to see: a backup, a volume, an image. Wiped on
/// drop, redacted in `Debug`.
///
/// It is taken as the bytes it's made of: no trimming, no Unicode normalisation.
pub struct Passphrase {
    secret: SecretString,
    argon2: Argon2Params,
}

impl Passphrase {
    /// The passphrase, from a `String`, a `Box<str>`, a `&str` or a [`secrecy::SecretString`].
    #[must_use]
    pub fn new(passphrase: impl Into<SecretString>) -> Self {
        Self { secret: passphrase.into(), argon2: Argon2Params::RECOMMENDED }
    }

    /// The cost of a file that is created with this passphrase. A file that exists says its own.
    #[must_use]
    pub fn argon2(mut self, params: Argon2Params) -> Self {
        self.argon2 = params;
        self
    }

    pub(super) fn params(&self) -> Argon2Params {
        self.argon2
    }

    /// `Argon2id(passphrase, salt, m, t, p, 32 bytes, version 0x13)`.
    pub(super) fn derive(&self, params: Argon2Params, salt: &[u8; 16]) -> Result<Key, LocalError> {
        let secret = self.secret.expose_secret().as_bytes();
        if secret.is_empty() {
            return Err(LocalError::PassphraseEmpty);
        }
        let params = params.check()?;
        let out_of_memory = || LocalError::OutOfMemory { memory_kib: params.m_cost() };
        let mut blocks = Zeroizing::new(Vec::<Block>::new());
        blocks.try_reserve_exact(params.block_count()).map_err(|_| out_of_memory())?;
        blocks.resize(params.block_count(), Block::new());
        let mut key = empty_key();
        let derived = scrubbed(|| {
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone()).hash_password_into_with_memory(
                secret,
                salt,
                &mut **key,
                blocks.as_mut_slice(),
            )
        });
        // The lengths were checked above, so nothing else is left.
        derived.map_err(|_| LocalError::Argon2Params)?;
        Ok(key)
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passphrase").field("argon2", &self.argon2).finish_non_exhaustive()
    }
}

/// What it costs to try one passphrase: the parameters of Argon2id (RFC 9106).
///
/// ```
/// use fieldseal::kms::Argon2Params;
///
/// let slow = Argon2Params::RECOMMENDED.with_iterations(10);
/// assert_eq!((slow.memory_kib, slow.iterations, slow.parallelism), (65_536, 10, 4));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Argon2Params {
    /// Memory in KiB: 8 times `parallelism` to 1,048,576.
    pub memory_kib: u32,
    /// Passes over the memory: 1 to 100.
    pub iterations: u32,
    /// Lanes: 1 to 64. They are computed one after the other.
    pub parallelism: u32,
}

impl Argon2Params {
    /// RFC 9106, the second recommended option: 64 MiB, 3 passes, 4 lanes.
    pub const RECOMMENDED: Self = Self { memory_kib: 64 * 1024, iterations: 3, parallelism: 4 };

    /// The same parameters with so much memory, in KiB: 8 times `parallelism` to 1,048,576.
    #[must_use]
    pub const fn with_memory_kib(mut self, memory_kib: u32) -> Self {
        self.memory_kib = memory_kib;
        self
    }

    /// The same parameters with so many passes over the memory: 1 to 100.
    #[must_use]
    pub const fn with_iterations(mut self, iterations: u32) -> Self {
        self.iterations = iterations;
        self
    }

    /// The same parameters with so many lanes: 1 to 64.
    #[must_use]
    pub const fn with_parallelism(mut self, parallelism: u32) -> Self {
        self.parallelism = parallelism;
        self
    }

    const MAX_MEMORY_KIB: u32 = 1024 * 1024;

    /// Refuses what a hostile file could ask for, before any of it is spent.
    fn check(self) -> Result<Params, LocalError> {
        let in_range = self.memory_kib <= Self::MAX_MEMORY_KIB
            && (1..=100).contains(&self.iterations)
            && (1..=64).contains(&self.parallelism);
        if !in_range {
            return Err(LocalError::Argon2Params);
        }
        Params::new(self.memory_kib, self.iterations, self.parallelism, Some(32))
            .map_err(|_| LocalError::Argon2Params)
    }
}

impl Default for Argon2Params {
    fn default() -> Self {
        Self::RECOMMENDED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derive(memory_kib: u32, iterations: u32, parallelism: u32) -> Result<Key, LocalError> {
        Passphrase::new("correct horse").derive(Argon2Params { memory_kib, iterations, parallelism }, &[1; 16])
    }

    #[test]
    fn hostile_parameters_are_refused() {
        for (m, t, p) in [
            (7, 1, 1),
            (0, 1, 1),
            (15, 1, 2),
            (8, 0, 1),
            (8, 1, 0),
            (1024 * 1024 + 1, 1, 1),
            (u32::MAX, 1, 1),
            (8, 101, 1),
            (8, u32::MAX, 1),
            (1024, 1, 65),
            (1024, 1, u32::MAX),
        ] {
            assert!(matches!(derive(m, t, p), Err(LocalError::Argon2Params)), "{m} {t} {p}");
        }
        assert!(derive(8, 1, 1).is_ok());
    }

    /// Computed with the reference implementation (argon2-cffi).
    #[test]
    fn is_argon2id() {
        let params = Argon2Params { memory_kib: 64, iterations: 2, parallelism: 2 };
        let key = Passphrase::new("password").derive(params, b"saltsaltsaltsalt").unwrap();
        assert_eq!(hex::encode(**key), "313937b85d0048df1b3e3cd6384a92cb1c11392714b94d3e4a11b242e1e7de95");
    }

    #[test]
    fn an_empty_passphrase_is_refused() {
        let empty = Passphrase::new("").derive(Argon2Params::RECOMMENDED, &[0; 16]);
        assert!(matches!(empty, Err(LocalError::PassphraseEmpty)));
    }

    #[test]
    fn debug_is_redacted() {
        assert!(!format!("{:?}", Passphrase::new("correct horse")).contains("horse"));
    }
}
