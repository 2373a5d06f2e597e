//! The proof of carriers that sign nothing: a secret that stands in the address they call.
//!
//! ```text
//! POST /carriers/mobile/mo/T            as `check` prints it
//! POST /carriers/mobile/mo?token=T      for pages that cut a path, or hang parameters of their own behind it
//! ```
//!
//! Whoever reads the address can call it, so it belongs behind TLS, and the account's `allow` should name the carrier's
//! addresses where it publishes them.

use super::auth::Token;
use super::form::{self, Form};
use super::{Arrived, Door, Refusal, Secrets};
use crate::config::Secret;
use crate::config::carrier::Settings;

/// The secret of one account's doors.
#[derive(Debug)]
pub struct DoorKey {
    token: Token,
    text: Secret,
}

impl DoorKey {
    /// Reads `token`, which must be there.
    pub fn read(s: &mut Settings<'_>) -> DoorKey {
        let text = s.secret("token", "any long random word; it becomes part of the addresses that the carrier calls");
        DoorKey { token: Token::new(&text), text }
    }

    /// Whether the call shows it.
    pub fn check(&self, call: &Arrived<'_>) -> Result<(), Refusal> {
        let path = call.target.split('?').next().unwrap_or_default();
        let shown = match path.split('/').nth(4) {
            Some(piece) => Some(form::decode(piece.as_bytes())),
            None => Form::parse(call.query.as_bytes()).get("token").map(<[u8]>::to_vec),
        };
        if self.token.is(shown.as_deref()) { Ok(()) } else { Err(Refusal::NotAuthentic("token")) }
    }

    /// The address to enter on the carrier's page.
    pub fn address(&self, public_url: &str, name: &str, door: Door, secrets: Secrets) -> String {
        let door = match door {
            Door::Mo => "mo",
            Door::Dlr => "dlr",
        };
        self.address_of(door, public_url, name, secrets)
    }

    /// The same of any door, by its word in the address.
    pub fn address_of(&self, door: &str, public_url: &str, name: &str, secrets: Secrets) -> String {
        format!("{public_url}/carriers/{name}/{door}/{}", secrets.token(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use http::{HeaderMap, Method};

    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn it_opens_from_path_or_query_and_path_comes_first() {
        let table: toml::Table = "token = \"a b/c\"".parse().unwrap();
        let key = DoorKey::read(&mut Settings::new(&table));
        for (target, opens) in [
            ("/carriers/c/mo/a%20b%2Fc", true),
            ("/carriers/c/mo?token=a+b%2Fc", true),
            ("/carriers/c/mo/a%20b%2Fc?x=1", true),
            ("/carriers/c/mo", false),
            ("/carriers/c/mo/", false),
            ("/carriers/c/mo/a%20b", false),
            ("/carriers/c/mo?token=", false),
            ("/carriers/c/mo/x?token=a+b%2Fc", false),
        ] {
            let query = target.split_once('?').map_or("", |(_, q)| q);
            let call = Arrived {
                method: &Method::POST,
                target,
                query,
                headers: &HeaderMap::new(),
                body: b"",
                remote: IpAddr::V4(Ipv4Addr::LOCALHOST),
                now: Timestamp(0),
            };
            assert_eq!(key.check(&call).is_ok(), opens, "{target}");
        }
        let shown = key.address("https://h", "c", Door::Dlr, Secrets::Whole);
        assert_eq!(shown, "https://h/carriers/c/dlr/a%20b%2Fc");
    }
}
