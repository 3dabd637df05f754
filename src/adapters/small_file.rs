//! Small files that others name: the configuration, what it names, and what the runner writes for a job.
//!
//! Nothing but a regular file is opened for use, opening never waits, and what is read has a bound. Files of our own are
//! `private_dir`'s.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the adapter that owns files which others name"
)]

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

/// A configuration and each file that it names are read up to here.
pub const SIZE_MAX: u64 = 1024 * 1024;
/// The longest path that a system takes, and the longest name in it.
const PATH_MAX: usize = 4096;
const NAME_MAX: usize = 255;
/// Folders of views that the system makes up: what is there looks like a file, and is the memory of some process.
const VIEWS: [&str; 2] = ["/proc", "/sys"];

/// Why a file can't be used.
#[derive(Debug, Error)]
pub enum SmallFileError {
    /// It is something else.
    #[error("it is {0}, not a regular file")]
    NotRegular(&'static str),
    /// It is larger than may be read.
    #[error("it is over {} MiB", .0 >> 20)]
    TooLarge(u64),
    /// It holds other bytes than text.
    #[error("it is not UTF-8")]
    NotText,
    /// A link of the workspace leads to what the repository does not hold.
    #[error("a symlink leads out of the workspace")]
    LeadsOut,
    /// The system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Where the job's checkout is. Links in it may not lead out of it: whoever wrote them need not own the machine.
#[derive(Clone, Debug, Default)]
pub struct Workspace(Vec<PathBuf>);

impl Workspace {
    /// What the host names, else the working directory.
    pub fn of(named: Option<&Path>) -> Self {
        let named = named.and_then(|path| std::fs::canonicalize(path).ok());
        let mut roots: Vec<PathBuf> = named.into_iter().collect();
        if let Some(here) = std::env::current_dir().ok().and_then(|here| here.canonicalize().ok()) {
            // A job that stands above its checkout, as in `/`, is not all of the machine's.
            if !roots.iter().any(|root| root.starts_with(&here)) {
                roots.push(here);
            }
        }
        Self(roots)
    }

    fn holds(&self, path: &Path) -> bool {
        self.0.iter().any(|root| path.starts_with(root))
    }

    /// Follows a path link by link to where it ends. Only a link within the workspace can be wrong: what the path itself
    /// says was said by whoever gave it.
    fn follow(&self, path: &Path) -> Result<PathBuf, SmallFileError> {
        let mut at = PathBuf::new();
        for component in std::path::absolute(path)?.components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => {
                    at.pop();
                }
                Component::Prefix(_) | Component::RootDir => at.push(component),
                Component::Normal(name) => {
                    let next = at.join(name);
                    if !std::fs::symlink_metadata(&next)?.is_symlink() {
                        at = next;
                        continue;
                    }
                    let target = next.canonicalize()?;
                    if self.holds(&at) && !self.holds(&target) {
                        return Err(SmallFileError::LeadsOut);
                    }
                    at = target;
                }
            }
        }
        Ok(at)
    }
}

/// The content of a file of at most `max` bytes. No link of the workspace may lead to it from outside.
pub fn read(path: &Path, workspace: &Workspace, max: u64) -> Result<Vec<u8>, SmallFileError> {
    // Asked first for the message alone: what is opened below is looked at again.
    regular(&std::fs::metadata(path)?)?;
    let path = workspace.follow(path)?;
    if VIEWS.iter().any(|view| path.starts_with(view)) {
        return Err(SmallFileError::NotRegular("a virtual file of the system"));
    }
    let file = open_regular(OpenOptions::new().read(true), &path)?;
    let mut bytes = Vec::new();
    file.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(SmallFileError::TooLarge(max));
    }
    Ok(bytes)
}

/// The text of a file of at most [`SIZE_MAX`] bytes.
pub fn read_text(path: &Path, workspace: &Workspace) -> Result<String, SmallFileError> {
    String::from_utf8(read(path, workspace, SIZE_MAX)?).map_err(|_| SmallFileError::NotText)
}

/// What comes in on standard input, at most `max` bytes, up to its end.
pub fn read_input(max: u64) -> Result<Vec<u8>, SmallFileError> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(SmallFileError::TooLarge(max));
    }
    Ok(bytes)
}

/// Writes a file that is not there yet, and the folders that it needs. Nothing that exists is touched, not even a link that
/// leads nowhere.
pub fn create_new(path: &Path, text: &str) -> Result<(), SmallFileError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}

/// Is there anything under this name?
pub fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Can this be meant as a path? What a variable holds may be the content itself, which is no name to print.
pub fn can_be_a_path(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let is_content = text.chars().any(char::is_control) || text.contains("-----BEGIN ");
    !is_content && text.len() <= PATH_MAX && text.split('/').all(|name| name.len() <= NAME_MAX)
}

/// Opens a file to append to it, and makes it where it is not there.
pub fn append_to(path: &Path) -> Result<File, SmallFileError> {
    open_regular(OpenOptions::new().append(true).create(true), path)
}

/// May a file be written under this name? What is there would be replaced, so it must be a regular file.
pub fn check_target(path: &Path) -> Result<(), SmallFileError> {
    // `/dev/stdout` is a link into a view, and may lead to a regular file.
    let into_a_view = std::fs::read_link(path).is_ok_and(|to| VIEWS.iter().any(|view| to.starts_with(view)));
    if into_a_view {
        return Err(SmallFileError::NotRegular("a stream"));
    }
    match std::fs::metadata(path) {
        Ok(found) => regular(&found),
        // That it can't be written is said when it is.
        Err(_) => Ok(()),
    }
}

/// Opens what must turn out to be a regular file. Without `O_NONBLOCK` a pipe would keep us waiting for its other end.
fn open_regular(options: &mut OpenOptions, path: &Path) -> Result<File, SmallFileError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        use rustix::fs::OFlags;

        let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    }
    if let Ok(found) = std::fs::metadata(path) {
        regular(&found)?;
    }
    let file = options.open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

fn regular(found: &Metadata) -> Result<(), SmallFileError> {
    if found.is_file() {
        return Ok(());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;

        let kind = found.file_type();
        if kind.is_fifo() {
            return Err(SmallFileError::NotRegular("a pipe"));
        }
        if kind.is_socket() {
            return Err(SmallFileError::NotRegular("a socket"));
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Err(SmallFileError::NotRegular("a device"));
        }
    }
    Err(SmallFileError::NotRegular(if found.is_dir() {
        "a directory"
    } else {
        "something else"
    }))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    fn workspace(root: &Path) -> Workspace {
        Workspace::of(Some(root))
    }

    fn pipe(path: &Path) {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
    }

    #[test]
    fn nothing_but_a_small_regular_file_is_read_and_nothing_is_waited_for() {
        let root = tempfile::tempdir().expect("a directory");
        let at = |name: &str| root.path().join(name);
        pipe(&at("pipe"));
        std::fs::write(at("large"), vec![b'x'; 1024 * 1024 + 1]).expect("written");
        std::fs::write(at("right"), vec![b'x'; 1024 * 1024]).expect("written");
        std::fs::write(at("bytes"), [0xff]).expect("written");
        let workspace = workspace(root.path());
        for (path, expected) in [
            (at("pipe"), "it is a pipe, not a regular file"),
            (root.path().to_owned(), "it is a directory, not a regular file"),
            ("/dev/zero".into(), "it is a device, not a regular file"),
            (
                "/proc/self/environ".into(),
                "it is a virtual file of the system, not a regular file",
            ),
            (at("large"), "it is over 1 MiB"),
            (at("bytes"), "it is not UTF-8"),
            (at("absent"), "No such file or directory (os error 2)"),
        ] {
            let error = read_text(&path, &workspace).expect_err("refused");
            assert_eq!(error.to_string(), expected, "{}", path.display());
        }
        assert!(read_text(&at("right"), &workspace).is_ok());
    }

    #[test]
    fn a_link_of_the_workspace_leads_nowhere_else() {
        let root = tempfile::tempdir().expect("a directory");
        let at = |name: &str| root.path().join(name);
        for folder in ["shop", "shop/qa", "other"] {
            std::fs::create_dir(at(folder)).expect("made");
        }
        for file in ["shop/accounts.yml", "other/secret.yml"] {
            std::fs::write(at(file), "x: 1").expect("written");
        }
        symlink("../accounts.yml", at("shop/qa/within.yml")).expect("linked");
        symlink("../../other/secret.yml", at("shop/qa/out.yml")).expect("linked");
        symlink("../other", at("shop/folder")).expect("linked");
        symlink("/proc/self/environ", at("shop/environ.yml")).expect("linked");
        symlink("secret.yml", at("other/alias.yml")).expect("linked");
        let workspace = workspace(&at("shop"));
        let is_read = |name: &str| read_text(&at(name), &workspace).is_ok();
        assert!(is_read("shop/accounts.yml") && is_read("shop/qa/within.yml"));
        // Whoever named these chose to leave the workspace.
        assert!(is_read("other/secret.yml") && is_read("shop/../other/secret.yml") && is_read("other/alias.yml"));
        for name in ["shop/qa/out.yml", "shop/folder/secret.yml", "shop/environ.yml"] {
            let error = read_text(&at(name), &workspace).expect_err("refused");
            assert!(matches!(error, SmallFileError::LeadsOut), "{name}: {error}");
        }
    }

    #[test]
    fn what_exists_is_never_written() {
        let root = tempfile::tempdir().expect("a directory");
        let at = |name: &str| root.path().join(name);
        std::fs::write(at("file"), "x").expect("written");
        symlink("nowhere", at("link")).expect("linked");
        for name in ["file", "link"] {
            assert!(exists(&at(name)) && create_new(&at(name), "y").is_err(), "{name}");
        }
        create_new(&at("a/b/new"), "y").expect("written");
        assert_eq!(std::fs::read_to_string(at("a/b/new")).expect("read"), "y");
        assert_eq!(std::fs::read_to_string(at("file")).expect("read"), "x");
        assert!(!at("nowhere").exists());
    }

    #[test]
    fn nothing_but_a_regular_file_is_written_and_no_reader_is_waited_for() {
        let root = tempfile::tempdir().expect("a directory");
        let at = |name: &str| root.path().join(name);
        pipe(&at("pipe"));
        std::fs::write(at("file"), "x").expect("written");
        symlink("/proc/self/fd/1", at("stdout")).expect("linked");
        assert!(append_to(&at("pipe")).is_err() && append_to(root.path()).is_err());
        assert!(append_to(&at("file")).is_ok() && append_to(&at("new")).is_ok());
        for name in ["pipe", "stdout", ""] {
            assert!(check_target(&at(name)).is_err(), "{name}");
        }
        assert!(check_target(&at("file")).is_ok() && check_target(&at("absent")).is_ok());
    }
}
