//! Tokens that are signed here: RFC 7515 and RFC 7519.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::signing_key::SigningKey;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::language::{JsonTemplate, Scope};

/// What signs tokens of one form.
#[derive(Clone)]
pub struct JwtSigner {
    /// What signs.
    pub key: SigningKey,
    /// Header fields beside `alg` and `typ`.
    pub headers: Vec<(String, JsonTemplate)>,
    /// What is claimed.
    pub claims: Vec<(String, JsonTemplate)>,
    /// Claims that are added where they are not given.
    pub usual: Vec<(&'static str, String)>,
    /// How long a token is valid, where it does not claim an `exp` of its own.
    pub expires_in: Duration,
    /// What the templates see.
    pub scope: Scope,
}

impl JwtSigner {
    /// A token of this moment, and how long it is valid.
    pub(super) fn sign(&self, now: Timestamp) -> Result<(Secret, Duration), Why> {
        let scope = self.scope.clone().at(now);
        let rendered = |pairs: &[(String, JsonTemplate)]| -> Result<Map<String, Value>, Why> {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| Ok((name.clone(), value.render(&scope).map_err(Why::from)?)))
                .collect()
        };
        let mut header = rendered(&self.headers)?;
        header.insert("alg".to_owned(), self.key.algorithm().name().into());
        header.entry("typ").or_insert_with(|| "JWT".into());
        let mut claims = rendered(&self.claims)?;
        for (name, value) in &self.usual {
            claims.entry(*name).or_insert_with(|| value.as_str().into());
        }
        let seconds = now.as_millis() / 1000;
        let end = claims
            .entry("exp")
            .or_insert_with(|| json!(seconds + self.expires_in.as_secs().max(1)));
        let end = end.as_f64().ok_or_else(|| {
            Why::hinted(
                "the claim `exp` is no number",
                "write seconds since 1970, or leave it out",
            )
        })?;
        let left = end - Duration::from_millis(now.as_millis()).as_secs_f64();
        let life = Duration::try_from_secs_f64(left)
            .ok()
            .filter(|life| !life.is_zero())
            .ok_or_else(|| {
                Why::hinted(
                    "the claim `exp` is over already",
                    "leave it out, or compute it from `now('unix')`",
                )
            })?;
        claims.entry("iat").or_insert_with(|| json!(seconds));
        claims
            .entry("jti")
            .or_insert_with(|| URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>()).into());
        let encoded = |map: Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::Object(map).to_string());
        let text = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.key.sign(&text)?;
        let token = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
        Ok((Secret::new(token), life))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Algorithm;
    use crate::language::Template;

    fn signer(headers: &[(&str, Value)], claims: &[(&str, &str)]) -> JwtSigner {
        let headers = headers.iter();
        let claims = claims.iter();
        JwtSigner {
            key: SigningKey::new(Algorithm::Hs256, "k").map_err(|why| why.what).unwrap(),
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), JsonTemplate::Scalar(value.clone())))
                .collect(),
            claims: claims
                .map(|(name, text)| ((*name).to_owned(), JsonTemplate::Text(Template::parse(text).unwrap())))
                .collect(),
            usual: vec![("iss", "usual".to_owned()), ("aud", "https://t/token".to_owned())],
            expires_in: Duration::from_mins(5),
            scope: Scope::new(),
        }
    }

    fn parts(token: &Secret) -> [Value; 2] {
        let mut parts = token.expose().split('.');
        [(); 2].map(|()| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap()).unwrap())
    }

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_500);

    #[test]
    fn what_is_not_given_is_set() {
        let (token, life) = signer(&[], &[]).sign(NOW).map_err(|why| why.what).unwrap();
        let [header, mut claims] = parts(&token);
        assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"}));
        let id = claims.as_object_mut().unwrap().remove("jti").unwrap();
        assert_eq!(id.as_str().map(str::len), Some(22));
        assert_eq!(
            claims,
            json!({"iss": "usual", "aud": "https://t/token", "iat": 1_800_000_000, "exp": 1_800_000_300})
        );
        assert_eq!(life, Duration::from_millis(299_500));
        let (again, _) = signer(&[], &[]).sign(NOW).map_err(|why| why.what).unwrap();
        assert_ne!(parts(&again)[1]["jti"], id);
    }

    #[test]
    fn what_is_given_is_kept() {
        let headers = [("kid", json!("1")), ("typ", json!("at+jwt")), ("alg", json!("none"))];
        let claims = [
            ("iss", "me"),
            ("exp", "{{ now('unix') + 60 }}"),
            ("iat", "{{ 7 }}"),
            ("jti", "one"),
        ];
        let (token, life) = signer(&headers, &claims).sign(NOW).map_err(|why| why.what).unwrap();
        let [header, claims] = parts(&token);
        assert_eq!(header, json!({"kid": "1", "typ": "at+jwt", "alg": "HS256"}));
        assert_eq!(
            claims,
            json!({"iss": "me", "exp": 1_800_000_060, "iat": 7, "jti": "one", "aud": "https://t/token"})
        );
        assert_eq!(life, Duration::from_millis(59_500));
    }

    #[test]
    fn an_end_that_is_none_is_told() {
        for (end, told) in [
            ("soon", "the claim `exp` is no number"),
            ("{{ 1 }}", "the claim `exp` is over already"),
            ("{{ unknown }}", "unknown name"),
        ] {
            let why = signer(&[], &[("exp", end)]).sign(NOW).map(|_| ()).unwrap_err();
            assert!(why.what.contains(told), "{}", why.what);
        }
    }
}
