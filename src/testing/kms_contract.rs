//! What every [`Kms`] promises, as tests: for anyone who writes a provider.
//!
//! [`check`] runs all of them. Where an emulator of a service doesn't implement everything, they
//! can be run one by one. Each panics at a promise that is broken, with a message that says which
//! one, what was found, and where the promise is written.
//!
//! ```
//! use fieldseal::kms::Local;
//! use fieldseal::testing::kms_contract;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! // A test of the provider `Local`, with two KEKs of their own.
//! let kms = Local::create(folder.path().join("kek.json"))?;
//! let other = Local::create(folder.path().join("other.json"))?;
//! kms_contract::check(&kms, &other);
//! # Ok(())
//! # }
//! ```
//!
//! It wraps no key but made-up ones, and makes up to some thousands of calls, one or two for each
//! bit of a wrapped copy: too many for a service that is paid by the call.

use super::promise::{Promise, on_threads};
use crate::context::Scope;
use crate::keys::{Binding, Commitment, DataKey, KekUri, KeyId, WrappedKey};
use crate::kms::{Kms, KmsError};

const WRAP: &str = "fieldseal::kms::Kms::wrap";
const UNWRAP: &str = "fieldseal::kms::Kms::unwrap";
const REWRAP: &str = "fieldseal::kms::Kms::rewrap";
const HOLDS: &str = "fieldseal::kms::Kms::holds";

const WRAPS: Promise = Promise::new(WRAP, "wrap takes any 32 bytes and any binding");
const NAMES_KEK: Promise = Promise::new(WRAP, "the copy is under the KEK that `kek` names");
const HIDES_KEY: Promise = Promise::new(WRAP, "the key can't be read from the copy");
const DIFFERS: Promise = Promise::new(WRAP, "repeating a call gives another copy");
const UNWRAPS: Promise = Promise::new(UNWRAP, "a copy unwraps to the key that was wrapped, under the same binding");
const BOUND: Promise = Promise::new(UNWRAP, "a copy is rejected under another binding than its own");
const AUTHENTIC: Promise = Promise::new(UNWRAP, "a copy that was changed is rejected");
const FOREIGN: Promise = Promise::new(UNWRAP, "a copy under another KEK is not found, and the text names that KEK");
const SHORT: Promise = Promise::new(UNWRAP, "the text about another KEK is short, however long its name");
const HOLDS_ITS_OWN: Promise = Promise::new(HOLDS, "a provider holds the KEK that it wraps under");
const HOLDS_NO_OTHER: Promise = Promise::new(HOLDS, "a provider holds no KEK but those it was configured with");
const REWRAPS: Promise = Promise::new(REWRAP, "rewrap wraps the same key again, and the old copy stays valid");
const SHARED: Promise = Promise::new("fieldseal::kms::Kms", "a provider is called from several threads");

/// Runs every test of the contract on a provider. `other` is one of the same kind with another KEK.
pub fn check(kms: &dyn Kms, other: &dyn Kms) {
    unwraps_what_it_wrapped(kms);
    refuses_another_binding(kms);
    refuses_a_changed_copy(kms);
    refuses_another_providers_copy(kms, other);
    refuses_names_that_it_does_not_hold(kms, other);
    rewraps_to_the_same_key(kms);
    threads_share_it(kms);
}

/// A data key for tests: 32 times that byte.
#[must_use]
pub fn data_key(byte: u8) -> DataKey {
    let key = DataKey::take(&mut [byte; DataKey::LEN]);
    key.unwrap_or_else(|| {
        Promise::new("fieldseal::keys::DataKey::take", "32 bytes are a key").broken("taken", &byte)
    })
}

/// The binding under which the tests wrap: of key 7, whose scope is a tenant's with a name beyond
/// ASCII.
#[must_use]
pub fn binding() -> Binding {
    Binding {
        id: key_id(7), scope: tenant("Zürich 🏥"), commitment: Commitment::from_bytes([9; Commitment::LEN])
    }
}

fn key_id(id: u32) -> KeyId {
    KeyId::new(id).unwrap_or_else(|| {
        Promise::new("fieldseal::keys::KeyId::new", "every number but 0 is one").broken("made", &id)
    })
}

fn tenant(name: &str) -> Scope {
    let scope = Scope::tenant(name);
    Promise::new("fieldseal::Scope::tenant", "any text of 1 to 65,535 bytes is a tenant").succeeds("named", scope)
}

fn wrap(kms: &dyn Kms) -> WrappedKey {
    WRAPS.succeeds("a key is wrapped", kms.wrap(&data_key(1), &binding()))
}

#[track_caller]
fn check_unwraps(promise: Promise, when: &str, kms: &dyn Kms, wrapped: &WrappedKey, binding: &Binding) {
    let key = promise.succeeds(when, kms.unwrap(wrapped, binding));
    promise.holds(*key.expose() == [1; DataKey::LEN], when, &"another key");
}

/// The application's scope and the longest tenant's too; no two copies are the same, and the key
/// isn't to be seen in them.
pub fn unwraps_what_it_wrapped(kms: &dyn Kms) {
    let application = Binding { scope: Scope::APPLICATION, ..binding() };
    let long = Binding { scope: tenant(&"x".repeat(65_535)), ..binding() };
    for (when, binding) in
        [("a tenant's key", binding()), ("the application's", application), ("the longest tenant's", long)]
    {
        let wrapped = WRAPS.succeeds(when, kms.wrap(&data_key(1), &binding));
        NAMES_KEK.equal(when, &wrapped.kek, &kms.kek());
        check_unwraps(UNWRAPS, when, kms, &wrapped, &binding);
        HIDES_KEY.holds(!wrapped.blob.windows(8).any(|part| part == [1; 8]), when, &wrapped);
        let again = WRAPS.succeeds(when, kms.wrap(&data_key(1), &binding));
        DIFFERS.holds(again.blob != wrapped.blob, when, &again);
        check_unwraps(UNWRAPS, when, kms, &again, &binding);
    }
}

/// Another key's id, the application's scope, another tenant, another commitment.
pub fn refuses_another_binding(kms: &dyn Kms) {
    let wrapped = wrap(kms);
    let mut commitment = *binding().commitment.as_bytes();
    if let Some(byte) = commitment.last_mut() {
        *byte ^= 1;
    }
    for other in [
        Binding { id: key_id(8), ..binding() },
        Binding { scope: Scope::APPLICATION, ..binding() },
        Binding { scope: tenant("Zürich 🏦"), ..binding() },
        Binding { commitment: Commitment::from_bytes(commitment), ..binding() },
    ] {
        let is_rejected = |error: Option<&KmsError>| matches!(error, Some(KmsError::Rejected));
        let (unwrapped, rewrapped) = (kms.unwrap(&wrapped, &other), kms.rewrap(&wrapped, &other));
        BOUND.holds(is_rejected(unwrapped.as_ref().err()), &format!("unwrapped under {other:?}"), &unwrapped);
        BOUND.holds(is_rejected(rewrapped.as_ref().err()), &format!("rewrapped under {other:?}"), &rewrapped);
    }
}

/// Every bit of it flipped, cut at either end to every length, and longer ones.
pub fn refuses_a_changed_copy(kms: &dyn Kms) {
    let WrappedKey { kek, blob } = wrap(kms);
    let refuse = |blob: Vec<u8>, what: String| {
        let wrapped = WrappedKey { kek: kek.clone(), blob };
        // A provider may name the KEK in its blob, and not find the one that a changed blob names.
        let is_refused =
            |error: Option<&KmsError>| matches!(error, Some(KmsError::Rejected | KmsError::NotFound { .. }));
        let (unwrapped, rewrapped) = (kms.unwrap(&wrapped, &binding()), kms.rewrap(&wrapped, &binding()));
        AUTHENTIC.holds(is_refused(unwrapped.as_ref().err()), &format!("unwrapped with {what}"), &unwrapped);
        AUTHENTIC.holds(is_refused(rewrapped.as_ref().err()), &format!("rewrapped with {what}"), &rewrapped);
    };
    for at in 0..blob.len() {
        for bit in 0..8 {
            let mut changed = blob.clone();
            if let Some(byte) = changed.get_mut(at) {
                *byte ^= 1 << bit;
            }
            refuse(changed, format!("bit {bit} of byte {at} flipped"));
        }
        let (first, last) = blob.split_at(at);
        refuse(first.to_vec(), format!("nothing but its first {at} bytes"));
        if at > 0 {
            refuse(last.to_vec(), format!("its first {at} bytes cut off"));
        }
    }
    for more in [1, 16, 65_536] {
        refuse([blob.clone(), vec![0; more]].concat(), format!("{more} more bytes"));
    }
}

/// As it is, and under this provider's name.
pub fn refuses_another_providers_copy(kms: &dyn Kms, other: &dyn Kms) {
    let foreign = wrap(other);
    match kms.unwrap(&foreign, &binding()) {
        Err(KmsError::NotFound { message: text, .. }) if text.contains(foreign.kek.as_str()) => {}
        result => FOREIGN.broken("another provider's copy is unwrapped", &result),
    }
    let relabelled = WrappedKey { kek: kms.kek(), blob: foreign.blob };
    match kms.unwrap(&relabelled, &binding()) {
        Err(KmsError::Rejected | KmsError::NotFound { .. }) => {}
        result => AUTHENTIC.broken("another provider's copy is unwrapped under this one's name", &result),
    }
}

/// What a key store could call a KEK: empty, other schemes, nearly the right one, another
/// provider's, and far too long.
pub fn refuses_names_that_it_does_not_hold(kms: &dyn Kms, other: &dyn Kms) {
    let wrapped = wrap(kms);
    let own = kms.kek().as_str().to_owned();
    let (longer, shorter) = (format!("{own}0"), own.chars().skip(1).collect::<String>());
    let other = other.kek().as_str().to_owned();
    HOLDS_ITS_OWN.holds(kms.holds(&kms.kek()), "asked for it", &own);
    for name in ["", "local:", "aws-kms:", "nonsense", &shorter, &longer, &other, &"x".repeat(1_000_000)] {
        let shown: String = name.chars().take(120).collect();
        HOLDS_NO_OTHER.holds(!kms.holds(&KekUri::new(name)), "asked for another", &shown);
        let wrapped = WrappedKey { kek: KekUri::new(name), ..wrapped.clone() };
        let unwrapped = kms.unwrap(&wrapped, &binding()).map(drop);
        let rewrapped = kms.rewrap(&wrapped, &binding()).map(drop);
        for result in [unwrapped, rewrapped] {
            match result {
                Err(KmsError::NotFound { message: text, .. }) => {
                    SHORT.holds(text.len() < 1000, &shown, &text.len())
                }
                result => FOREIGN.broken(&format!("a copy under {shown:?} is used"), &result),
            }
        }
    }
}

/// Nothing, where the copy is known to be under the newest version already, or another copy of the
/// same key.
pub fn rewraps_to_the_same_key(kms: &dyn Kms) {
    let wrapped = wrap(kms);
    let Some(again) = REWRAPS.succeeds("rewrapped", kms.rewrap(&wrapped, &binding())) else { return };
    REWRAPS.equal("the new copy's KEK", &again.kek, &kms.kek());
    REWRAPS.holds(again.blob != wrapped.blob, "the new copy", &again);
    check_unwraps(REWRAPS, "the new copy is unwrapped", kms, &again, &binding());
    check_unwraps(REWRAPS, "the old copy is unwrapped", kms, &wrapped, &binding());
}

/// Eight of them wrap and unwrap at once.
pub fn threads_share_it(kms: &dyn Kms) {
    on_threads(8, |_| check_unwraps(SHARED, "on one of eight threads", kms, &wrap(kms), &binding()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FaultyKms, KmsFault};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// Binds nothing: it forgets the binding that it's given.
    #[derive(Debug)]
    struct Unbound(FaultyKms);

    impl Kms for Unbound {
        fn kek(&self) -> KekUri {
            self.0.kek()
        }

        fn wrap(&self, key: &DataKey, _: &Binding) -> Result<WrappedKey, KmsError> {
            self.0.wrap(key, &binding())
        }

        fn unwrap(&self, wrapped: &WrappedKey, _: &Binding) -> Result<DataKey, KmsError> {
            self.0.unwrap(wrapped, &binding())
        }
    }

    fn said(test: impl Fn()) -> String {
        *catch_unwind(AssertUnwindSafe(test)).unwrap_err().downcast::<String>().unwrap()
    }

    #[test]
    fn a_broken_promise_is_named_and_where_it_is_written() {
        let (kms, other) = (FaultyKms::new(), FaultyKms::new());
        check(&kms, &other);
        kms.next(KmsFault::AnotherKey);
        let text = said(|| unwraps_what_it_wrapped(&kms));
        assert!(text.contains("to the key that was wrapped") && text.contains(UNWRAP), "{text}");
        kms.always(KmsFault::Denied);
        let text = said(|| rewraps_to_the_same_key(&kms));
        assert!(text.contains(WRAP) && text.contains("denied"), "{text}");
        let text = said(|| refuses_another_binding(&Unbound(FaultyKms::new())));
        assert!(text.contains("under another binding") && text.contains(UNWRAP), "{text}");
        // A provider and another one that are the same.
        let text = said(|| refuses_another_providers_copy(&other, &other));
        assert!(text.contains("another KEK is not found"), "{text}");
    }
}
