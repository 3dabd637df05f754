//! The certificates of a service, as paths; nothing here reads a file.

use super::decode::{Decoder, Fields};
use super::keys::Key;
use super::keys::tls as key;
use super::tree::Node;
use crate::language::Template;

/// How a service is trusted and how it is shown who asks. Paths are relative to the configuration's file, and see `env` alone.
#[derive(Clone, Debug)]
pub struct Tls {
    /// A file of certificates in PEM that are trusted beside the usual ones.
    pub ca: Option<Template>,
    /// A file with our own certificate chain in PEM; there if and only if `key` is.
    pub cert: Option<Template>,
    /// A file with the certificate's private key in PEM.
    pub key: Option<Template>,
}

const NAMES: &[&str] = &["env"];

/// `tls`.
pub(super) fn decode(decoder: &mut Decoder, node: &Node) -> Option<Tls> {
    let mut fields = decoder.fields(node, "`tls`", &key::BLOCK)?;
    let (cert_entry, key_entry) = (fields.entry(key::CERT), fields.entry(key::KEY));
    for (given, other, Key { name: missing, .. }) in
        [(cert_entry, key_entry, key::KEY), (key_entry, cert_entry, key::CERT)]
    {
        if let Some(entry) = given
            && other.is_none()
        {
            decoder.error_with_hint(
                entry.key_span,
                format!("`{}` needs `{missing}`", entry.key),
                format!("add `{missing}`, or leave `{}` out", entry.key),
            );
        }
    }
    let ca = path(decoder, &mut fields, key::CA);
    let cert = path(decoder, &mut fields, key::CERT);
    let key = path(decoder, &mut fields, key::KEY);
    fields.finish(decoder);
    Some(Tls { ca, cert, key })
}

fn path(decoder: &mut Decoder, fields: &mut Fields<'_>, key: Key) -> Option<Template> {
    fields.read(decoder, key, |decoder, node, name| decoder.template(node, name, NAMES))
}
