//! The vectors that AWS publishes for its signature (aws-signing-test-suite, v4).

use super::*;

/// Name, request, header fields, body, signature.
type Vector = (&'static str, &'static str, &'static str, &'static str, &'static str);

fn signer(service: &str, session_token: Option<&str>) -> AwsSigner {
    AwsSigner {
        region: "us-east-1".to_owned(),
        service: service.to_owned(),
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        session_token: session_token.map(Secret::new),
    }
}

/// 2015-08-30T12:36:00Z
const MOMENT: Timestamp = Timestamp::from_millis(1_440_938_160_000);

/// The fields of a request once it is signed.
fn signed(signer: &AwsSigner, request: &str, fields: &str, body: &str, wrongly: bool) -> HeaderMap {
    let (method, target) = request.split_once(' ').unwrap();
    let url = Url::parse(&format!("https://example.amazonaws.com{target}")).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in fields.split('|').filter_map(|field| field.split_once(':')) {
        set(&mut headers, name, value.trim()).map_err(|why| why.what).unwrap();
    }
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    signer
        .sign((&method, &url), &mut headers, body.as_bytes(), MOMENT, wrongly)
        .map_err(|why| why.what)
        .unwrap();
    headers
}

fn authorization(headers: &HeaderMap) -> &str {
    headers["authorization"].to_str().unwrap()
}

const VECTORS: [Vector; 16] = [
    (
        "get-vanilla",
        "GET /",
        "",
        "",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    (
        "get-vanilla-query-order-encoded",
        "GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
        "",
        "",
        "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    ),
    (
        "get-vanilla-query-order-key-case",
        "GET /?Param2=value2&Param1=value1",
        "",
        "",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    (
        "get-vanilla-query-unreserved",
        "GET /?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "",
        "",
        "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    ),
    (
        "get-vanilla-empty-query-key",
        "GET /?Param1=value1",
        "",
        "",
        "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    ),
    (
        "get-unreserved",
        "GET /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "",
        "",
        "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    ),
    (
        "get-slash-normalized",
        "GET //",
        "",
        "",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    (
        "get-relative-normalized",
        "GET /example/..",
        "",
        "",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    (
        "get-vanilla-with-session-token",
        "GET /",
        "",
        "",
        "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
    ),
    (
        "post-vanilla",
        "POST /",
        "",
        "",
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ),
    (
        "post-vanilla-query",
        "POST /?Param1=value1",
        "",
        "",
        "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
    ),
    (
        "post-header-key-sort",
        "POST /",
        "My-Header1:value1",
        "",
        "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
    ),
    (
        "post-header-value-case",
        "POST /",
        "My-Header1:VALUE1",
        "",
        "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    ),
    (
        "post-x-www-form-urlencoded",
        "POST /",
        "Content-Type:application/x-www-form-urlencoded|Content-Length:13|x-amz-content-sha256:9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
        "Param1=value1",
        "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
    ),
    (
        "post-x-www-form-urlencoded-parameters",
        "POST /",
        "Content-Type:application/x-www-form-urlencoded; charset=utf-8|Content-Length:13|x-amz-content-sha256:9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
        "Param1=value1",
        "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422",
    ),
    (
        "get-header-value-trim",
        "GET /",
        "My-Header1: value1|My-Header2: \"a   b   c\"",
        "",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
];

#[test]
fn the_published_vectors_hold() {
    let token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    for (name, request, fields, body, signature) in VECTORS {
        let token = name.ends_with("session-token").then_some(token);
        let headers = signed(&signer("service", token), request, fields, body, false);
        let authorization = authorization(&headers);
        assert!(
            authorization.ends_with(&format!("Signature={signature}")),
            "{name}: {authorization}"
        );
        assert!(
            authorization
                .starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ")
        );
        assert_eq!(headers["x-amz-date"], "20150830T123600Z");
        assert_eq!(headers.get("x-amz-security-token").is_some(), token.is_some());
    }
}

#[test]
fn a_spoilt_signature_has_the_form_of_the_right_one() {
    let [right, wrong] = [false, true].map(|wrongly| signed(&signer("service", None), "GET /", "", "", wrongly));
    let [right, wrong] = [&right, &wrong].map(authorization);
    assert_eq!(right.len(), wrong.len());
    assert_eq!(right.rsplit_once('=').unwrap().0, wrong.rsplit_once('=').unwrap().0);
    assert_ne!(right, wrong);
}

#[test]
fn objects_are_signed_as_they_are_called_and_with_the_sum_of_what_is_sent() {
    let [s3, other] = ["s3", "service"].map(|service| signed(&signer(service, None), "PUT /a%20b//c", "", "x", false));
    let sum = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    assert_eq!(s3["x-amz-content-sha256"], sum);
    assert!(!other.contains_key("x-amz-content-sha256"));
    assert_eq!(signer("s3", Some("t")).field_names().len(), 4);
}
