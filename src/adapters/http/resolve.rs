//! Names to addresses: looked up once a run, and never to an address that only a machine's own cloud answers on.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::policy::HostPolicy;
use crate::domain::why::Why;

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
    pub(super) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Why> {
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
}
