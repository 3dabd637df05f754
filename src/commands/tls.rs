//! The certificates and keys that a configuration names: read once, and kept for cleanup.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::exit::Failure;
use super::load::Folder;
use crate::adapters::http::TlsFiles;
use crate::adapters::small_file;
use crate::config::{Config, Service};
use crate::domain::secret::Secret;
use crate::domain::why::Why;
use crate::language::{Scope, Template};

/// Certificates and keys in PEM by their paths as the configuration gives them. They go into the sealed copy alone.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct KeptFiles(BTreeMap<String, String>);

impl KeptFiles {
    /// Reads every file that the configuration names, relative to its own directory.
    pub(super) fn read(config: &Config, scope: &Scope, directory: &Folder, only: &[String]) -> Result<Self, Failure> {
        let mut files = BTreeMap::new();
        let is_meant = |service: &&Service| only.is_empty() || only.iter().any(|name| name == service.name.as_str());
        for service in config.services.iter().filter(is_meant) {
            let Some(tls) = &service.tls else { continue };
            for (key, template) in [("ca", &tls.ca), ("cert", &tls.cert), ("key", &tls.key)] {
                let Some(template) = template else { continue };
                let path = render(template, scope, service, key).map_err(Failure::Usage)?;
                let text = read_one(&path, directory).map_err(|reason| {
                    // What a variable holds may be no path but the key.
                    let written = template.source();
                    Failure::usage(reason.context(format_args!(
                        "`tls.{key}` of `{}` can't be read: `{written}`",
                        service.name
                    )))
                })?;
                files.insert(path, text);
            }
        }
        Ok(Self(files))
    }

    /// Reads what can be read, and says what can't be: a service whose files are gone must not hold up the others.
    pub(super) fn read_what_is_there(config: &Config, scope: &Scope, directory: &Folder) -> (Self, Vec<Why>) {
        let mut there = Self::default();
        let mut unread = Vec::new();
        for service in &config.services {
            match Self::read(config, scope, directory, &[service.name.as_str().to_owned()]) {
                Ok(files) => there.0.extend(files.0),
                Err(failure) => unread.push(failure.into()),
            }
        }
        (there, unread)
    }

    /// What a service's TLS is made of; `None` where it has none of its own.
    pub(super) fn of(&self, service: &Service, scope: &Scope) -> Result<Option<TlsFiles>, Why> {
        let Some(tls) = &service.tls else { return Ok(None) };
        let text = |template: &Option<Template>, key: &str| -> Result<Option<String>, Why> {
            let Some(template) = template else { return Ok(None) };
            let path = render(template, scope, service, key)?;
            let text = self.0.get(&path).cloned();
            text.map(Some).ok_or_else(|| {
                let (name, source) = (&service.name, template.source());
                format!("`tls.{key}` of `{name}` was not kept: `{source}`").into()
            })
        };
        let identity = match (text(&tls.cert, "cert")?, text(&tls.key, "key")?) {
            (Some(cert), Some(key)) => Some((cert, Secret::new(key))),
            (None | Some(_), None | Some(_)) => None,
        };
        Ok(Some(TlsFiles {
            ca: text(&tls.ca, "ca")?,
            identity,
        }))
    }
}

/// The text of a file, or why there is none: in words that hold nothing of the path.
fn read_one(path: &str, directory: &Folder) -> Result<String, Why> {
    if !small_file::can_be_a_path(Path::new(path)) {
        return Err(Why::hinted(
            "it is no path, but the certificate or key itself",
            "write it to a file, and give the path of that",
        ));
    }
    small_file::read_text(&directory.path.join(path), &directory.workspace)
        .map_err(|error| Why::hinted(error.to_string(), "the path is relative to the configuration's file"))
}

fn render(template: &Template, scope: &Scope, service: &Service, key: &str) -> Result<String, Why> {
    template
        .render(scope)
        .map_err(|error| Why::from(error).context(format_args!("`tls.{key}` of `{}`", service.name)))
}
