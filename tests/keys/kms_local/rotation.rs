//! New versions of the KEK, other files in its place, and several processes at one file.

use super::*;

#[test]
fn rotation_keeps_old_copies_readable_until_their_version_is_removed() {
    for passphrase in [None, Some(passphrase())] {
        let passphrase = passphrase.as_ref();
        let (_folder, path) = folder();
        let kms = crate::kms_local::create(&path, passphrase).unwrap();
        let elsewhere = crate::kms_local::open(&path, passphrase).unwrap();
        let old = kms.wrap(&data_key(1), &binding()).unwrap();
        let kek = kms.kek();
        assert_eq!(kms.rotate().unwrap(), 2);
        assert_eq!((kms.primary_version().unwrap(), kms.kek()), (2, kek));
        assert_eq!(kms.unwrap(&old, &binding()).unwrap().expose(), &[1; 32]);
        let new = kms.rewrap(&old, &binding()).unwrap().unwrap();
        assert_eq!(new.blob[..5], [1, 0, 0, 0, 2]);
        assert_eq!(kms.rewrap(&new, &binding()).unwrap(), None);
        // Another process that has the file open takes part at once.
        assert_eq!(elsewhere.wrap(&data_key(1), &binding()).unwrap().blob[..5], [1, 0, 0, 0, 2]);
        assert_eq!(elsewhere.unwrap(&new, &binding()).unwrap().expose(), &[1; 32]);
        assert!(elsewhere.rewrap(&old, &binding()).unwrap().is_some());

        assert!(matches!(kms.remove_version(2), Err(LocalError::VersionIsPrimary { version: 2, .. })));
        assert!(matches!(kms.remove_version(3), Err(LocalError::VersionMissing { version: 3, .. })));
        elsewhere.remove_version(1).unwrap();
        for kms in [kms, elsewhere, crate::kms_local::open(&path, passphrase).unwrap()] {
            assert_eq!(kms.versions().unwrap(), [2]);
            match kms.unwrap(&old, &binding()) {
                Err(KmsError::NotFound { message, .. }) => {
                    assert!(message.contains("has no version 1 of local:"), "{message}")
                }
                result => panic!("{result:?}"),
            }
            assert_eq!(kms.unwrap(&new, &binding()).unwrap().expose(), &[1; 32]);
            assert!(matches!(kms.remove_version(1), Err(LocalError::VersionMissing { version: 1, .. })));
        }
    }
}

#[test]
fn a_file_that_is_gone_or_another_one_is_noticed() {
    let (folder, path) = folder();
    let kms = Local::create(&path).unwrap();
    let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
    let away = folder.path().join("away");
    fs::rename(&path, &away).unwrap();
    assert!(matches!(kms.unwrap(&wrapped, &binding()), Err(KmsError::NotFound { .. })));
    assert!(matches!(kms.wrap(&data_key(1), &binding()), Err(KmsError::NotFound { .. })));
    assert!(matches!(kms.rotate(), Err(LocalError::NotFound { .. })));
    for passphrase in [None, Some(passphrase())] {
        let other = crate::kms_local::create(&path, passphrase.as_ref()).unwrap();
        assert!(matches!(kms.unwrap(&wrapped, &binding()), Err(KmsError::Misconfigured { .. })));
        assert!(matches!(kms.rotate(), Err(LocalError::Replaced { .. })));
        assert_eq!(other.versions().unwrap(), [1], "the other file was left alone");
        fs::remove_file(&path).unwrap();
    }
    fs::rename(&away, &path).unwrap();
    assert_eq!(kms.unwrap(&wrapped, &binding()).unwrap().expose(), &[1; 32]);
    assert_eq!(kms.rotate().unwrap(), 2);
}

#[test]
fn a_protected_file_that_is_replaced_is_told_from_a_damaged_one() {
    let (_folder, path) = folder();
    let kms = Local::create_with_passphrase(&path, &passphrase()).unwrap();
    for other in [Some(passphrase()), None] {
        fs::remove_file(&path).unwrap();
        let other = crate::kms_local::create(&path, other.as_ref()).unwrap();
        assert!(matches!(kms.versions(), Err(LocalError::Replaced { .. })));
        assert!(matches!(kms.rotate(), Err(LocalError::Replaced { .. })));
        assert_eq!(other.versions().unwrap(), [1]);
    }
}

#[test]
fn many_rotations_at_once_lose_none() {
    let (_folder, path) = folder();
    Local::create_with_passphrase(&path, &passphrase()).unwrap();
    let shared = Local::open_with_passphrase(&path, &passphrase()).unwrap();
    let work = |thread: u32| {
        let own = Local::open_with_passphrase(&path, &passphrase()).unwrap();
        let kms = if thread.is_multiple_of(2) { &shared } else { &own };
        for _ in 0..5 {
            let wrapped = kms.wrap(&data_key(1), &binding()).unwrap();
            kms.rotate().unwrap();
            kms.unwrap(&wrapped, &binding()).unwrap();
        }
    };
    let work = &work;
    std::thread::scope(|threads| {
        for thread in 0..4 {
            threads.spawn(move || work(thread));
        }
    });
    assert_eq!(shared.versions().unwrap(), (1..=21).collect::<Vec<_>>());
    assert_eq!(shared.primary_version().unwrap(), 21);
}

#[test]
fn threads_and_processes_that_create_at_once_end_with_one_file() {
    let (folder, path) = folder();
    let program = std::env::current_exe().unwrap();
    let children: Vec<_> = (0..4)
        .map(|_| {
            std::process::Command::new(&program)
                .args(["--exact", "kms_local::rotation::in_a_child_process", "--nocapture"])
                .env("FIELDSEAL_TEST_KEK", &path)
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let keks: Vec<_> = std::thread::scope(|threads| {
        let open = || Local::open_or_create_with_passphrase(&path, &passphrase()).unwrap().kek();
        let running: Vec<_> = (0..8).map(|_| threads.spawn(open)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let kek = Local::open_with_passphrase(&path, &passphrase()).unwrap().kek();
    assert!(keks.iter().all(|other| *other == kek));
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(&format!("opened {kek}")), "{text}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the file");
}

/// Run by the test above, with a path.
#[test]
fn in_a_child_process() {
    if let Some(path) = std::env::var_os("FIELDSEAL_TEST_KEK") {
        println!("opened {}", Local::open_or_create_with_passphrase(path, &passphrase()).unwrap().kek());
    }
}
