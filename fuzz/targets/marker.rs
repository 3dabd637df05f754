//! Any name: what is taken for a marker is one, and a marker with one character changed is none.
//!
//! The input is four bytes that choose what is changed, and then a name, a repository and a run, one a line.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use standin::domain::marker::{Marker, Origin};
use standin::domain::time::Timestamp;

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first_chunk::<4>() else {
        return;
    };
    let text = String::from_utf8_lossy(rest);
    let mut lines = text.splitn(3, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let (name, repository, run_id) = (next(), next(), next());
    if let Some(marker) = Marker::at_front_of(name) {
        reads_as_itself(&marker, name);
    }
    let origin = Origin {
        repository,
        run: run_id,
        attempt: u32::from(choice[0]),
    };
    let now = Timestamp::from_millis(1_795_420_800_000 + u64::from(choice[1]) * 60_000);
    let marker = Marker::new(
        "sd",
        now,
        Duration::from_secs(u64::from(choice[1]) * 3_600),
        &origin,
        name,
    );
    reads_as_itself(&marker, marker.as_str());
    assert!(marker.is_of_run(&origin), "{marker} of {repository:?} {run_id:?}");
    assert!(marker.as_str().len() == 26, "{marker}");
    // The prefix is part of what is checked, the hyphen after it is not a digit.
    let mut changed = marker.as_str().as_bytes().to_vec();
    let at = usize::from(choice[2]) % changed.len();
    let by = DIGITS[usize::from(choice[3]) % DIGITS.len()];
    if changed[at] != by {
        changed[at] = by;
        let changed = String::from_utf8(changed).expect("it is ASCII");
        assert!(Marker::at_front_of(&changed).is_none(), "{changed} passes for {marker}");
    }
});

fn reads_as_itself(marker: &Marker, name: &str) {
    assert!(name.starts_with(marker.as_str()));
    assert_eq!(
        Marker::at_front_of(marker.as_str()).as_ref().map(Marker::as_str),
        Some(marker.as_str())
    );
    assert!(marker.ttl() <= Duration::from_secs(36 * 36 * 3_600));
    assert!(marker.created().as_millis() > 0 && !marker.invocation().is_empty());
}
