//! AWS Signature Version 4.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};

use super::envelope::set;
use crate::domain::secret::{Secret, spoilt};
use crate::domain::time::Timestamp;
use crate::domain::why::Why;

/// The service that signs its paths as they are: what is in them are keys of objects.
const S3: &str = "s3";

/// The keys for one service of AWS in one region.
#[derive(Clone)]
pub struct AwsSigner {
    /// The region.
    pub region: String,
    /// The service's name in signatures.
    pub service: String,
    /// The id of the key.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: Secret,
    /// What comes with temporary keys.
    pub session_token: Option<Secret>,
}

impl AwsSigner {
    /// Signs a request as it is sent at this moment. `wrongly` signs with a key that has something wrong in it.
    pub(super) fn sign(
        &self,
        (method, url): (&Method, &Url),
        headers: &mut HeaderMap,
        body: &[u8],
        now: Timestamp,
        wrongly: bool,
    ) -> Result<(), Why> {
        let failed = |error: &dyn std::fmt::Display| Why::from(format!("the request can't be signed: {error}"));
        let secret = self.secret_access_key.expose();
        let secret = Secret::new(if wrongly { spoilt(secret) } else { secret.to_owned() });
        let token = self.session_token.as_ref().map(|token| token.expose().to_owned());
        let identity = AwsCredentials::new(&self.access_key_id, secret.expose(), token, None, "configuration").into();
        let time: SystemTime = UNIX_EPOCH + Duration::from_millis(now.as_millis());
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(time)
            .settings(self.settings())
            .build()
            .map_err(|error| failed(&error))?
            .into();
        let fields = headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let request = SignableRequest::new(method.as_str(), url.as_str(), fields, SignableBody::Bytes(body))
            .map_err(|error| failed(&error))?;
        let (made, _) = sign(request, &params).map_err(|error| failed(&error))?.into_parts();
        for (name, value) in made.headers() {
            set(headers, name, value)?;
        }
        Ok(())
    }

    fn settings(&self) -> SigningSettings {
        let mut settings = SigningSettings::default();
        if self.service == S3 {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        settings
    }

    /// The names of the fields that a signature takes.
    pub(super) fn field_names(&self) -> Vec<&'static str> {
        let token = self.session_token.as_ref().map(|_| "x-amz-security-token");
        let sum = (self.service == S3).then_some("x-amz-content-sha256");
        ["authorization", "x-amz-date"]
            .into_iter()
            .chain(token)
            .chain(sum)
            .collect()
    }
}

#[cfg(test)]
mod tests;
