use super::*;

fn read_all(path: &Path, max: u64) -> Result<Vec<u8>, ReadError> {
    let mut content = Vec::new();
    read(path, max, &mut content).map(|_| content)
}

#[test]
fn create_never_overwrites_and_leaves_nothing_beside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    create(&path, b"one").unwrap();
    assert_eq!(create(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"one");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn replace_needs_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    assert_eq!(replace(&path, b"two").unwrap_err().kind(), io::ErrorKind::NotFound);
    create(&path, b"one").unwrap();
    replace(&path, b"two").unwrap();
    assert_eq!(read_all(&path, 3).unwrap(), b"two");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn mode_is_owner_only_at_first_and_then_stays_what_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    create(&path, b"one").unwrap();
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    replace(&path, b"two").unwrap();
    assert_eq!(mode(), 0o640);
}

#[cfg(unix)]
#[test]
fn a_link_goes_on_naming_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("a"), folder.path().join("link"));
    create(&path, b"one").unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    replace(&link, b"two").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(read_all(&path, 3).unwrap(), b"two");
}

#[test]
fn reads_up_to_the_limit_and_only_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    create(&path, b"four").unwrap();
    assert_eq!(read_all(&path, 4).unwrap(), b"four");
    assert!(matches!(read_all(&path, 3), Err(ReadError::TooLarge)));
    assert!(matches!(read_all(folder.path(), 9), Err(ReadError::NotAFile)));
    assert!(matches!(read_all(&folder.path().join("b"), 9), Err(ReadError::Io(_))));
}

#[test]
fn a_lock_excludes_other_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    create(&path, b"0").unwrap();
    let add_ten = || {
        for _ in 0..10 {
            let _lock = lock(&path).unwrap();
            let old: u32 = String::from_utf8(read_all(&path, 9).unwrap()).unwrap().parse().unwrap();
            replace(&path, (old + 1).to_string().as_bytes()).unwrap();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(add_ten);
        }
    });
    assert_eq!(read_all(&path, 9).unwrap(), b"40");
}

#[test]
fn a_replaced_file_has_another_stamp() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    create(&path, b"one").unwrap();
    let stamp = Stamp::of(&fs::metadata(&path).unwrap());
    assert_eq!(stamp, Stamp::of(&fs::metadata(&path).unwrap()));
    replace(&path, b"two").unwrap();
    assert_ne!(stamp, Stamp::of(&fs::metadata(&path).unwrap()));
}

#[cfg(unix)]
#[test]
fn an_administrator_does_not_take_the_file_away_from_its_owner() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    const SOMEBODY: u32 = 54_321;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    create(&path, b"one").unwrap();
    if chown(&path, Some(SOMEBODY), Some(SOMEBODY)).is_err() {
        eprintln!("skipped: only root can give a file away");
        return;
    }
    drop(lock(&path).unwrap());
    replace(&path, b"two").unwrap();
    for name in ["a", "a.lock"] {
        let metadata = fs::metadata(folder.path().join(name)).unwrap();
        assert_eq!(
            (metadata.uid(), metadata.gid(), metadata.mode() & 0o777),
            (SOMEBODY, SOMEBODY, 0o600),
            "{name}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_lock_is_never_made_or_given_away_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    create(&path, b"{}").unwrap();
    for target in [folder.path().join("not-there"), path.clone()] {
        std::os::unix::fs::symlink(&target, folder.path().join("keys.json.lock")).unwrap();
        assert_eq!(lock(&path).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(!folder.path().join("not-there").exists());
        fs::remove_file(folder.path().join("keys.json.lock")).unwrap();
    }
    drop(lock(&path).unwrap());
    drop(lock(&path).unwrap());
}
