//! JSON Web Tokens that carriers show in `Authorization: Bearer …`, signed with HMAC-SHA256 (RFC 7519, RFC 7515).
//!
//! A token proves who calls, not what he says: whoever has seen one can put it before another body, unless a claim of it
//! holds the body's digest.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use serde_json::Value;

use super::Refusal;
use super::auth::{self, Algorithm};
use crate::config::Secret;

/// The claims of the token in the call's `Authorization`, once its signature is right. Only `HS256` is taken, whatever
/// the token itself would like.
pub fn claims(key: &Secret, headers: &HeaderMap) -> Result<Value, Refusal> {
    let shown = headers.get(http::header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let token = shown.and_then(|s| s.strip_prefix("Bearer ").or_else(|| s.strip_prefix("bearer ")));
    let token = token.ok_or(Refusal::NotAuthentic("no bearer token"))?.trim();
    let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::NotAuthentic("no token of three parts"))?;
    let (header, payload) = signed.split_once('.').ok_or(Refusal::NotAuthentic("no token of three parts"))?;
    let expected = URL_SAFE_NO_PAD.encode(Algorithm::HmacSha256.sign(key.expose().as_bytes(), &[signed.as_bytes()]));
    if !auth::same(expected.as_bytes(), signature.trim_end_matches('=').as_bytes()) {
        return Err(Refusal::NotAuthentic("signature"));
    }
    let read = |part: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()
    };
    if read(header).is_none_or(|h| h["alg"] != "HS256") {
        return Err(Refusal::NotAuthentic("algorithm"));
    }
    read(payload).filter(Value::is_object).ok_or(Refusal::NotAuthentic("claims"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(token: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        headers
    }

    /// jwt.io's own example, which stands in every library's tests.
    const PUBLISHED: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";

    #[test]
    fn a_published_token_is_read() {
        let claims = claims(&Secret::new("your-256-bit-secret"), &shown(PUBLISHED)).unwrap();
        assert_eq!(claims["name"], "John Doe");
        assert_eq!(claims["iat"], 1_516_239_022);
    }

    #[test]
    fn nothing_else_is() {
        let key = Secret::new("your-256-bit-secret");
        let (signed, _) = PUBLISHED.rsplit_once('.').unwrap();
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let other = format!("{none}.{}", signed.split_once('.').unwrap().1);
        let mac =
            |s: &str| URL_SAFE_NO_PAD.encode(Algorithm::HmacSha256.sign(key.expose().as_bytes(), &[s.as_bytes()]));
        for bad in [
            String::new(),
            "a.b".into(),
            signed.to_string(),
            format!("{signed}."),
            format!("{signed}.AAAA"),
            format!("{other}."),
            // rightly signed, but the token names another algorithm
            format!("{other}.{}", mac(&other)),
            format!("e30.{}", mac("e30")),
        ] {
            assert!(claims(&key, &shown(&bad)).is_err(), "{bad}");
        }
        assert!(claims(&Secret::new("another"), &shown(PUBLISHED)).is_err());
        assert!(claims(&key, &HeaderMap::new()).is_err());
    }
}
