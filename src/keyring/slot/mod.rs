//! Which keyring a model uses: the program's one, or a slot of its own.

#[cfg(feature = "testing")]
pub(crate) mod test_override;

use crate::error::{Error, ErrorKind};
use crate::keyring::Keyring;
use std::sync::OnceLock;

static INSTALLED: KeyringSlot = KeyringSlot::new();

/// Installs the keyring that models use unless they name another. Once, at the start of the
/// program.
///
/// # Errors
///
/// [`AlreadyInstalled`] if there is one: the first one stays.
pub fn install(keyring: Keyring) -> Result<(), AlreadyInstalled> {
    INSTALLED.install(keyring)
}

/// A keyring was installed before, and stays. The one that was to be installed can be had back.
#[derive(Clone, thiserror::Error)]
#[error("a keyring is installed already, and stays")]
pub struct AlreadyInstalled {
    refused: Keyring,
}

crate::debug::debug_with_hint!(AlreadyInstalled);

impl AlreadyInstalled {
    /// What to try: a sentence for the program's author, without a full stop.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        "install one at the start of the program, and give models with another keyring a `KeyringSlot` of their own"
    }

    /// The keyring that was not installed.
    #[must_use]
    pub fn into_keyring(self) -> Keyring {
        self.refused
    }
}

/// A place for one keyring, for programs that have several.
///
/// ```
/// use fieldseal::keyring::{KeyringSlot, KeyringSource};
/// use fieldseal::{Error, Keyring};
///
/// struct Billing;
///
/// static BILLING: KeyringSlot = KeyringSlot::new();
///
/// impl KeyringSource for Billing {
///     fn keyring() -> Result<&'static Keyring, Error> {
///         BILLING.get()
///     }
/// }
/// ```
///
/// A model then says `#[encrypt(keyring = Billing)]`, and the program calls
/// `BILLING.install(keyring)`.
#[derive(Debug)]
pub struct KeyringSlot(OnceLock<Keyring>);

impl KeyringSlot {
    /// An empty slot.
    #[must_use]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Puts a keyring into the slot.
    ///
    /// # Errors
    ///
    /// [`AlreadyInstalled`] if there is one in it: that one stays.
    pub fn install(&self, keyring: Keyring) -> Result<(), AlreadyInstalled> {
        self.0.set(keyring).map_err(|refused| AlreadyInstalled { refused })
    }

    /// The slot's keyring.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotInstalled`] while the slot is empty.
    pub fn get(&self) -> Result<&Keyring, Error> {
        #[cfg(feature = "testing")]
        if let Some(keyring) = crate::keyring::slot::test_override::current() {
            return Ok(keyring);
        }
        self.0.get().ok_or(Error::new(ErrorKind::NotInstalled))
    }
}

impl Default for KeyringSlot {
    fn default() -> Self {
        Self::new()
    }
}

/// Names a keyring at compile time: what a model's `keyring` attribute takes. A program implements
/// it for a type of its own, as [`KeyringSlot`] shows; what is added to it later has a default.
pub trait KeyringSource {
    /// The keyring.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotInstalled`] before there is one.
    fn keyring() -> Result<&'static Keyring, Error>;
}

/// The keyring of [`install`]: what models use that don't name another.
#[derive(Debug, Clone, Copy)]
pub struct Installed;

impl KeyringSource for Installed {
    fn keyring() -> Result<&'static Keyring, Error> {
        INSTALLED.get()
    }
}
