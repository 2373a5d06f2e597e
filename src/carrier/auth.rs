//! Proof that a call is the carrier's: secret tokens and signatures, compared in constant time.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use crate::config::Secret;

/// A secret that a caller must show. Only its digest is kept, so that comparing tells nothing of it, not even its length.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    pub fn new(secret: &Secret) -> Token {
        Token(Sha256::digest(secret.expose().as_bytes()).into())
    }

    /// Whether `given` is the secret. Nothing given is never right.
    pub fn is(&self, given: Option<&[u8]>) -> bool {
        let shown: [u8; 32] = Sha256::digest(given.unwrap_or_default()).into();
        given.is_some_and(|g| !g.is_empty()) & bool::from(self.0.ct_eq(&shown))
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(***)")
    }
}

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    HmacSha512,
    HmacSha256,
    HmacSha1,
    HmacMd5,
    /// A plain digest: the secret must be part of what is signed.
    Sha256,
    Sha1,
    Md5,
}

impl Algorithm {
    /// What the config may say.
    pub const NAMES: &'static [&'static str] =
        &["hmac-sha512", "hmac-sha256", "hmac-sha1", "hmac-md5", "sha256", "sha1", "md5"];

    /// One of [`Algorithm::NAMES`].
    pub fn named(name: &str) -> Option<Algorithm> {
        Some(match name {
            "hmac-sha512" => Algorithm::HmacSha512,
            "hmac-sha256" => Algorithm::HmacSha256,
            "hmac-sha1" => Algorithm::HmacSha1,
            "hmac-md5" => Algorithm::HmacMd5,
            "sha256" => Algorithm::Sha256,
            "sha1" => Algorithm::Sha1,
            "md5" => Algorithm::Md5,
            _ => return None,
        })
    }

    /// Whether the secret is a key of its own, not a part of what is signed.
    pub fn keyed(self) -> bool {
        matches!(self, Algorithm::HmacSha512 | Algorithm::HmacSha256 | Algorithm::HmacSha1 | Algorithm::HmacMd5)
    }

    /// The signature of `parts`, one after the other. `key` serves the keyed ones only.
    pub fn sign(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Algorithm::HmacSha512 => mac::<Hmac<Sha512>>(key, parts),
            Algorithm::HmacSha256 => mac::<Hmac<Sha256>>(key, parts),
            Algorithm::HmacSha1 => mac::<Hmac<Sha1>>(key, parts),
            Algorithm::HmacMd5 => mac::<Hmac<Md5>>(key, parts),
            Algorithm::Sha256 => plain::<Sha256>(parts),
            Algorithm::Sha1 => plain::<Sha1>(parts),
            Algorithm::Md5 => plain::<Md5>(parts),
        }
    }
}

/// Whether two signatures are the same, without telling where they differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

fn mac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes keys of any length; the type only allows for MACs that do not.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
    parts.iter().for_each(|p| mac.update(p));
    mac.finalize().into_bytes().to_vec()
}

fn plain<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut digest = D::new();
    parts.iter().for_each(|p| digest.update(p));
    digest.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carrier::hex;

    #[test]
    fn only_the_whole_token_opens() {
        let token = Token::new(&Secret::new("s3cret"));
        assert!(token.is(Some(b"s3cret")));
        for wrong in [None, Some(&b""[..]), Some(b"s3cre"), Some(b"s3cret "), Some(b"S3cret")] {
            assert!(!token.is(wrong), "{wrong:?}");
        }
        assert!(!Token::new(&Secret::new("")).is(Some(b"")), "an empty secret opens nothing");
        assert_eq!(format!("{token:?}"), "Token(***)");
    }

    #[test]
    fn signatures_are_those_of_the_standards() {
        // RFC 4231 case 2, RFC 2202 cases 2, and the digests of "abc"
        let (key, text) = (&b"Jefe"[..], &b"what do ya want for nothing?"[..]);
        for (algorithm, key, text, signature) in [
            (Algorithm::HmacSha256, key, text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                Algorithm::HmacSha512,
                key,
                text,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            (Algorithm::HmacSha1, key, text, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Algorithm::HmacMd5, key, text, "750c783e6ab0b503eaa86e310a5db738"),
            (Algorithm::Sha1, b"", b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Md5, b"", b"abc", "900150983cd24fb0d6963f7d28e17f72"),
        ] {
            let (a, b) = text.split_at(1);
            assert_eq!(hex::lower(&algorithm.sign(key, &[a, b])), signature, "{algorithm:?}");
        }
    }
}
