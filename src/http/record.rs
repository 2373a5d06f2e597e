//! `[server] record`: raw webhook calls in files, for whoever asks a carrier why a text was misread.
//!
//! ```text
//! # 2026-11-21T09:00:00.000+08:00 mobile Mo: 200 OK
//! GET /carriers/mobile/mo?token={secret:token}&id=1&from=%2B8613800000001&to=1069012345&text=%E5%8D%96
//! user-agent: Kannel/1.5.0
//!
//! ```
//!
//! Secrets of the account stand in them by the names of their keys, and `xiangxun replay` puts them back. In numbers of
//! eleven digits and more the four before the last four are zeros. What a carrier signs therefore does not fit its
//! signature any more.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, Method, StatusCode, header};

use crate::carrier::form;
use crate::clock::Timestamp;
use crate::config::Secret;

/// A key of an account's settings, and the secret it holds.
pub type Named = (String, Secret);

/// Writes calls into a folder, the newest so many.
#[derive(Debug, Clone)]
pub struct Recorder {
    dir: PathBuf,
    keep: u64,
    count: Arc<AtomicU64>,
}

/// A call as it came, and what was answered.
pub struct Call<'a> {
    pub carrier: &'a str,
    /// Which of its addresses: `Mo`, `Dlr` or `Ussd`.
    pub door: &'static str,
    pub method: &'a Method,
    pub target: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub status: StatusCode,
    pub now: Timestamp,
}

impl Recorder {
    /// Makes the folder. Goes on after what an earlier process wrote.
    ///
    /// # Errors
    /// Those of the folder.
    pub fn new(dir: &Path, keep: u64) -> std::io::Result<Recorder> {
        std::fs::create_dir_all(dir)?;
        let number = |e: std::io::Result<std::fs::DirEntry>| {
            e.ok()?.file_name().to_str()?.strip_suffix(".http")?.parse::<u64>().ok()
        };
        let last = std::fs::read_dir(dir)?.filter_map(number).max().map_or(0, |n| n + 1);
        Ok(Recorder { dir: dir.to_path_buf(), keep, count: Arc::new(AtomicU64::new(last)) })
    }

    /// Writes a call down, beside the answering.
    pub fn note(&self, call: &Call<'_>, secrets: &[Named]) {
        let text = masked(call, secrets);
        let n = self.count.fetch_add(1, Ordering::Relaxed);
        let (to, old) = (self.file(n), n.checked_sub(self.keep).map(|old| self.file(old)));
        tokio::task::spawn_blocking(move || {
            if let Err(cause) = std::fs::write(&to, text) {
                tracing::warn!(file = %to.display(), %cause, "a call could not be recorded");
            }
            // one that is gone already was taken away by hand
            old.and_then(|old| std::fs::remove_file(old).ok())
        });
    }

    fn file(&self, n: u64) -> PathBuf {
        self.dir.join(format!("{n:010}.http"))
    }
}

fn masked(call: &Call<'_>, secrets: &[Named]) -> Vec<u8> {
    let mut text = format!("{} {}\n", call.method, call.target);
    for (name, value) in call.headers {
        let hidden = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION].contains(name);
        let value = if hidden { "***".into() } else { latin1(value.as_bytes()) };
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push('\n');
    text.push_str(&latin1(call.body));
    for (key, secret) in secrets {
        let (plain, encoded) = (latin1(secret.expose().as_bytes()), form::encode(secret.expose().as_bytes()));
        if encoded != plain {
            text = text.replace(&encoded, &format!("{{encoded:{key}}}"));
        }
        text = text.replace(&plain, &format!("{{secret:{key}}}"));
    }
    let head = format!("# {} {} {}: {}\n", call.now.rfc3339(), call.carrier, call.door, call.status);
    bytes(&(head + &without_numbers(&text)))
}

/// A recorded call with the account's secrets put back.
pub fn unmasked(recorded: &[u8], secrets: &[Named]) -> Vec<u8> {
    let mut text = latin1(recorded);
    for (key, secret) in secrets {
        text = text.replace(&format!("{{encoded:{key}}}"), &form::encode(secret.expose().as_bytes()));
        text = text.replace(&format!("{{secret:{key}}}"), &latin1(secret.expose().as_bytes()));
    }
    bytes(&text)
}

/// Each byte as one character, so that any body can be searched as a text.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// Of a telephone number the last four digits and those before the last eight stay. A time in milliseconds is none.
fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (mut digits, after) = from.split_at(end);
        // %2B is a plus, and its 2 no digit of the number
        let escaped = out.ends_with('%');
        if escaped && digits.len() == 1 && after.starts_with(['B', 'b']) {
            out.push_str(&from[..2]);
            rest = &from[2..];
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            out.push_str(&hidden(&rest[..end], !rest[end..].starts_with(|c: char| c.is_ascii_alphanumeric())));
            rest = &rest[end..];
            continue;
        }
        let in_word = out.ends_with(|c: char| c.is_ascii_alphanumeric()) || escaped;
        let alone = !in_word && !after.starts_with(|c: char| c.is_ascii_alphanumeric());
        out.push_str(&hidden(std::mem::take(&mut digits), alone));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn hidden(digits: &str, alone: bool) -> String {
    let millis = digits.len() == 13 && digits.starts_with('1');
    if !alone || !(11..=15).contains(&digits.len()) || millis {
        return digits.to_string();
    }
    let (head, tail) = (&digits[..digits.len() - 8], &digits[digits.len() - 4..]);
    format!("{head}0000{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_secrets_are_hidden_and_secrets_come_back() {
        let secrets = vec![("token".to_string(), Secret::new("a b/c")), ("key".to_string(), Secret::new("k3y-k3y"))];
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Basic abc".parse().unwrap());
        headers.insert("x-key", "k3y-k3y".parse().unwrap());
        let body = "{\"from\":\"+8613812345678\",\"ms\":1700000000000,\"hex\":\"535613812345678F\",\"text\":\"卖\"}"
            .as_bytes();
        let target = "/carriers/m/mo?token=a+b%2Fc&from=%2B8613812345678&to=1069012345&ts=1700000000";
        let target = target.replace("a+b%2Fc", &form::encode(b"a b/c"));
        let call = Call {
            carrier: "m",
            door: "Mo",
            method: &Method::POST,
            target: &target,
            headers: &headers,
            body,
            status: StatusCode::OK,
            now: Timestamp(0),
        };
        let written = masked(&call, &secrets);
        let text = String::from_utf8(written.clone()).unwrap();
        for gone in ["12345678", "k3y-k3y", "Basic abc", &form::encode(b"a b/c")] {
            assert!(!text.replace("535613812345678F", "").contains(gone), "{gone} in {text}");
        }
        for stays in ["%2B8613800005678", "\"+8613800005678\"", "1700000000000", "535613812345678F", "卖", "1069012345"]
        {
            assert!(text.contains(stays), "{stays} in {text}");
        }
        let back = String::from_utf8(unmasked(&written, &secrets)).unwrap();
        assert!(back.contains(&form::encode(b"a b/c")) && back.contains("x-key: k3y-k3y"), "{back}");
    }
}
