//! Keys of every form, and what is told of those that can't sign.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, KeyPair as _, UnparsedPublicKey};

use super::*;

/// The text that RFC 8037, appendix A.4, signs.
const TEXT: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
const RSA: &str = include_str!("../../../../tests/fixtures/keys/rsa.pem");
const RSA_PKCS1: &str = include_str!("../../../../tests/fixtures/keys/rsa-pkcs1.pem");
const RSA_SMALL: &str = include_str!("../../../../tests/fixtures/keys/rsa-1024.pem");
const RSA_PUBLIC: &str = include_str!("../../../../tests/fixtures/keys/rsa-public.pem");
const EC: &str = include_str!("../../../../tests/fixtures/keys/ec.pem");
const EC_SEC1: &str = include_str!("../../../../tests/fixtures/keys/ec-sec1.pem");
const EC_P384: &str = include_str!("../../../../tests/fixtures/keys/ec-p384.pem");
const ED25519: &str = include_str!("../../../../tests/fixtures/keys/ed25519.pem");
const ENCRYPTED: &str = include_str!("../../../../tests/fixtures/keys/encrypted.pem");

fn signed(algorithm: Algorithm, key: &str, text: &str) -> String {
    let key = SigningKey::new(algorithm, key).map_err(|why| why.in_full()).unwrap();
    URL_SAFE_NO_PAD.encode(key.sign(text).map_err(|why| why.in_full()).unwrap())
}

#[test]
fn signatures_are_those_of_others() {
    // By `openssl dgst -sha256 -sign`.
    let rsa = "Nth-19s7vNxLaNOaEwxmir-2t8c1R4L16hGweQmHAWbKQvcMvbS6BcgXaz-Fh_aLt3ESd7Ob7mxGa4f1yY3OQBlqdMMqeDnFcWqk-2nNTRODlZqsoXjR7c4LwA3oBUTKbPuvVFoaaBG-Zy8zkdxLWzLWC7GhM3SnHjYPieOfW4gzQYUx6yxKkxt3pcIc14JgEQKmHRq4x4y86UaZpV-m-FNTexWAtulI8T4QBnLC-Wh11TjmIXB5ZZIYP7uwr4kMpBktXvrCOx2ezvmJxiMPS71UR5O9wCTKMDM9avIbT55pdQyNO-qWUoxdrVcosWCsypr9sPQla5NeguSh-vZCzw";
    let one_line = RSA.replace('\n', "\\n");
    for key in [RSA, RSA_PKCS1, &one_line, &RSA.replace('\n', "\r\n")] {
        assert_eq!(signed(Algorithm::Rs256, key, TEXT), rsa);
    }
    // RFC 8037, appendix A.4.
    assert_eq!(
        signed(Algorithm::EdDsa, ED25519, TEXT),
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
    // The example that every explanation of these tokens has.
    let text = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ";
    assert_eq!(
        signed(Algorithm::Hs256, "your-256-bit-secret", text),
        "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
    );
}

#[test]
fn a_signature_on_p256_is_of_the_fixed_form_and_holds() {
    let signature = URL_SAFE_NO_PAD.decode(signed(Algorithm::Es256, EC, TEXT)).unwrap();
    assert_eq!(signature.len(), 64);
    let PrivateKeyDer::Pkcs8(der) = der(EC).unwrap() else {
        panic!("not PKCS#8")
    };
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der(), &random).unwrap();
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
    public.verify(TEXT.as_bytes(), &signature).unwrap();
}

#[test]
fn a_key_that_cannot_sign_is_told_with_what_to_do_and_without_a_byte_of_it() {
    let broken = RSA.replace('\n', " ");
    for (algorithm, key, what, hint) in [
        (
            Algorithm::Es256,
            EC_SEC1,
            "SEC 1 form (`BEGIN EC PRIVATE KEY`)",
            "openssl pkcs8 -topk8 -nocrypt",
        ),
        (Algorithm::Rs256, EC_SEC1, "SEC 1", "convert it to PKCS#8"),
        (
            Algorithm::Es256,
            ENCRYPTED,
            "the key is encrypted",
            "openssl pkcs8 -topk8 -nocrypt",
        ),
        (
            Algorithm::Es256,
            EC_P384,
            "not one for ES256",
            "a key on the curve P-256",
        ),
        (Algorithm::Es256, RSA, "not one for ES256", "say in `alg`"),
        (
            Algorithm::Es256,
            RSA_PKCS1,
            "not one for ES256",
            "a key on the curve P-256",
        ),
        (Algorithm::EdDsa, EC, "not one for EdDSA", "an Ed25519 key"),
        (
            Algorithm::Rs256,
            EC,
            "not one for RS256",
            "an RSA key of 2048 to 4096 bits",
        ),
        (
            Algorithm::Rs256,
            RSA_SMALL,
            "not one for RS256",
            "an RSA key of 2048 to 4096 bits",
        ),
        (Algorithm::Rs256, RSA_PUBLIC, "a public one", "give the private key"),
        (Algorithm::Rs256, "hunter2", "no private key in PEM", "line breaks"),
        (Algorithm::Rs256, "", "no private key in PEM", "line breaks"),
        (Algorithm::Rs256, &broken, "no private key in PEM", "line breaks"),
        (Algorithm::Hs256, RSA, "HS256 takes a shared secret", "`alg`"),
        (Algorithm::Hs256, "", "the key is empty", ""),
    ] {
        let told = SigningKey::new(algorithm, key).map(|_| ()).unwrap_err();
        assert!(told.what.contains(what), "{} for {what}", told.what);
        let given = told.hint().unwrap_or_default();
        assert!(given.contains(hint), "{given} for {hint}");
        assert!(!told.in_full().contains("hunter2") && !told.in_full().contains("MII"));
    }
}
