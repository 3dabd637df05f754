//! Any bytes as a journal: reading ends in a ledger that can be asked everything cleanup asks, or in an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use standin::adapters::journal::parse;

fuzz_target!(|bytes: &[u8]| {
    let Ok(reading) = parse(bytes) else { return };
    let ledger = &reading.ledger;
    let debts: Vec<usize> = ledger.debts().collect();
    assert_eq!(debts.is_empty(), ledger.is_settled());
    for place in 0..ledger.plan().accounts.len() {
        let record = ledger.record(place);
        assert_eq!(debts.contains(&place), record.status.is_debt(), "{:?}", record.status);
        let timeout = std::time::Duration::from_millis(ledger.account(place).timeout_ms);
        assert!(record.window_closes(timeout).as_millis() >= record.window_closes(timeout / 2).as_millis());
    }
    // What the end of a process tears off a last line changes nothing.
    let mut torn = bytes.to_vec();
    torn.extend_from_slice(if bytes.ends_with(b"\n") {
        b"{\"at\":1,\"acc"
    } else {
        b"\n{\"at\":1,\"acc"
    });
    let Ok(torn) = parse(&torn) else {
        panic!("a torn last line made it unreadable")
    };
    assert!(debts.iter().all(|place| torn.ledger.record(*place).status.is_debt()));
});
