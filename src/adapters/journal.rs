//! The journal on disk: a file of lines, written ahead of every request.
//!
//! A line is in the operating system's hands before the request that it announces is sent, so a kill of the process loses
//! nothing. Against the loss of the machine it is synced by a thread of its own, in groups, and no request waits for that.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use super::unreadable::why;
use crate::domain::account::AccountKey;
use crate::domain::event::{Entry, Planned, Remark, VERSION};
use crate::domain::ledger::Ledger;
use crate::ports::JournalBroken;

/// A journal's lines are read up to here; 100,000 accounts need a tenth of it.
const SIZE_MAX: u64 = 1 << 30;
/// The disk is asked to sync no more often than this. Syncing without a pause takes the disk, and the time of a core, from
/// those whose requests are under way.
const SYNC_PAUSE: Duration = Duration::from_millis(50);

/// The writing end of a journal.
pub struct Journal {
    state: Mutex<Sink>,
    syncing: Option<Syncing>,
}

/// The thread that syncs, and what it is told.
struct Syncing {
    /// A line was written.
    dirty: SyncSender<()>,
    /// Lives as long as more lines may come: when it goes, no pause is kept any more.
    open: Sender<()>,
    thread: JoinHandle<()>,
}

struct Sink {
    file: File,
    broken: Option<JournalBroken>,
}

impl Journal {
    /// Begins a journal in a new file with its plan. The plan is on disk when this returns.
    pub fn create(mut file: File, plan: &Planned) -> io::Result<Self> {
        file.write_all(&line(plan)?)?;
        file.sync_data()?;
        Self::over(file)
    }

    /// Goes on writing a journal that is there. A torn last line is ended first.
    pub fn reopen(mut file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        if size > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        Self::over(file)
    }

    fn over(file: File) -> io::Result<Self> {
        let synced = file.try_clone()?;
        let (dirty, lines) = sync_channel::<()>(1);
        let (open, closed) = channel::<()>();
        let thread = std::thread::Builder::new()
            .name("journal-sync".to_owned())
            .spawn(move || {
                while lines.recv().is_ok() {
                    // The line is already out of the process: a disk that can't sync loses nothing that a kill could
                    // lose, and the next write to it will say so.
                    synced.sync_data().unwrap_or_default();
                    // Lines that come during the pause wake nobody: the next sync takes them along.
                    closed.recv_timeout(SYNC_PAUSE).unwrap_or_default();
                }
            })?;
        Ok(Self {
            state: Mutex::new(Sink { file, broken: None }),
            syncing: Some(Syncing { dirty, open, thread }),
        })
    }

    /// Writes a line about an account. Once one could not be written none is any more, since it would join the torn one.
    pub fn append(&self, entry: &Entry) -> Result<(), JournalBroken> {
        self.write(entry)
    }

    /// Writes a line about the whole setup.
    pub fn remark(&self, remark: &Remark) -> Result<(), JournalBroken> {
        self.write(remark)
    }

    /// Syncs every line that was written.
    pub fn sync(&self) -> Result<(), JournalBroken> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(broken) = &state.broken {
            return Err(broken.clone());
        }
        state.file.sync_data().map_err(|error| JournalBroken(error.to_string()))
    }

    fn write(&self, value: &impl serde::Serialize) -> Result<(), JournalBroken> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(broken) = &state.broken {
            return Err(broken.clone());
        }
        let written = line(value).and_then(|line| state.file.write_all(&line));
        if let Err(error) = written {
            let broken = JournalBroken(error.to_string());
            state.broken = Some(broken.clone());
            return Err(broken);
        }
        if let Some(syncing) = &self.syncing {
            // A full channel means that a sync is due anyway, which will take this line along.
            syncing.dirty.try_send(()).unwrap_or_default();
        }
        Ok(())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if let Some(Syncing { dirty, open, thread }) = self.syncing.take() {
            drop((dirty, open));
            thread.join().unwrap_or_default();
        }
    }
}

/// What a journal on disk says.
pub struct JournalRead {
    /// The plan and where each account stands.
    pub ledger: Ledger,
    /// What could not be made sense of, for a warning.
    pub remarks: Vec<String>,
}

/// Reads a journal. Only a first line that is no plan is an error: everything after it is read as well as it can be.
pub fn read(mut file: &File) -> io::Result<JournalRead> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(SIZE_MAX).read_to_end(&mut bytes)?;
    parse(&bytes)
}

/// Reads the plan alone, which says whose journal it is.
pub fn read_plan(file: &File) -> io::Result<Planned> {
    let mut first = Vec::new();
    BufReader::new(file.take(SIZE_MAX)).read_until(b'\n', &mut first)?;
    plan(&first)
}

fn plan(line: &[u8]) -> io::Result<Planned> {
    serde_json::from_slice(line).map_err(|error| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("its first line is no plan: {}", why(&error)),
        )
    })
}

/// Reads the bytes of a journal.
pub fn parse(bytes: &[u8]) -> io::Result<JournalRead> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let plan = plan(lines.next().unwrap_or_default())?;
    let mut remarks = Vec::new();
    if plan.version > VERSION {
        remarks.push(format!(
            "it was written by a newer version (format {}, this one knows {VERSION})",
            plan.version
        ));
    }
    let mut ledger = Ledger::new(plan);
    let rest: Vec<&[u8]> = lines.collect();
    for (index, text) in rest.iter().enumerate() {
        let number = index + 2;
        let torn = index + 1 == rest.len();
        match serde_json::from_slice::<Entry>(text) {
            Ok(entry) => {
                if let Err(illegal) = ledger.apply(&entry) {
                    remarks.push(format!("line {number}: `{}`: {}", illegal.account, illegal.reason));
                }
            }
            Err(_) if let Ok(remark) = serde_json::from_slice::<Remark>(text) => ledger.remark(&remark.remark),
            // Without its newline a last line was cut by the end of the process: what it announced was not sent.
            Err(_) if torn || text.is_empty() => {}
            Err(error) => {
                remarks.push(format!("line {number} can't be read: {}", why(&error)));
                if let Some(account) = account_of(text) {
                    ledger.doubt(&account);
                }
            }
        }
    }
    Ok(JournalRead { ledger, remarks })
}

/// The account that a line speaks of, even if its event is of a kind that this version does not know.
fn account_of(line: &[u8]) -> Option<AccountKey> {
    let value: Value = serde_json::from_slice(line).ok()?;
    value.get("account")?.as_str()?.parse().ok()
}

fn line<T: serde::Serialize>(value: &T) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::ServiceName;
    use crate::domain::event::{Event, PlannedAccount};
    use crate::domain::ledger::Status;
    use crate::domain::place::Places;
    use crate::domain::time::Timestamp;

    fn key() -> AccountKey {
        AccountKey {
            service: ServiceName::parse("users").expect("a name"),
            account: "alice".to_owned(),
        }
    }

    fn plan() -> Planned {
        Planned {
            version: VERSION,
            at: Timestamp::from_millis(1),
            repository: "a/b".to_owned(),
            run: "1".to_owned(),
            attempt: 1,
            marker: "sd-x".to_owned(),
            accounts: vec![PlannedAccount {
                key: key(),
                username: "sd-x-alice".to_owned(),
                email: "sd-x-alice@example.com".to_owned(),
                full_username: None,
                own_password: false,
                totp: false,
                timeout_ms: 10_000,
                needs: Vec::new(),
                unmarked: false,
            }],
            places: Places::default(),
            boot: None,
        }
    }

    fn intended() -> Entry {
        Entry {
            at: Timestamp::from_millis(2),
            account: key(),
            event: Event::CreateIntended,
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let file = tempfile::tempfile().expect("a file");
        let journal = Journal::create(file.try_clone().expect("a handle"), &plan()).expect("a journal");
        journal.append(&intended()).expect("written");
        drop(journal);
        let reading = read(&file).expect("a journal");
        assert_eq!(reading.ledger.plan(), &plan());
        assert_eq!(reading.ledger.record(0).status, Status::Creating);
        assert!(reading.remarks.is_empty());
    }

    #[test]
    fn a_torn_last_line_is_normal_and_is_not_joined() {
        let mut file = tempfile::tempfile().expect("a file");
        drop(Journal::create(file.try_clone().expect("a handle"), &plan()).expect("a journal"));
        file.write_all(b"{\"at\":2,\"account\":\"use").expect("written");
        let reading = read(&file).expect("a journal");
        assert!(reading.remarks.is_empty());
        assert_eq!(reading.ledger.record(0).status, Status::Untouched);
        Journal::reopen(file.try_clone().expect("a handle"))
            .expect("a journal")
            .append(&intended())
            .expect("written");
        let reading = read(&file).expect("a journal");
        assert_eq!(reading.ledger.record(0).status, Status::Creating);
        assert_eq!(reading.remarks.len(), 1);
    }

    /// What can't be written now may be later; but the line that was torn would join the next one.
    #[cfg(unix)]
    #[test]
    fn once_a_line_is_torn_none_follows_it() {
        use std::os::fd::OwnedFd;
        use std::os::unix::net::UnixStream;
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        ours.set_nonblocking(true).expect("set");
        theirs.set_nonblocking(true).expect("set");
        let journal = Journal::over(File::from(OwnedFd::from(ours))).expect("a journal");
        while journal.append(&intended()).is_ok() {}
        let mut written = Vec::new();
        assert!(theirs.read_to_end(&mut written).is_err(), "it is still open");
        assert!(!written.is_empty());
        // There is room again.
        assert!(journal.append(&intended()).is_err());
        written.clear();
        assert!(theirs.read_to_end(&mut written).is_err(), "it is still open");
        assert_eq!(written, b"");
    }

    #[test]
    fn an_event_of_a_later_version_leaves_its_account_in_doubt() {
        let mut bytes = line(&plan()).expect("a line");
        bytes.extend_from_slice(b"{\"at\":2,\"account\":\"users/alice\",\"event\":{\"parked\":7}}\n");
        let reading = parse(&bytes).expect("a journal");
        assert_eq!(reading.ledger.record(0).status, Status::Unclear);
        assert_eq!(reading.remarks.len(), 1);
    }

    #[test]
    fn a_file_without_a_plan_is_no_journal() {
        for bytes in [&b""[..], b"\n", b"hello", b"{\"version\":1}\n"] {
            assert!(parse(bytes).is_err());
        }
    }
}
