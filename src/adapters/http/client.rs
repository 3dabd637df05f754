//! The HTTP clients: one that goes through the environment's proxies, and one that never does.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the adapter that builds the one client, and rustls reads SSL_CERT_* itself"
)]

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Client, Url};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::connection::Connections;
use super::policy::HostPolicy;
use super::resolve::Resolver;
use crate::domain::secret::Secret;
use crate::domain::why::Why;

/// A connection that takes longer than this is given up; no byte of a request was written then.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What a service's own TLS is made of, as PEM.
#[derive(Clone, Debug, Default)]
pub struct TlsFiles {
    /// Certificates that are trusted beside the usual ones.
    pub ca: Option<String>,
    /// Our own certificate chain and its key.
    pub identity: Option<(String, Secret)>,
}

/// The clients that all services share, so that connections are pooled once. Clones share them too.
#[derive(Clone)]
pub struct Clients {
    direct: Client,
    proxied: Client,
    /// What they are made of, for those that open a connection for each request: few services need them.
    parts: Parts,
    fresh: [Arc<OnceLock<Client>>; 2],
    connections: Connections,
    proxies: Arc<Matcher>,
    resolver: Resolver,
    policy: HostPolicy,
}

/// What a client is made of.
#[derive(Clone)]
struct Parts {
    tls: ClientConfig,
    resolver: Resolver,
    connect_timeout: Duration,
}

impl Parts {
    fn build(&self, proxied: bool, idle: usize) -> anyhow::Result<Client> {
        let builder = Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(self.resolver.clone())
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .pool_max_idle_per_host(idle)
            .user_agent(concat!("standin/", env!("CARGO_PKG_VERSION")));
        let builder = if proxied { builder } else { builder.no_proxy() };
        builder.build().context("the HTTP client can't be built")
    }
}

impl Clients {
    /// Builds them. `timeout` is the shortest of the services', since connecting must end before it to be told from a
    /// request that was lost.
    pub fn new(timeout: Duration, policy: &HostPolicy, files: &TlsFiles) -> anyhow::Result<Self> {
        let resolver = Resolver::new(policy.clone());
        let parts = Parts {
            tls: tls(files)?,
            resolver: resolver.clone(),
            connect_timeout: CONNECT_TIMEOUT.min(timeout.mul_f64(0.8)),
        };
        Ok(Self {
            direct: parts.build(false, usize::MAX)?,
            proxied: parts.build(true, usize::MAX)?,
            parts,
            fresh: Default::default(),
            connections: Connections::default(),
            proxies: Arc::new(Matcher::from_system()),
            resolver,
            policy: policy.clone(),
        })
    }

    /// Which hosts they may ask.
    pub(super) fn policy(&self) -> &HostPolicy {
        &self.policy
    }

    /// Which of their connections have brought answers.
    pub(super) fn connections(&self) -> &Connections {
        &self.connections
    }

    pub(super) fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// Do requests for a URL go to a proxy of the environment?
    pub(super) fn is_proxied(&self, url: &Url) -> bool {
        // It is the matcher that the client itself goes by.
        let uri = url.as_str().parse();
        !super::is_loopback(url) && uri.is_ok_and(|uri| self.proxies.intercept(&uri).is_some())
    }

    /// The client for a URL: loopback is never proxied. One that is `fresh` opens a connection for each request.
    pub(super) fn towards(&self, url: &Url, fresh: bool) -> Client {
        let proxied = !super::is_loopback(url);
        let pooled = if proxied { &self.proxied } else { &self.direct };
        if !fresh {
            return pooled.clone();
        }
        // What could be built once can be built again.
        let build = || self.parts.build(proxied, 0).unwrap_or_else(|_| pooled.clone());
        self.fresh[usize::from(proxied)].get_or_init(build).clone()
    }
}

/// The bundled roots, and those that `SSL_CERT_FILE` or `SSL_CERT_DIR` name where they are set: the system's whole store
/// would cost each start two milliseconds, and an image without one would have none.
fn tls(files: &TlsFiles) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
    {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!("a certificate store can't be read: {error}");
        }
        roots.add_parsable_certificates(found.certs);
    }
    if let Some(ca) = &files.ca {
        let found = certificates(ca).context("`tls.ca` can't be read")?;
        let (taken, _) = roots.add_parsable_certificates(found);
        if taken == 0 {
            bail!("`tls.ca` holds no certificate that can be trusted");
        }
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS can't be set up")?
        .with_root_certificates(roots);
    let mut config = match &files.identity {
        None => config.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = certificates(chain).context("`tls.cert` can't be read")?;
            let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes())
                .map_err(|_| anyhow!("`tls.key` holds no private key in PEM"))?;
            config
                .with_client_auth_cert(chain, key)
                .context("`tls.cert` and `tls.key` can't be used together")?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(pem: &str) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => bail!("there is no certificate in PEM in it"),
        // The parser's own words hold the bytes that it could not read, which may be those of a key.
        Err(_) => {
            let hint = "keep its line breaks, which a variable without quotes loses";
            Err(Why::hinted("it is no PEM", hint).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_certificate_or_key_that_cannot_be_read_no_byte_is_told() {
        let pem = "-----BEGIN CERTIFICATE-----\nZm9v\n-----END CERTIFICATE-----\n";
        let broken = pem.replace('\n', " ");
        let files = |ca: Option<&str>, identity: Option<(&str, &str)>| TlsFiles {
            ca: ca.map(str::to_owned),
            identity: identity.map(|(chain, key)| (chain.to_owned(), Secret::new(key))),
        };
        for files in [
            files(Some(&broken), None),
            files(Some("-----BEGIN Zm9v"), None),
            files(None, Some((&broken, pem))),
            files(None, Some((pem, &broken))),
            files(
                None,
                Some((pem, "-----BEGIN PRIVATE KEY-----\nZm9v\n-----END PRIVATE KEY-----\n")),
            ),
        ] {
            let error = tls(&files).expect_err("broken");
            let told = format!("{error:#}");
            // The same bytes in decimal, as `Debug` shows them.
            assert!(!told.contains("Zm9v") && !told.contains("90, 109"), "{told}");
        }
    }
}
