//! Which hosts may be asked at all.

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::Url;

use super::resolve::is_metadata;
use crate::language::glob;

/// The hosts that requests may go to: the setting `allow-hosts`, and never a cloud's metadata service by accident.
#[derive(Clone, Debug, Default)]
pub struct HostPolicy {
    allowed: Option<Arc<[String]>>,
}

impl HostPolicy {
    /// `allowed` are globs for host names and addresses; without it every host is, but for metadata services.
    pub fn new(allowed: Option<Vec<String>>) -> Self {
        Self {
            allowed: allowed.map(Arc::from),
        }
    }

    /// May this URL be asked?
    pub fn check(&self, url: &Url) -> Result<(), String> {
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let named = self.names(bare);
        if self.allowed.is_some() && !named {
            return Err(format!("the host `{bare}` is not among `allow-hosts`"));
        }
        match bare.parse::<IpAddr>() {
            Ok(address) => self.check_address(bare, address),
            Err(_) => Ok(()),
        }
    }

    /// May this host be asked, now that it has this address?
    pub(super) fn check_address(&self, host: &str, address: IpAddr) -> Result<(), String> {
        if is_metadata(address) && !self.names(host) {
            return Err(format!(
                "`{host}` leads to {address}, an address of the machine's or the cloud's own\nhint: name the host in `allow-hosts` if it is meant"
            ));
        }
        Ok(())
    }

    fn names(&self, host: &str) -> bool {
        let mut globs = self.allowed.iter().flat_map(|globs| globs.iter());
        // `*` alone does not name a metadata service: it means "any", not "that one".
        let is_literal_address = host.parse::<IpAddr>().is_ok_and(is_metadata);
        globs.any(|pattern| glob(pattern, host) && !(is_literal_address && pattern == "*"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allowed: Option<&[&str]>, url: &str) -> bool {
        let allowed = allowed.map(|globs| globs.iter().map(|glob| (*glob).to_owned()).collect());
        HostPolicy::new(allowed).check(&Url::parse(url).expect("a URL")).is_ok()
    }

    #[test]
    fn only_what_is_allowed_is_asked() {
        assert!(check(None, "https://any.example.com"));
        assert!(check(Some(&["*.example.com"]), "https://any.example.com"));
        assert!(!check(Some(&["*.example.com"]), "https://example.org"));
        assert!(check(Some(&["127.0.0.1"]), "http://127.0.0.1:81"));
        assert!(check(Some(&["::1"]), "http://[::1]:81"));
    }

    #[test]
    fn a_metadata_service_must_be_named() {
        assert!(!check(None, "http://169.254.169.254/latest"));
        assert!(!check(None, "http://[fd00:ec2::254]/"));
        assert!(!check(Some(&["*"]), "http://169.254.169.254/"));
        assert!(check(Some(&["169.254.169.254"]), "http://169.254.169.254/"));
    }
}
