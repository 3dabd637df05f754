//! Credentials that sign each request, from the tree.

use super::{needed, optional};
use crate::config::action;
use crate::config::auth::{Auth, Aws, Sign};
use crate::config::decode::{Decoder, Fields};
use crate::config::keys::{self, Key};
use crate::config::request::SERVICE_NAMES;
use crate::config::tree::{Content, Node};
use crate::language::{Expression, Template};

/// What a signature of the service's own sees.
const SIGN_NAMES: &[&str] = &["env", "run", "service", "with", "request"];

/// `aws`. The variables that hold what isn't given are read as if they stood there.
pub(super) fn aws(decoder: &mut Decoder, node: &Node) -> Option<Auth> {
    use keys::aws as key;
    let mut fields = decoder.fields(node, "`aws`", &key::BLOCK)?;
    let service = needed(decoder, &mut fields, key::SERVICE);
    let region = given_or(decoder, &mut fields, key::REGION, "{{ env.AWS_REGION }}");
    let access_key_id = given_or(decoder, &mut fields, key::ACCESS_KEY_ID, "{{ env.AWS_ACCESS_KEY_ID }}");
    let secret_access_key = given_or(
        decoder,
        &mut fields,
        key::SECRET_ACCESS_KEY,
        "{{ env.AWS_SECRET_ACCESS_KEY }}",
    );
    // It belongs to the key of that variable, and to no other.
    let is_the_jobs = access_key_id.as_ref().is_some_and(|id| {
        let mut reads = id.expressions().flat_map(Expression::env_uses);
        reads.any(|read| read.name == "AWS_ACCESS_KEY_ID")
    });
    let session_token = if is_the_jobs {
        let usual = "{{ env.AWS_SESSION_TOKEN | default('') }}";
        given_or(decoder, &mut fields, key::SESSION_TOKEN, usual)
    } else {
        optional(decoder, &mut fields, key::SESSION_TOKEN)
    };
    fields.finish(decoder);
    Some(Auth::Aws(Box::new(Aws {
        region: region?,
        service: service?,
        access_key_id: access_key_id?,
        secret_access_key: secret_access_key?,
        session_token,
    })))
}

fn given_or(decoder: &mut Decoder, fields: &mut Fields<'_>, key: Key, usual: &str) -> Option<Template> {
    if let Some(node) = fields.take(key) {
        return decoder.template(node, key.name, SERVICE_NAMES);
    }
    let usual = Node {
        span: fields.span,
        kind: Content::String(usual.to_owned()),
    };
    decoder.template(&usual, key.name, SERVICE_NAMES)
}

/// `sign`.
pub(super) fn sign(decoder: &mut Decoder, node: &Node) -> Option<Auth> {
    use keys::sign as key;
    let mut fields = decoder.fields(node, "`sign`", &key::BLOCK)?;
    decoder.has_moment = true;
    let headers = fields.take(key::HEADERS);
    let headers = headers.map(|node| action::headers(decoder, node, SIGN_NAMES));
    let query = fields.take(key::QUERY);
    let query = query.map(|node| decoder.templates(node, "`query`", SIGN_NAMES));
    decoder.has_moment = false;
    if headers.is_none() && query.is_none() {
        decoder.error_with_hint(
            node.span,
            "`sign` is empty: no request would be signed",
            "write for example `sign: { headers: { X-Signature: \"{{ request.body | hmac_sha256(env.API_SECRET) }}\" } }`",
        );
    }
    fields.finish(decoder);
    Some(Auth::Sign(Sign {
        headers: headers.unwrap_or_default(),
        query: query.unwrap_or_default(),
    }))
}
