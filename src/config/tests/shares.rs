//! `shares`: whose account a persona uses in a service.

use super::parse;
use crate::domain::account::ServiceName;

fn config(accounts: &str) -> Result<crate::config::Config, String> {
    parse(&format!(
        "services:\n  - {{ name: orgs, url: http://x }}\n  - {{ name: people, url: http://y, needs: [orgs] }}\naccounts:\n{accounts}"
    ))
}

#[test]
fn whoever_shares_an_account_has_none_of_its_own_there() {
    let config =
        config("  - { name: acme, services: [orgs] }\n  - { name: member, shares: { orgs: acme } }\n").unwrap();
    let services: Vec<&str> = config.personas[1].services.iter().map(ServiceName::as_str).collect();
    assert_eq!(services, ["people"]);
    assert_eq!(config.personas[1].shares_in(&config.services[0].name), Some("acme"));
}

#[test]
fn what_cannot_be_shared_is_told() {
    for (accounts, expected) in [
        (
            "  - { name: acme, services: [orgs] }\n  - { name: member, shares: { orgs: acne } }\n",
            "`member` shares the account of `acne`, and there is no such persona",
        ),
        (
            "  - { name: acme, services: [orgs] }\n  - { name: member, shares: { orgz: acme } }\n",
            "there is no service `orgz`",
        ),
        (
            "  - { name: acme }\n  - { name: member, services: [orgs, people], shares: { orgs: acme } }\n",
            "`member` has an account of its own in `orgs`, and shares one there",
        ),
        (
            "  - { name: acme }\n  - { name: guest, shares: { orgs: acme } }\n  - { name: member, shares: { orgs: guest } }\n",
            "`member` shares the account of `guest` in `orgs`, which has none there",
        ),
        (
            "  - { name: acme }\n  - { name: member, services: [orgs], shares: { people: acme } }\n",
            "`member` shares an account in `people`, and none of its services needs it",
        ),
        (
            "  - { name: acme }\n  - { name: member, shares: [orgs] }\n",
            "`shares` is a map, not a list",
        ),
    ] {
        let shown = config(accounts).unwrap_err();
        assert!(shown.contains(expected), "{accounts}\n{shown}");
    }
}
