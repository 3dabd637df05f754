//! Which hosts are near: on this machine, or out of reach for the world.

use std::net::IpAddr;

use reqwest::Url;

/// Is this host on this machine? Loopback is never proxied.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(url::Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// Is this host out of reach for the world: loopback, a private network, or a name of a single label?
pub fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => is_loopback(url) || !name.contains('.'),
        Some(url::Host::Ipv4(address)) => address.is_loopback() || address.is_private(),
        Some(url::Host::Ipv6(address)) => address.is_loopback() || address.is_unique_local(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for yes in [
            "http://localhost:1",
            "http://127.0.0.2",
            "http://[::1]:8",
            "http://api.localhost",
        ] {
            assert!(is_loopback(&url(yes)), "{yes}");
        }
        for no in ["http://localhost.example.com", "http://10.0.0.1", "http://[::2]"] {
            assert!(!is_loopback(&url(no)), "{no}");
        }
    }
}
