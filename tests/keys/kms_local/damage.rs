//! A KEK file that was changed, cut, or made by somebody hostile.

use super::*;

#[test]
fn a_changed_byte_is_refused_or_means_the_same() {
    change_every_byte(None);
}

#[test]
fn a_changed_byte_is_refused_or_means_the_same_with_a_passphrase() {
    change_every_byte(Some(&passphrase()));
}

/// Each bit of a KEK file flipped, and each byte replaced by what JSON might overlook.
fn change_every_byte(passphrase: Option<&Passphrase>) {
    let (_folder, path) = folder();
    let kms = crate::kms_local::create(&path, passphrase).unwrap();
    kms.rotate().unwrap();
    let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
    let text = fs::read(&path).unwrap();
    let secrets = keys_in(std::str::from_utf8(&text).unwrap());
    let mut same = 0;
    for at in 0..text.len() {
        let flipped = (0..8).map(|bit| text[at] ^ (1 << bit));
        for byte in flipped.chain(*b" \n0\"").filter(|byte| *byte != text[at]) {
            let mut changed = text.clone();
            changed[at] = byte;
            fs::write(&path, &changed).unwrap();
            match crate::kms_local::open(&path, passphrase) {
                Ok(kms) => {
                    assert!(text[at].is_ascii_whitespace() && byte.is_ascii_whitespace(), "byte {at}");
                    assert_eq!(kms.unwrap(&wrapped, &binding()).unwrap().expose(), &[1; 32]);
                    same += 1;
                }
                Err(error) => {
                    let said = format!("{error} {error:?}");
                    assert!(!secrets.iter().any(|secret| said.contains(&secret[..12])), "{said}");
                }
            }
        }
    }
    assert!(same > 0);
}

#[test]
fn a_file_cut_short_is_refused() {
    let (_folder, path) = folder();
    Local::create(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for end in 0..text.trim_end().len() {
        fs::write(&path, &text[..end]).unwrap();
        assert!(matches!(Local::open(&path), Err(LocalError::NotJson { .. })), "{end}");
    }
}

#[test]
fn each_kind_of_damage_is_told_apart() {
    let (_folder, path) = folder();
    Local::create(&path).unwrap().rotate().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let (id, keys) = (text.split('"').nth(7).unwrap().to_owned(), keys_in(&text));
    let open = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        write(&path, text.replacen(from, to, 1));
        Local::open(&path).unwrap_err()
    };
    macro_rules! refused {
        ($from:expr, $to:expr, $error:pat) => {
            let error = open($from, $to);
            assert!(matches!(error, $error), "{:?} -> {:?}: {error:?}", $from, $to);
        };
    }
    refused!("\"id\"", "id", LocalError::NotJson { .. });
    refused!("null", "nil", LocalError::NotJson { .. });
    refused!("}\n", "}}", LocalError::NotJson { .. });
    refused!("{", "", LocalError::UnknownFormat { .. });
    refused!("kek/1", "kek/2", LocalError::UnknownFormat { .. });
    refused!("\"fieldseal-kek/1\"", "1", LocalError::UnknownFormat { .. });
    refused!("\"format\"", "\"former\"", LocalError::UnknownFormat { .. });
    refused!("\"mac\"", "\"max\"", LocalError::Malformed { .. });
    refused!("\"passphrase\": null,", "", LocalError::Malformed { .. });
    refused!("\"passphrase\": null,", "\"passphrase\": null, \"passphrase\": null,", LocalError::Malformed { .. });
    refused!("\"passphrase\": null", "\"passphrase\": {}", LocalError::Malformed { .. });
    refused!("\"version\": 1", "\"version\": \"1\"", LocalError::Malformed { .. });
    refused!("\"version\": 1", "\"version\": -1", LocalError::Malformed { .. });
    refused!("\"version\": 1", "\"version\": 4294967296", LocalError::Malformed { .. });
    refused!("\"version\": 1", "\"version\": 1, \"state\": 1", LocalError::Malformed { .. });
    refused!(&keys[0], "*", LocalError::Malformed { .. });
    refused!(&keys[0], &format!("{}=", keys[0]), LocalError::Malformed { .. });
    refused!(&keys[0], &"A".repeat(500_000), LocalError::Malformed { .. });
    refused!(&keys[0], "", LocalError::BadField { .. });
    refused!(&keys[0], &"A".repeat(96), LocalError::BadField { .. });
    refused!("\"version\": 1", "\"version\": 0", LocalError::BadField { .. });
    refused!(&id, &id[1..], LocalError::BadField { .. });
    refused!(&id, &"G".repeat(32), LocalError::BadField { .. });
    refused!("\"version\": 1", "\"version\": 2", LocalError::DuplicateVersion { version: 2, .. });
    refused!("\"primary\": 2", "\"primary\": 3", LocalError::PrimaryMissing { primary: 3, .. });
    refused!("\"primary\": 2", "\"primary\": 1", LocalError::MacMismatch { .. });
    refused!("\"version\": 1", "\"version\": 3", LocalError::MacMismatch { .. });
    refused!(&id, &"0".repeat(32), LocalError::MacMismatch { .. });
    refused!(&keys[0], &keys[1], LocalError::MacMismatch { .. });
}

#[test]
fn hostile_argon2_parameters_cost_nothing() {
    let (_folder, path) = folder();
    Local::create_with_passphrase(&path, &passphrase()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for (from, to) in [
        ("\"memory_kib\": 8", "\"memory_kib\": 4294967295"),
        ("\"memory_kib\": 8", "\"memory_kib\": 1048577"),
        ("\"memory_kib\": 8", "\"memory_kib\": 7"),
        ("\"iterations\": 1", "\"iterations\": 101"),
        ("\"iterations\": 1", "\"iterations\": 0"),
        ("\"parallelism\": 1", "\"parallelism\": 65"),
        ("\"parallelism\": 1", "\"parallelism\": 2"),
    ] {
        assert!(text.contains(from));
        write(&path, text.replace(from, to));
        let started = std::time::Instant::now();
        assert!(matches!(Local::open_with_passphrase(&path, &passphrase()), Err(LocalError::Argon2Params)), "{to}");
        assert!(started.elapsed().as_secs() < 1, "{to}");
    }
}
