//! Names to addresses: looked up once a run, and never to an address that only a machine's own cloud answers on.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::policy::HostPolicy;

/// Looks names up and remembers them: otherwise each new connection asks again, on a thread of its own.
#[derive(Clone, Default)]
pub(super) struct Resolver {
    policy: HostPolicy,
    known: Arc<Mutex<HashMap<String, Vec<SocketAddr>>>>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let name = name.as_str();
            let lock = || resolver.known.lock().unwrap_or_else(PoisonError::into_inner);
            let cached = lock().get(name).cloned();
            let found = if let Some(found) = cached {
                found
            } else {
                let found = resolver.addresses(name, 0).await?;
                lock().insert(name.to_owned(), found.clone());
                found
            };
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl Resolver {
    pub(super) fn new(policy: HostPolicy) -> Self {
        Self {
            policy,
            known: Arc::default(),
        }
    }

    /// The addresses of a host. `localhost` and names below it are this machine without asking anyone (RFC 6761, 6.3).
    pub(super) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
        if host == "localhost" || host.ends_with(".localhost") {
            let local = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            return Ok(local.iter().map(|address| SocketAddr::new(*address, port)).collect());
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found: Vec<SocketAddr> = tokio::net::lookup_host((bare, port))
            .await
            .map_err(|error| format!("`{host}` can't be resolved: {error}"))?
            .collect();
        for address in &found {
            self.policy.check_address(bare, address.ip())?;
        }
        Ok(found)
    }
}

/// Metadata services beside the link-local ones: those of Alibaba, Azure and Oracle.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];
/// Those of Amazon, for machines and for pods, and of Google.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

/// Link-local addresses and the well-known ones of cloud metadata services: a configuration has no business there.
pub(super) fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local() || METADATA_V4.contains(&v4),
        IpAddr::V6(v6) => {
            let inner = carried(v6).is_some_and(|v4| is_metadata(IpAddr::V4(v4)));
            inner || v6.is_unicast_link_local() || METADATA_V6.contains(&v6)
        }
    }
}

/// The IPv4 address that an IPv6 one carries: mapped or compatible (RFC 4291, 2.5.5), behind the prefix of translators
/// (RFC 6052) or in 6to4 (RFC 3056).
fn carried(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let pair = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(pair(high, low)),
        _ => v6.to_ipv4(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name is looked up twice: to see whether the service is there, and to connect.
    #[tokio::test]
    async fn no_name_leads_to_a_metadata_address_on_any_way() {
        let resolver = Resolver::new(HostPolicy::new(Some(vec!["*".to_owned()])));
        // The system answers for these without a name server, as it would for a name.
        for host in ["169.254.169.254", "100.100.100.200"] {
            assert!(resolver.addresses(host, 80).await.is_err(), "{host}");
            let name: Name = host.parse().expect("a name");
            assert!(resolver.resolve(name).await.is_err(), "{host}");
        }
        let name: Name = "127.0.0.1".parse().expect("a name");
        assert_eq!(resolver.resolve(name).await.map(Iterator::count).unwrap_or_default(), 1);
    }

    #[test]
    fn metadata_addresses_are_known_in_every_spelling() {
        for text in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "168.63.129.16",
            "fd20:ce::254",
            // The same behind the prefixes that carry IPv4 in IPv6.
            "::169.254.169.254",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::1",
        ] {
            assert!(is_metadata(text.parse().expect("an address")), "{text}");
        }
        for text in [
            "127.0.0.1",
            "::1",
            "10.0.0.1",
            "192.168.1.1",
            "8.8.8.8",
            "fd00::1",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(!is_metadata(text.parse().expect("an address")), "{text}");
        }
    }
}
