//! Private directories by file descriptor: what was checked is what is used.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};

use super::{PrivateDirError, io_error};

const DIRECTORY: Mode = Mode::RWXU;
const FILE: Mode = Mode::RUSR.union(Mode::WUSR);

/// An open directory that was found to be ours.
#[derive(Debug)]
pub(super) struct Handle(OwnedFd);

impl Handle {
    pub(super) fn ensure(path: &Path) -> Result<Self, PrivateDirError> {
        if let Some(parent) = path.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(parent)
                .map_err(io_error("create", parent))?;
        }
        Self::ensure_at(CWD, path, path)
    }

    pub(super) fn open(path: &Path) -> Result<Self, PrivateDirError> {
        Self::open_at(CWD, path, path)
    }

    pub(super) fn ensure_child(&self, name: &str, path: &Path) -> Result<Self, PrivateDirError> {
        Self::ensure_at(&self.0, Path::new(name), path)
    }

    pub(super) fn open_child(&self, name: &str, path: &Path) -> Result<Self, PrivateDirError> {
        Self::open_at(&self.0, Path::new(name), path)
    }

    fn ensure_at(at: impl std::os::fd::AsFd + Copy, name: &Path, path: &Path) -> Result<Self, PrivateDirError> {
        match rustix::fs::mkdirat(at, name, DIRECTORY) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => Self::open_at(at, name, path),
            Err(error) => Err(io_error("create", path)(error.into())),
        }
    }

    fn open_at(at: impl std::os::fd::AsFd + Copy, name: &Path, path: &Path) -> Result<Self, PrivateDirError> {
        // Asked first only for the message: the open below refuses links and the like by itself.
        let seen = rustix::fs::statat(at, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| io_error("open", path)(error.into()))?;
        match FileType::from_raw_mode(seen.st_mode) {
            FileType::Directory => {}
            FileType::Symlink => {
                return Err(PrivateDirError::symlink(path));
            }
            FileType::RegularFile
            | FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => {
                return Err(PrivateDirError::not_a_directory(path));
            }
        }
        let ours = rustix::process::geteuid().as_raw();
        if seen.st_uid != ours {
            return Err(PrivateDirError::foreign(path, seen.st_uid, ours));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory =
            rustix::fs::openat(at, name, flags, Mode::empty()).map_err(|error| io_error("open", path)(error.into()))?;
        let opened = rustix::fs::fstat(&directory).map_err(|error| io_error("open", path)(error.into()))?;
        if opened.st_uid != ours {
            return Err(PrivateDirError::foreign(path, opened.st_uid, ours));
        }
        // The bits above are no access bits: a set-group-id bit is inherited on some systems.
        let mode = Mode::from_raw_mode(opened.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO);
        if mode != DIRECTORY {
            return Err(PrivateDirError::exposed(path, mode.bits()));
        }
        Ok(Self(directory))
    }

    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => names.push(name.to_owned()),
            }
        }
        Ok(names)
    }

    pub(super) fn create_new(&self, name: &str) -> io::Result<File> {
        create_new(&self.0, Path::new(name))
    }

    pub(super) fn create_new_at(path: &Path) -> io::Result<File> {
        create_new(CWD, path)
    }

    pub(super) fn open_existing(&self, name: &str) -> io::Result<File> {
        open_existing(&self.0, Path::new(name))
    }

    pub(super) fn open_existing_at(path: &Path) -> io::Result<File> {
        open_existing(CWD, path)
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &self.0, to)?)
    }

    pub(super) fn unlink(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    pub(super) fn rmdir(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }
}

fn create_new(at: impl std::os::fd::AsFd, name: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::openat(at, name, flags, FILE)?))
}

fn open_existing(at: impl std::os::fd::AsFd, name: &Path) -> io::Result<File> {
    // Without NONBLOCK a pipe of this name would keep us waiting for ever.
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::openat(at, name, flags, Mode::empty())?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("not a regular file"))
    }
}
