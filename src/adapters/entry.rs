//! One setup's directory: its journal, and what cleanup needs beside it.
//!
//! It lies in the journals' directory under the marker's name, which no other setup has. What stands in it:
//!
//! | file | what | until |
//! |---|---|---|
//! | `journal.jsonl` | the journal; no secret | the runner empties its directory, or a day |
//! | `sealed.json` | the configuration and settings of setup | everything is settled |
//! | `credentials.json` | names and passwords of the accounts | post or `cleanup` |
//! | `elsewhere` | the credentials were written where the user asked for them | as they |
//! | `kept.jsonl` | passwords and captures that later requests read | everything is settled |
//! | `accounts.json` | the accounts, as in the output `accounts`; no secret | as the journal |
//! | `stop` | a cleanup has begun: setup must not create any more | as the journal |
//! | `lock` | locked for as long as a setup or a cleanup works here | as the journal |

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::journal::{self, Journal, JournalRead};
use super::kept::{self, KeptFile};
use super::private_dir::{PrivateDir, PrivateDirError};
use super::unreadable::why;
use crate::domain::account::AccountKey;
use crate::domain::event::Planned;
use crate::domain::marker::Marker;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::ports::Kept;

const JOURNAL: &str = "journal.jsonl";
const SEALED: &str = "sealed.json";
const CREDENTIALS: &str = "credentials.json";
const KEPT: &str = "kept.jsonl";
const ELSEWHERE: &str = "elsewhere";
const ACCOUNTS: &str = "accounts.json";
const STOP: &str = "stop";
const LOCK: &str = "lock";

/// The directory of one setup.
pub struct EntryDir {
    dir: PrivateDir,
}

/// Held for as long as a setup or a cleanup works in an entry.
pub struct Lock {
    _file: File,
}

impl EntryDir {
    /// Makes a fresh entry.
    pub fn create(journals: &PrivateDir, marker: &str) -> Result<Self, PrivateDirError> {
        Ok(Self {
            dir: journals.create_child(marker)?,
        })
    }

    /// Takes an entry of this name in a directory of journals.
    pub fn open_in(journals: &PrivateDir, name: &str) -> Result<Self, PrivateDirError> {
        Ok(Self {
            dir: journals.open_child(name)?,
        })
    }

    /// Its name in the directory of journals: the marker.
    pub fn name(&self) -> &str {
        self.path()
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
    }

    /// Takes an entry that is there.
    pub fn open(path: &Path) -> Result<Self, PrivateDirError> {
        Ok(Self {
            dir: PrivateDir::open(path)?,
        })
    }

    /// All that a directory of journals holds, by name, and why what is not ours alone is not to be believed. Each is opened
    /// when its turn comes: a machine may hold the journals of a whole day, which are more than a process may have open.
    pub fn all(
        journals: &PrivateDir,
    ) -> Result<impl Iterator<Item = (String, Result<Self, PrivateDirError>)> + '_, PrivateDirError> {
        let names = journals.names()?;
        Ok(names.into_iter().map(|name| {
            let entry = Self::open_in(journals, &name);
            (name, entry)
        }))
    }

    /// Those of them that are ours.
    pub fn ours(journals: &PrivateDir) -> Result<impl Iterator<Item = Self> + '_, PrivateDirError> {
        Ok(Self::all(journals)?.filter_map(|(_, entry)| entry.ok()))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Begins the journal. It is on disk when this returns.
    pub fn begin(&self, plan: &Planned) -> anyhow::Result<Journal> {
        let file = self.dir.create_file(JOURNAL)?;
        Journal::create(file, plan)
            .with_context(|| format!("the journal in `{}` can't be written", self.path().display()))
    }

    /// Reads the journal.
    pub fn read(&self) -> anyhow::Result<JournalRead> {
        let file = self.dir.open_file(JOURNAL)?;
        journal::read(&file).with_context(|| format!("the journal in `{}` can't be read", self.path().display()))
    }

    /// Whose journal it is.
    pub fn plan(&self) -> anyhow::Result<Planned> {
        let file = self.dir.open_file(JOURNAL)?;
        journal::read_plan(&file).with_context(|| format!("the journal in `{}` can't be read", self.path().display()))
    }

    /// When its setup began: by the marker that it is named by, which needs no reading, else by the journal. What has neither
    /// is none of ours.
    fn made(&self) -> Option<Timestamp> {
        Marker::at_front_of(self.name())
            .map(|marker| marker.created())
            .or_else(|| self.plan().ok().map(|plan| plan.at))
    }

    /// Goes on writing the journal.
    pub fn resume(&self) -> anyhow::Result<Journal> {
        let file = self.dir.open_file(JOURNAL)?;
        Journal::reopen(file).with_context(|| format!("the journal in `{}` can't be written", self.path().display()))
    }

    /// Puts the configuration and the settings aside.
    pub fn seal(&self, sealed: &impl Serialize) -> anyhow::Result<()> {
        self.dir.write(SEALED, &serde_json::to_vec(sealed)?)?;
        Ok(())
    }

    /// What was put aside; `None` once everything is settled.
    pub fn sealed<T: DeserializeOwned>(&self) -> anyhow::Result<Option<T>> {
        match self.dir.read(SEALED) {
            Ok(bytes) => {
                let path = self.path().join(SEALED);
                serde_json::from_slice(&bytes)
                    .map(Some)
                    .map_err(|error| anyhow!("`{}` can't be read: {}", path.display(), why(&error)))
            }
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Is there still something put aside, which is something to remove?
    pub fn is_sealed(&self) -> Result<bool, PrivateDirError> {
        Ok(self.dir.names()?.iter().any(|name| name == SEALED))
    }

    /// Removes what was put aside and kept: nothing is owed any more.
    pub fn unseal(&self) -> Result<(), PrivateDirError> {
        self.dir.remove_file(KEPT)?;
        self.dir.remove_file(SEALED)
    }

    /// Where what later requests read is kept.
    pub fn keep(&self) -> anyhow::Result<KeptFile> {
        let file = match self.dir.open_file(KEPT) {
            Err(error) if is_not_found(&error) => self.dir.create_file(KEPT)?,
            opened => opened?,
        };
        KeptFile::append_to(file).with_context(|| format!("`{}` can't be written", self.path().join(KEPT).display()))
    }

    /// What was kept there.
    pub fn kept(&self) -> anyhow::Result<HashMap<AccountKey, Kept>> {
        match self.dir.read(KEPT) {
            Ok(bytes) => Ok(kept::read(&bytes)),
            Err(error) if is_not_found(&error) => Ok(HashMap::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the credentials file.
    pub fn write_credentials(&self, json: &Secret) -> Result<PathBuf, PrivateDirError> {
        self.dir.write(CREDENTIALS, json.expose().as_bytes())
    }

    /// The credentials file, while there is one.
    pub fn credentials(&self) -> Result<Option<Vec<u8>>, PrivateDirError> {
        match self.dir.read(CREDENTIALS) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Says that the credentials are about to be written outside of the entry: what stood there before was not ours.
    pub fn put_elsewhere(&self) -> Result<(), PrivateDirError> {
        self.dir.write(ELSEWHERE, b"").map(drop)
    }

    /// Were they?
    pub fn is_elsewhere(&self) -> Result<bool, PrivateDirError> {
        Ok(self.dir.names()?.iter().any(|name| name == ELSEWHERE))
    }

    /// Forgets it, once they are removed there.
    pub fn forget_elsewhere(&self) -> Result<(), PrivateDirError> {
        self.dir.remove_file(ELSEWHERE)
    }

    /// Removes the credentials file, whatever became of the accounts.
    pub fn forget_credentials(&self) -> Result<(), PrivateDirError> {
        self.dir.remove_file(CREDENTIALS)
    }

    /// Writes the accounts file.
    pub fn write_accounts(&self, json: &str) -> Result<PathBuf, PrivateDirError> {
        self.dir.write(ACCOUNTS, json.as_bytes())
    }

    /// Tells a setup that still runs to create nothing more.
    pub fn put_stop(&self) -> Result<(), PrivateDirError> {
        self.dir.write(STOP, b"").map(drop)
    }

    /// Where the word to stop is looked for, before each create.
    pub fn stop_path(&self) -> PathBuf {
        self.path().join(STOP)
    }

    /// Locks the entry, if nobody else works in it.
    pub fn try_lock(&self) -> anyhow::Result<Option<Lock>> {
        let file = match self.dir.open_file(LOCK) {
            Err(error) if is_not_found(&error) => match self.dir.create_file(LOCK) {
                // Somebody else made it in between.
                Err(PrivateDirError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {
                    self.dir.open_file(LOCK)?
                }
                made => made?,
            },
            opened => opened?,
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("`{}` can't be locked", self.path().display()))
            }
        }
    }
}

/// After this long nothing of a setup is of use to anybody but a cleanup that knows what it does.
const OLD: Duration = Duration::from_hours(24);

/// Removes the entries of a day ago that are settled, and what may hold secrets of those that are not. `forget` removes
/// the credentials of an entry, wherever it put them.
pub fn prune(journals: &PrivateDir, now: Timestamp, forget: impl Fn(&EntryDir)) -> anyhow::Result<()> {
    for entry in EntryDir::ours(journals)? {
        let Some(made) = entry.made() else { continue };
        if now.since(made) < OLD {
            continue;
        }
        // A setup that has waited for a day and created nothing yet is settled too, but not done.
        let Some(_lock) = entry.try_lock()? else { continue };
        forget(&entry);
        let owes_nothing = match entry.read() {
            Ok(reading) => reading.ledger.is_settled(),
            // A setup that died before its journal was there has sent nothing.
            Err(_) => !entry.dir.names()?.iter().any(|name| name == JOURNAL),
        };
        if owes_nothing {
            journals.remove_child(entry.name())?;
        } else {
            entry.unseal()?;
        }
    }
    Ok(())
}

fn is_not_found(error: &PrivateDirError) -> bool {
    matches!(error, PrivateDirError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::domain::event::VERSION;
    use crate::domain::marker::Origin;
    use crate::domain::place::Places;

    fn entry(journals: &PrivateDir, marker: &str) -> EntryDir {
        let entry = EntryDir::create(journals, marker).expect("an entry");
        let plan = Planned {
            version: VERSION,
            at: Timestamp::from_millis(0),
            repository: "a/b".to_owned(),
            run: "1".to_owned(),
            attempt: 1,
            marker: marker.to_owned(),
            accounts: Vec::new(),
            places: Places::default(),
            boot: None,
        };
        drop(entry.begin(&plan).expect("a journal"));
        entry
    }

    /// A setup may die before its journal is begun, and a journal may be lost.
    #[test]
    fn what_was_put_aside_goes_after_a_day_also_where_no_journal_tells_its_age() {
        let folder = tempfile::tempdir().expect("a folder");
        let journals = PrivateDir::create(&folder.path().join("journals")).expect("a directory");
        let origin = Origin {
            repository: "a/b",
            run: "1",
            attempt: 1,
        };
        let made = Timestamp::from_millis(1_795_420_800_000);
        let marker = |invocation: &str| Marker::new("sd", made, Duration::ZERO, &origin, invocation).to_string();
        let (never_begun, broken) = (marker("aaaaa"), marker("bbbbb"));
        for name in [&never_begun, &broken] {
            let entry = EntryDir::create(&journals, name).expect("an entry");
            entry.seal(&"a secret").expect("sealed");
        }
        let journal = folder.path().join("journals").join(&broken).join(JOURNAL);
        drop(
            journals
                .open_child(&broken)
                .expect("ours")
                .create_file(JOURNAL)
                .expect("made"),
        );
        assert!(journal.exists());
        let sealed =
            |name: &str| EntryDir::open_in(&journals, name).is_ok_and(|entry| entry.is_sealed().expect("read"));
        let almost = Timestamp::from_millis(made.as_millis() + 24 * 3_600_000 - 1);
        prune(&journals, almost, |_| {}).expect("pruned");
        assert!(sealed(&never_begun) && sealed(&broken));
        prune(&journals, made + OLD, |_| {}).expect("pruned");
        assert!(!sealed(&never_begun) && !sealed(&broken));
        assert!(
            EntryDir::open_in(&journals, &never_begun).is_err(),
            "nothing can be owed"
        );
        assert!(EntryDir::open_in(&journals, &broken).is_ok(), "something may be owed");
    }

    #[test]
    fn an_entry_in_which_somebody_works_is_kept_however_old_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let journals = PrivateDir::create(&folder.path().join("journals")).expect("a directory");
        let (at_work, done) = (entry(&journals, "sd-a"), entry(&journals, "sd-b"));
        let lock = at_work.try_lock().expect("a lock").expect("nobody else's");
        let forgotten = RefCell::new(Vec::new());
        let now = Timestamp::from_millis(0) + OLD;
        prune(&journals, now, |entry| {
            forgotten.borrow_mut().push(entry.name().to_owned());
        })
        .expect("pruned");
        assert!(at_work.read().is_ok());
        assert!(done.read().is_err());
        assert_eq!(forgotten.into_inner(), ["sd-b"]);
        drop(lock);
    }
}
