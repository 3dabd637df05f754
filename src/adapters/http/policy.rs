//! Which hosts may be asked at all.

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::Url;

use super::metadata::is_metadata;
use crate::domain::why::Why;
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
    pub fn check(&self, url: &Url) -> Result<(), Why> {
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let named = self.names(bare);
        if self.allowed.is_some() && !named {
            return Err(format!("the host `{bare}` is not among `allow-hosts`").into());
        }
        match bare.parse::<IpAddr>() {
            Ok(address) => self.check_address(bare, address),
            Err(_) => Ok(()),
        }
    }

    /// May this host be asked, now that it has this address?
    pub(super) fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Why> {
        if is_metadata(address) && !self.names_metadata(host, address) {
            return Err(Why::hinted(
                format!("`{host}` leads to {address}, an address of the machine or the cloud itself"),
                "to allow it, list the host in `allow-hosts`",
            ));
        }
        Ok(())
    }

    fn names(&self, host: &str) -> bool {
        self.globs().any(|pattern| glob(pattern, host))
    }

    /// Is a metadata service meant? A glob that fits any name, such as `*` or `*.example.com`, says "any" and not "that
    /// one": whoever owns a name decides where it leads. So it takes the name in full, or a glob for the address itself.
    fn names_metadata(&self, host: &str, address: IpAddr) -> bool {
        let address = address.to_string();
        self.globs().any(|pattern| {
            let is_open = !pattern.contains(|c: char| c.is_ascii_alphanumeric());
            pattern == host || (!is_open && glob(pattern, &address))
        })
    }

    fn globs(&self) -> impl Iterator<Item = &String> {
        self.allowed.iter().flat_map(|globs| globs.iter())
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
        assert!(!check(Some(&["*.*"]), "http://169.254.169.254/"));
        assert!(check(Some(&["169.254.169.254"]), "http://169.254.169.254/"));
        assert!(check(Some(&["169.254.*"]), "http://169.254.169.254/"));
    }

    #[test]
    fn a_name_that_leads_to_a_metadata_service_must_be_named_in_full() {
        let address: IpAddr = [169, 254, 169, 254].into();
        let leads = |allowed: &[&str], host: &str| {
            let allowed = allowed.iter().map(|glob| (*glob).to_owned()).collect();
            HostPolicy::new(Some(allowed)).check_address(host, address).is_ok()
        };
        assert!(!leads(&["*"], "metadata.example.com"));
        assert!(!leads(&["*.example.com"], "metadata.example.com"));
        assert!(leads(&["metadata.example.com"], "metadata.example.com"));
        assert!(leads(&["*", "169.254.169.254"], "metadata.example.com"));
    }
}
