//! Directories and files that only our own user can reach: the journals and what lies beside them.
//!
//! A directory is used only if it is ours: our uid, mode 0700, no symlink. It is held open from then on and files in it are
//! reached from there, so that nobody can put another one in its place. On Windows the user's own temporary and
//! application directories are private by their access lists, and only links are refused.
#![expect(clippy::disallowed_methods, reason = "this is the adapter that owns private files")]

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::small_file::check_target;
use crate::domain::why::Why;
#[cfg(not(unix))]
use portable::Handle;
#[cfg(unix)]
use unix::Handle;

/// A file of ours is read up to here: the credentials of 10,000 accounts are some megabytes.
const SIZE_MAX: u64 = 1 << 28;

/// A directory that is ours alone.
#[derive(Debug)]
pub struct PrivateDir {
    path: PathBuf,
    handle: Handle,
}

/// Why a directory or a file in it can't be used.
#[derive(Debug, Error)]
pub enum PrivateDirError {
    /// Something else has the name.
    #[error(transparent)]
    NotADirectory(Why),
    /// It is a symlink, which may lead anywhere, or others may change or reach what is in it.
    #[error(transparent)]
    Unfit(Why),
    /// The system said no.
    #[error("can't {action} `{}`", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's word.
        #[source]
        source: io::Error,
    },
}

impl PrivateDirError {
    fn symlink(path: &Path) -> Self {
        let what = format!("`{}` is a symlink", path.display());
        Self::Unfit(Why::hinted(what, "name the directory that it leads to, or remove it"))
    }

    fn not_a_directory(path: &Path) -> Self {
        let what = format!("`{}` is not a directory", path.display());
        Self::NotADirectory(Why::hinted(
            what,
            "remove it, or give another directory with `--journal`",
        ))
    }

    #[cfg(unix)]
    fn foreign(path: &Path, owner: u32, ours: u32) -> Self {
        let what = format!(
            "`{}` belongs to uid {owner}, and this process is uid {ours}",
            path.display()
        );
        let hint = "run cleanup as the user that ran setup, or give another directory with `--journal`";
        Self::Unfit(Why::hinted(what, hint))
    }

    #[cfg(unix)]
    fn exposed(path: &Path, mode: u32) -> Self {
        let path = path.display();
        let what = format!("`{path}` has mode {mode:04o}, and other users could reach what is in it");
        let hint = "run `chmod 700` on it, or give another directory with `--journal`";
        Self::Unfit(Why::hinted(what, hint))
    }

    pub(crate) fn nowhere() -> Self {
        io_error("find", Path::new("a directory for journals"))(io::Error::from(io::ErrorKind::NotFound))
    }
}

impl From<PrivateDirError> for Why {
    fn from(error: PrivateDirError) -> Self {
        Self::of(&error)
    }
}

impl PrivateDir {
    /// Makes the directory (0700, and so are missing ones above it) or takes the one that is there, if it is ours.
    pub fn create(path: &Path) -> Result<Self, PrivateDirError> {
        let path = plain(path)?;
        Ok(Self {
            handle: Handle::ensure(&path)?,
            path,
        })
    }

    /// Takes a directory that is there, if it is ours.
    pub fn open(path: &Path) -> Result<Self, PrivateDirError> {
        let path = plain(path)?;
        Ok(Self {
            handle: Handle::open(&path)?,
            path,
        })
    }

    /// Where it is: absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a directory in it, or takes the one that is there, if it is ours.
    pub fn create_child(&self, name: &str) -> Result<Self, PrivateDirError> {
        let path = self.entry(name)?;
        Ok(Self {
            handle: self.handle.ensure_child(name, &path)?,
            path,
        })
    }

    /// Takes a directory in it that is there, if it is ours.
    pub fn open_child(&self, name: &str) -> Result<Self, PrivateDirError> {
        let path = self.entry(name)?;
        Ok(Self {
            handle: self.handle.open_child(name, &path)?,
            path,
        })
    }

    /// The names in it, sorted; names that are not UTF-8 are none of ours and left out.
    pub fn names(&self) -> Result<Vec<String>, PrivateDirError> {
        let mut names = self.handle.names().map_err(io_error("list", &self.path))?;
        names.sort_unstable();
        Ok(names)
    }

    /// Writes a file whole, 0600: readers see the old one or the new one. A file of this name is replaced.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, PrivateDirError> {
        let path = self.entry(name)?;
        let temporary = format!(".{name}.{:016x}", rand::random::<u64>());
        let mut file = self.handle.create_new(&temporary).map_err(io_error("create", &path))?;
        let written = file
            .write_all(bytes)
            .and_then(|()| file.flush())
            .and_then(|()| self.handle.rename(&temporary, name));
        if let Err(error) = written {
            // The first error is the one to tell; the half-written file is private, and goes with the directory.
            drop(self.handle.unlink(&temporary));
            return Err(io_error("write", &path)(error));
        }
        Ok(path)
    }

    /// Makes a file to append to, 0600. That one of this name is there is an error.
    pub fn create_file(&self, name: &str) -> Result<File, PrivateDirError> {
        let path = self.entry(name)?;
        self.handle.create_new(name).map_err(io_error("create", &path))
    }

    /// Opens a file that is there to read and append to. A symlink is an error.
    pub fn open_file(&self, name: &str) -> Result<File, PrivateDirError> {
        let path = self.entry(name)?;
        self.handle.open_existing(name).map_err(io_error("open", &path))
    }

    /// The content of a file.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, PrivateDirError> {
        let path = self.entry(name)?;
        let mut bytes = Vec::new();
        self.open_file(name)?
            .take(SIZE_MAX)
            .read_to_end(&mut bytes)
            .map_err(io_error("read", &path))?;
        Ok(bytes)
    }

    /// Removes a file; that it is not there is as good.
    pub fn remove_file(&self, name: &str) -> Result<(), PrivateDirError> {
        let path = self.entry(name)?;
        absent_is_fine(self.handle.unlink(name)).map_err(io_error("remove", &path))
    }

    /// Removes a directory of files in it; that it is not there is as good.
    pub fn remove_child(&self, name: &str) -> Result<(), PrivateDirError> {
        let path = self.entry(name)?;
        let child = match self.open_child(name) {
            Err(PrivateDirError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(());
            }
            child => child?,
        };
        for file in child.names()? {
            child.remove_file(&file)?;
        }
        absent_is_fine(self.handle.rmdir(name)).map_err(io_error("remove", &path))
    }

    /// A name is one segment: it may come from a state that another job wrote.
    fn entry(&self, name: &str) -> Result<PathBuf, PrivateDirError> {
        let path = self.path.join(name.escape_debug().to_string());
        if name.is_empty() || matches!(name, "." | "..") || name.contains(['/', '\\', '\0']) {
            return Err(io_error("use", &path)(io::Error::from(io::ErrorKind::InvalidFilename)));
        }
        Ok(self.path.join(name))
    }
}

/// A private directory of this process alone; it goes with this value.
#[derive(Debug)]
pub struct TemporaryDir {
    dir: PrivateDir,
}

impl TemporaryDir {
    /// Makes one under the system's temporary directory, by a name that nobody can guess.
    pub fn create() -> Result<Self, PrivateDirError> {
        let name = format!("standin-{:032x}", rand::random::<u128>());
        let dir = PrivateDir::create(&std::env::temp_dir().join(name))?;
        Ok(Self { dir })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for TemporaryDir {
    fn drop(&mut self) {
        // What stays behind is private and empty of secrets; the system removes it some day.
        std::fs::remove_dir_all(self.path()).unwrap_or_default();
    }
}

/// Removes a file that [`write_private_file`] wrote; that it is not there is as good.
pub fn remove_private_file(path: &Path) -> Result<(), PrivateDirError> {
    absent_is_fine(std::fs::remove_file(path)).map_err(io_error("remove", path))
}

/// The content of a file that [`write_private_file`] wrote. A symlink of that name is refused.
pub fn read_private_file(path: &Path) -> Result<Vec<u8>, PrivateDirError> {
    let mut bytes = Vec::new();
    Handle::open_existing_at(path)
        .and_then(|file| file.take(SIZE_MAX).read_to_end(&mut bytes))
        .map_err(io_error("read", path))?;
    Ok(bytes)
}

/// Writes a file that the user named, whole and 0600. A symlink of that name is replaced, not followed; what is no regular
/// file stays as it is.
pub fn write_private_file(path: &Path, bytes: &[u8]) -> Result<(), PrivateDirError> {
    check_target(path).map_err(|error| io_error("write", path)(io::Error::other(error)))?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{:016x}", rand::random::<u64>()));
    let temporary = PathBuf::from(temporary);
    let mut file = Handle::create_new_at(&temporary).map_err(io_error("create", path))?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.flush())
        .and_then(|()| std::fs::rename(&temporary, path));
    if let Err(error) = written {
        // The first error is the one to tell.
        drop(std::fs::remove_file(&temporary));
        return Err(io_error("write", path)(error));
    }
    Ok(())
}

/// Absolute, and without the slash at the end that would make the system follow a symlink.
fn plain(path: &Path) -> Result<PathBuf, PrivateDirError> {
    let absolute = std::path::absolute(path).map_err(io_error("use", path))?;
    Ok(absolute.components().collect())
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PrivateDirError {
    let path = path.to_owned();
    move |source| PrivateDirError::Io { action, path, source }
}

#[cfg(all(test, unix))]
mod tests;
