//! What is refused, and what is written with which mode.
#![expect(clippy::disallowed_methods, reason = "tests look at the files themselves")]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use super::*;

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).expect("it is there").mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("the mode is set");
}

#[test]
fn a_directory_is_made_for_us_alone_and_found_again() {
    let root = temporary();
    let path = root.path().join("a/b/standin");
    let made = PrivateDir::create(&path).expect("made");
    let child = made.create_child("run-1").expect("made");
    for directory in [
        root.path().join("a"),
        root.path().join("a/b"),
        path.clone(),
        path.join("run-1"),
    ] {
        assert_eq!(mode(&directory), 0o700, "{}", directory.display());
    }
    assert_eq!(child.path(), path.join("run-1"));
    assert_eq!(PrivateDir::create(&path.join(".")).expect("found").path(), path);
    assert_eq!(
        PrivateDir::open(&path).expect("found").names().expect("listed"),
        ["run-1"]
    );
    assert!(PrivateDir::open(&root.path().join("absent")).is_err());
    assert!(made.open_child("absent").is_err());
}

#[test]
fn a_symlink_is_refused_wherever_it_leads_and_however_it_is_written() {
    let root = temporary();
    let target = PrivateDir::create(&root.path().join("target")).expect("made");
    symlink(target.path(), root.path().join("link")).expect("linked");
    symlink(root.path().join("nowhere"), root.path().join("dangling")).expect("linked");
    symlink(target.path(), target.path().join("child")).expect("linked");
    for name in ["link", "link/", "link/.", "dangling"] {
        let result = PrivateDir::create(&root.path().join(name));
        assert!(matches!(result, Err(PrivateDirError::Unfit(_))), "{name}: {result:?}");
    }
    assert!(matches!(target.create_child("child"), Err(PrivateDirError::Unfit(_))));
    assert!(!root.path().join("nowhere").exists());
}

#[test]
fn a_directory_that_others_may_reach_is_refused() {
    let root = temporary();
    for refused in [0o755, 0o777, 0o750, 0o701, 0o500] {
        let path = root.path().join(format!("{refused:o}"));
        std::fs::create_dir(&path).expect("made");
        set_mode(&path, refused);
        let result = PrivateDir::create(&path);
        assert!(
            matches!(&result, Err(PrivateDirError::Unfit(why)) if why.what.contains(&format!("has mode {refused:04o}"))),
            "{result:?}"
        );
        assert_eq!(mode(&path), refused, "it was left as it was");
    }
}

#[test]
fn a_directory_of_another_user_and_a_file_are_refused() {
    let root = temporary();
    let file = root.path().join("file");
    std::fs::write(&file, "").expect("written");
    assert!(matches!(
        PrivateDir::create(&file),
        Err(PrivateDirError::NotADirectory(_))
    ));
    // Only root can give a directory away; anybody else finds one of root's own.
    let ours = rustix::process::geteuid().as_raw();
    let foreign = if ours == 0 {
        let path = root.path().join("foreign");
        std::fs::create_dir(&path).expect("made");
        set_mode(&path, 0o700);
        std::os::unix::fs::chown(&path, Some(4242), None).expect("given away");
        path
    } else {
        PathBuf::from("/usr")
    };
    let result = PrivateDir::create(&foreign);
    assert!(matches!(result, Err(PrivateDirError::Unfit(_))), "{result:?}");
}

#[test]
fn files_are_ours_alone_and_written_whole() {
    let root = temporary();
    let directory = PrivateDir::create(&root.path().join("d")).expect("made");
    let path = directory.write("sealed.json", b"one").expect("written");
    directory.write("sealed.json", b"two").expect("replaced");
    assert_eq!(directory.read("sealed.json").expect("read"), b"two");
    assert_eq!(mode(&path), 0o600);

    let mut journal = directory.create_file("journal").expect("made");
    journal.write_all(b"a\n").expect("written");
    directory
        .open_file("journal")
        .expect("opened")
        .write_all(b"b\n")
        .expect("appended");
    assert_eq!(directory.read("journal").expect("read"), b"a\nb\n");
    assert!(directory.create_file("journal").is_err(), "it is there already");
    assert_eq!(directory.names().expect("listed"), ["journal", "sealed.json"]);

    directory.remove_file("journal").expect("removed");
    directory.remove_file("journal").expect("absent is as good");
    directory
        .create_child("run")
        .expect("made")
        .write("x", b"")
        .expect("written");
    directory.remove_child("run").expect("removed");
    directory.remove_child("run").expect("absent is as good");
    assert_eq!(directory.names().expect("listed"), ["sealed.json"]);
}

#[test]
fn a_link_in_place_of_a_file_is_not_followed() {
    let root = temporary();
    let victim = root.path().join("victim");
    std::fs::write(&victim, "victim").expect("written");
    let directory = PrivateDir::create(&root.path().join("d")).expect("made");
    symlink(&victim, directory.path().join("file")).expect("linked");
    assert!(directory.create_file("file").is_err());
    assert!(directory.open_file("file").is_err());
    assert!(directory.read("file").is_err());
    directory.write("file", b"mine").expect("the link is replaced");
    write_private_file(&root.path().join("d/file"), b"new").expect("written");
    assert_eq!(directory.read("file").expect("read"), b"new");
    assert_eq!(std::fs::read(&victim).expect("read"), b"victim");

    symlink(&victim, root.path().join("credentials")).expect("linked");
    write_private_file(&root.path().join("credentials"), b"secret").expect("written");
    assert_eq!(mode(&root.path().join("credentials")), 0o600);
    assert_eq!(std::fs::read(&victim).expect("read"), b"victim");
}

#[test]
fn a_name_is_one_segment() {
    let root = temporary();
    let directory = PrivateDir::create(&root.path().join("d")).expect("made");
    for name in ["", ".", "..", "../d", "a/b", "a\\b", "a\0b"] {
        assert!(
            directory.create_child(name).is_err() && directory.write(name, b"").is_err(),
            "{name:?}"
        );
    }
    assert!(directory.names().expect("listed").is_empty());
}

#[test]
fn the_directory_that_was_checked_is_the_one_that_is_used() {
    let root = temporary();
    let path = root.path().join("d");
    let directory = PrivateDir::create(&path).expect("made");
    std::fs::rename(&path, root.path().join("moved")).expect("moved away");
    std::fs::create_dir(&path).expect("another in its place");
    directory.write("secret", b"x").expect("written");
    assert!(root.path().join("moved/secret").exists() && !path.join("secret").exists());
}
