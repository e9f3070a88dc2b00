//! What every KMS provider keeps to. The parts can be run one by one, where an emulator doesn't implement all of them.

#![allow(dead_code, reason = "each test binary uses its part")]

use fieldseal::kms::{Kms, KmsError};
use fieldseal::{Binding, Commitment, DataKey, KekUri, KeyId, Scope, WrappedKey};

/// Runs the contract on a provider; `other` is one of the same kind with another KEK.
pub(crate) fn check(kms: &dyn Kms, other: &dyn Kms) {
    unwraps_what_it_wrapped(kms);
    refuses_another_binding(kms);
    refuses_a_changed_copy(kms);
    refuses_another_providers_copy(kms, other);
    refuses_names_that_it_does_not_hold(kms, other);
    rewraps_to_the_same_key(kms);
}

pub(crate) fn data_key(byte: u8) -> DataKey {
    DataKey::take(&mut [byte; 32]).unwrap()
}

pub(crate) fn binding() -> Binding {
    Binding {
        id: KeyId::new(7).unwrap(),
        scope: Scope::tenant("Zürich 🏥").unwrap(),
        commitment: Commitment::from_bytes([9; 32]),
    }
}

pub(crate) fn unwraps_what_it_wrapped(kms: &dyn Kms) {
    let application = Binding { scope: Scope::APPLICATION, ..binding() };
    let long = Binding { scope: Scope::tenant("x".repeat(65_535)).unwrap(), ..binding() };
    for binding in [binding(), application, long] {
        let wrapped = kms.wrap(&data_key(1), &binding).unwrap();
        assert_eq!(wrapped.kek, kms.kek());
        assert_eq!(kms.unwrap(&wrapped, &binding).unwrap().expose(), &[1; 32]);
        assert!(!wrapped.blob.windows(8).any(|part| part == [1; 8]), "the key is not in the blob");
        let again = kms.wrap(&data_key(1), &binding).unwrap();
        assert_ne!(again.blob, wrapped.blob, "no two copies are the same");
        assert_eq!(kms.unwrap(&again, &binding).unwrap().expose(), &[1; 32]);
    }
}

pub(crate) fn refuses_another_binding(kms: &dyn Kms) {
    let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
    let mut commitment = *binding().commitment.as_bytes();
    commitment[31] ^= 1;
    for other in [
        Binding { id: KeyId::new(8).unwrap(), ..binding() },
        Binding { scope: Scope::APPLICATION, ..binding() },
        Binding { scope: Scope::tenant("Zürich 🏦").unwrap(), ..binding() },
        Binding { commitment: Commitment::from_bytes(commitment), ..binding() },
    ] {
        assert!(matches!(kms.unwrap(&wrapped, &other), Err(KmsError::Rejected)), "{other:?}");
        assert!(matches!(kms.rewrap(&wrapped, &other), Err(KmsError::Rejected)), "{other:?}");
    }
}

pub(crate) fn refuses_a_changed_copy(kms: &dyn Kms) {
    let WrappedKey { kek, blob } = kms.wrap(&data_key(1), &binding()).unwrap();
    let refuse = |blob: Vec<u8>, what: String| {
        let wrapped = WrappedKey { kek: kek.clone(), blob };
        for error in [kms.unwrap(&wrapped, &binding()).unwrap_err(), kms.rewrap(&wrapped, &binding()).unwrap_err()]
        {
            // A provider may name the KEK in its blob, and not find the one that a changed blob names.
            assert!(matches!(error, KmsError::Rejected | KmsError::NotFound(_)), "{what}: {error:?}");
        }
    };
    for bit in 0..blob.len() * 8 {
        let mut changed = blob.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        refuse(changed, format!("bit {bit}"));
    }
    for len in 0..blob.len() {
        refuse(blob[..len].to_vec(), format!("cut to {len}"));
        refuse(blob[blob.len() - len..].to_vec(), format!("last {len}"));
    }
    for more in [1, 16, 65_536] {
        refuse([blob.clone(), vec![0; more]].concat(), format!("{more} more"));
    }
}

pub(crate) fn refuses_another_providers_copy(kms: &dyn Kms, other: &dyn Kms) {
    let foreign = other.wrap(&data_key(1), &binding()).unwrap();
    match kms.unwrap(&foreign, &binding()) {
        Err(KmsError::NotFound(message)) => assert!(message.contains(foreign.kek.as_str()), "{message}"),
        result => panic!("{result:?}"),
    }
    let relabelled = WrappedKey { kek: kms.kek(), blob: foreign.blob };
    assert!(matches!(kms.unwrap(&relabelled, &binding()), Err(KmsError::Rejected | KmsError::NotFound(_))));
}

pub(crate) fn refuses_names_that_it_does_not_hold(kms: &dyn Kms, other: &dyn Kms) {
    let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
    let own = kms.kek().as_str().to_owned();
    let longer = format!("{own}0");
    let other = other.kek().as_str().to_owned();
    assert!(kms.holds(&kms.kek()));
    for name in ["", "local:", "aws-kms:", "nonsense", &own[1..], &longer, &other, &"x".repeat(1_000_000)] {
        assert!(!kms.holds(&KekUri::new(name)), "{name}");
        let wrapped = WrappedKey { kek: KekUri::new(name), ..wrapped.clone() };
        for error in [kms.unwrap(&wrapped, &binding()).unwrap_err(), kms.rewrap(&wrapped, &binding()).unwrap_err()]
        {
            match error {
                KmsError::NotFound(message) => assert!(message.len() < 1000),
                error => panic!("{error:?}"),
            }
        }
    }
}

/// Nothing, where the copy is known to be under the newest version already, or another copy of the same key.
pub(crate) fn rewraps_to_the_same_key(kms: &dyn Kms) {
    let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
    let Some(again) = kms.rewrap(&wrapped, &binding()).unwrap() else { return };
    assert_eq!(again.kek, kms.kek());
    assert_ne!(again.blob, wrapped.blob);
    for copy in [again, wrapped] {
        assert_eq!(kms.unwrap(&copy, &binding()).unwrap().expose(), &[1; 32]);
    }
}
