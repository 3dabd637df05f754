//! The file of what later requests read: a line for each time that something was learnt of an account. Secret, so that it
//! lies beside the journal and not in it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write as _};

use serde_json::{Value, json};

use crate::domain::account::AccountKey;
use crate::domain::secret::Secret;
use crate::ports::{JournalBroken, Kept};

/// The writing end.
pub struct KeptFile(File);

impl KeptFile {
    /// Appends to a file. A line that was torn before is ended first: reading leaves it out.
    pub fn append_to(mut file: File) -> io::Result<Self> {
        if file.metadata()?.len() > 0 {
            file.write_all(b"\n")?;
        }
        Ok(Self(file))
    }

    /// Writes down what is known of an account by now. It takes the place of what was written before.
    pub fn write(&self, account: &AccountKey, kept: &Kept) -> Result<(), JournalBroken> {
        let line = json!({
            "account": account.to_string(),
            "password": kept.password.as_ref().map(Secret::expose),
            "totp_secret": kept.totp_secret.as_ref().map(Secret::expose),
            "captures": kept.captures,
            "hidden": kept.hidden,
            "outputs": kept.outputs,
        });
        (&self.0)
            .write_all(format!("{line}\n").as_bytes())
            .map_err(|error| JournalBroken(error.to_string()))
    }
}

/// Reads it: of several lines about an account the last one holds. What is no such line is left out.
pub fn read(bytes: &[u8]) -> HashMap<AccountKey, Kept> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.filter_map(of_line).collect()
}

fn of_line(line: &[u8]) -> Option<(AccountKey, Kept)> {
    let mut line: Value = serde_json::from_slice(line).ok()?;
    let account = line["account"].as_str()?.parse().ok()?;
    let mut map = |name: &str| serde_json::from_value(line[name].take()).unwrap_or_default();
    let (captures, outputs) = (map("captures"), map("outputs"));
    let hidden = line["hidden"].as_array().into_iter().flatten();
    let kept = Kept {
        password: line["password"].as_str().map(Secret::new),
        totp_secret: line["totp_secret"].as_str().map(Secret::new),
        captures,
        hidden: hidden.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        outputs,
    };
    Some((account, kept))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::private_dir::PrivateDir;

    #[test]
    fn the_last_line_of_an_account_holds_and_a_torn_one_is_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = PrivateDir::create(&folder.path().join("entry")).expect("a directory");
        drop(dir.create_file("kept.jsonl").expect("a file"));
        let open = || dir.open_file("kept.jsonl").expect("a file");
        let account: AccountKey = "users/alice".parse().expect("a key");
        let mut kept = Kept {
            password: Some(Secret::new("Sesame-7-open")),
            totp_secret: Some(Secret::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")),
            ..Kept::default()
        };
        let file = KeptFile::append_to(open()).expect("a file");
        file.write(&account, &kept).expect("written");
        kept.captures.insert("token".to_owned(), json!("t0k3n-of-alice"));
        kept.hidden.push("token".to_owned());
        file.write(&account, &kept).expect("written");
        open().write_all(b"{\"account\": \"users/al").expect("torn");
        let bob: AccountKey = "users/bob".parse().expect("a key");
        let file = KeptFile::append_to(open()).expect("a file");
        file.write(&bob, &Kept::default()).expect("written");
        let read = read(&dir.read("kept.jsonl").expect("read"));
        assert_eq!(read.len(), 2);
        assert_eq!(read[&account], kept);
        assert_eq!(read[&account].secrets().count(), 3);
    }
}
