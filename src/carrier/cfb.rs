//! Texts that a phone with httpSMS encrypts: base64 of 16 bytes to begin with and the text in AES-256-CFB, whose key is the
//! SHA-256 of a passphrase (httpsms-go's `cipher_service.go`).
//!
//! CFB hides a text and does not seal it: who can change it on the way can change single bits of what is read. The call
//! around it is proved by its own token.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

use super::auth::Algorithm;
use crate::config::Secret;

const BLOCK: usize = 16;

/// The bytes that were encrypted; `None` where it is not such a text.
pub fn decrypt(passphrase: &Secret, content: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(content.trim()).ok().filter(|b| b.len() >= BLOCK)?;
    let (begin, encrypted) = bytes.split_at(BLOCK);
    let cipher = Aes256::new(&Sha256::digest(passphrase.expose().as_bytes()));
    let mut last = block(begin);
    let mut out = Vec::with_capacity(encrypted.len());
    for chunk in encrypted.chunks(BLOCK) {
        let mask = masked(&cipher, last);
        out.extend(chunk.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
        last = block(chunk);
    }
    Some(out)
}

/// `bytes` encrypted, for the MT of this number: what it begins with nobody else can guess, and no other text has.
pub fn encrypt(passphrase: &Secret, number: u64, bytes: &[u8]) -> String {
    let key = passphrase.expose().as_bytes();
    let begin = Algorithm::HmacSha256.sign(key, &[b"begin", &number.to_be_bytes(), bytes]);
    encrypt_from(passphrase, &begin[..BLOCK], bytes)
}

fn encrypt_from(passphrase: &Secret, begin: &[u8], bytes: &[u8]) -> String {
    let cipher = Aes256::new(&Sha256::digest(passphrase.expose().as_bytes()));
    let mut out = begin.to_vec();
    let mut last = block(begin);
    for chunk in bytes.chunks(BLOCK) {
        let mask = masked(&cipher, last);
        let encrypted: Vec<u8> = chunk.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
        last = block(&encrypted);
        out.extend(encrypted);
    }
    BASE64.encode(out)
}

/// The first 16 bytes, filled up with zeros: only the last block is shorter, and nothing follows it.
fn block(bytes: &[u8]) -> [u8; BLOCK] {
    let mut out = [0; BLOCK];
    out.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    out
}

fn masked(cipher: &Aes256, bytes: [u8; BLOCK]) -> [u8; BLOCK] {
    let mut one = bytes.into();
    cipher.encrypt_block(&mut one);
    one.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_text_is_read() {
        // httpSMS's own sample
        let sample = "bdmZ7n6JVf/ST+SoNlSaOGUL1DcL5705ETw8GAB4llYBgE9HOOL+Pu/h+w==";
        let key = Secret::new("Password123");
        assert_eq!(decrypt(&key, sample).as_deref(), Some(&b"This is a test text message"[..]));
        let begin = BASE64.decode(sample).unwrap();
        assert_eq!(encrypt_from(&key, &begin[..BLOCK], b"This is a test text message"), sample);
    }

    #[test]
    fn what_is_encrypted_is_read_and_what_is_not_is_refused() {
        let key = Secret::new("geheim");
        for text in ["", "a", "卖 板蓝根 200斤", "0123456789abcdef", &"长".repeat(200)] {
            let one = encrypt(&key, 1, text.as_bytes());
            assert_eq!(decrypt(&key, &one).as_deref(), Some(text.as_bytes()));
            assert_ne!(one, encrypt(&key, 2, text.as_bytes()), "each text begins in its own way");
            let other = decrypt(&Secret::new("other"), &one).unwrap();
            assert!(text.is_empty() || other != text.as_bytes());
        }
        for bad in ["", "卖", "AAAA", "not base64!"] {
            assert_eq!(decrypt(&key, bad), None, "{bad}");
        }
    }
}
