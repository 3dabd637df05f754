//! The file in which a setup's `state` goes from one job to another. It holds no secret, and where it comes from others may
//! have written it: what it says is judged by whoever reads it.
#![expect(clippy::disallowed_methods, reason = "this is the adapter that reads the file")]

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// A state of 100,000 accounts has 20 MB.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Reads it. What is no file might never end.
pub fn read(path: &Path) -> io::Result<String> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = String::new();
    let read = File::open(path)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if read as u64 > BYTES_MAX {
        return Err(io::Error::other("it has over 64 MiB"));
    }
    Ok(text)
}
