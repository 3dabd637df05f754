//! Private directories by path, for systems without Unix permissions.
#![expect(clippy::disallowed_methods, reason = "this is the adapter that owns private files")]

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{PrivateDirError, io_error};

/// The path of a directory that was found to be one.
#[derive(Debug)]
pub(super) struct Handle(PathBuf);

impl Handle {
    pub(super) fn ensure(path: &Path) -> Result<Self, PrivateDirError> {
        std::fs::create_dir_all(path).map_err(io_error("create", path))?;
        Self::open(path)
    }

    pub(super) fn open(path: &Path) -> Result<Self, PrivateDirError> {
        let seen = std::fs::symlink_metadata(path).map_err(io_error("open", path))?;
        if seen.is_symlink() {
            return Err(PrivateDirError::symlink(path));
        }
        if !seen.is_dir() {
            return Err(PrivateDirError::not_a_directory(path));
        }
        Ok(Self(path.to_owned()))
    }

    pub(super) fn ensure_child(&self, name: &str, _path: &Path) -> Result<Self, PrivateDirError> {
        Self::ensure(&self.0.join(name))
    }

    pub(super) fn open_child(&self, name: &str, _path: &Path) -> Result<Self, PrivateDirError> {
        Self::open(&self.0.join(name))
    }

    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.0)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    pub(super) fn create_new(&self, name: &str) -> io::Result<File> {
        Self::create_new_at(&self.0.join(name))
    }

    pub(super) fn create_new_at(path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).append(true).create_new(true).open(path)
    }

    pub(super) fn open_existing(&self, name: &str) -> io::Result<File> {
        Self::open_existing_at(&self.0.join(name))
    }

    pub(super) fn open_existing_at(path: &Path) -> io::Result<File> {
        if std::fs::symlink_metadata(path)?.is_file() {
            OpenOptions::new().read(true).append(true).open(path)
        } else {
            Err(io::Error::other("not a regular file"))
        }
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.0.join(from), self.0.join(to))
    }

    pub(super) fn unlink(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.0.join(name))
    }

    pub(super) fn rmdir(&self, name: &str) -> io::Result<()> {
        std::fs::remove_dir(self.0.join(name))
    }
}
