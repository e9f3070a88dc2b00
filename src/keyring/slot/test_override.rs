//! A keyring for one test alone, without touching what the program has installed.

use crate::keyring::Keyring;
use std::cell::RefCell;
use std::marker::PhantomData;

thread_local! {
    static OVERRIDES: RefCell<Vec<&'static Keyring>> = const { RefCell::new(Vec::new()) };
}

/// Ends the override when it's dropped.
#[derive(Debug)]
#[must_use = "the override ends when this is dropped"]
pub struct KeyringOverride {
    depth: usize,
    /// It's for the thread that made it.
    _thread: PhantomData<*const ()>,
}

/// Lets every model on this thread use `keyring` until what this returns is dropped, whatever is
/// installed: each test has keys of its own, in parallel with the others.
///
/// It is for this thread: code that a multi-threaded runtime or `spawn_blocking` moves to another
/// one doesn't see it. The keyring stays allocated until the process ends.
///
/// ```
/// # use fieldseal::keyring::{Installed, KeyringSource};
/// # use fieldseal::{Keyring, Scope, store, testing};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let keyring = Keyring::start(testing::FaultyKms::new(), store::Memory::new())?;
/// {
///     let _mine = testing::use_keyring(keyring);
///     assert!(Installed::keyring().is_ok());
/// }
/// assert!(Installed::keyring().is_err());
/// # Ok(())
/// # }
/// ```
pub fn use_keyring(keyring: Keyring) -> KeyringOverride {
    let keyring: &'static Keyring = Box::leak(Box::new(keyring));
    OVERRIDES.with_borrow_mut(|overrides| {
        overrides.push(keyring);
        KeyringOverride { depth: overrides.len(), _thread: PhantomData }
    })
}

/// The keyring that this thread's test uses in place of an installed one.
pub(crate) fn current() -> Option<&'static Keyring> {
    OVERRIDES.with_borrow(|overrides| overrides.last().copied())
}

impl Drop for KeyringOverride {
    fn drop(&mut self) {
        OVERRIDES.with_borrow_mut(|overrides| {
            overrides.truncate(self.depth.saturating_sub(1));
        });
    }
}
