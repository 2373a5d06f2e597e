//! How an account is used: its pace, its repeats, what it may not carry, its canary; a station's ways out; who is alarmed.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::carrier::Settings;
use super::source::UNREAD;
use crate::message::Msisdn;

/// What of a `[[carrier]]` every kind has beside its credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// For how long the carrier repeats a text that it has no id for; `None`: as its kind does.
    pub repeat_minutes: Option<u32>,
    pub pace: Pace,
    pub bans: Bans,
    pub canary: Option<Canary>,
    /// Authorities that are believed beside those of this machine when we call this carrier.
    pub ca: Vec<CertificateDer<'static>>,
}

/// `[carrier.pace]`: what the carrier bears beside `rate`; 0 is without limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    pub per_hour: u32,
    /// In a Beijing day.
    pub per_day: u32,
    /// Seconds between two texts to one phone.
    pub phone_gap_seconds: u32,
    pub phone_per_hour: u32,
    pub phone_per_day: u32,
}

/// `[carrier.bans]`: what this route may not carry, so that another must.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bans {
    /// Boards by their names: `friends`.
    pub boards: Vec<String>,
    pub words: Vec<String>,
}

/// `[carrier.canary]`: a text to a phone of our own now and then, which must arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    pub to: Msisdn,
    pub every_hours: u32,
    /// Within this time it must have been reported as delivered.
    pub arrives_minutes: u32,
}

/// `[[station.KEY.route]]`: one of the ways out to the phones of a station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayOut {
    pub carrier: String,
    /// The lowest is tried first.
    pub order: u32,
    /// Its share among those of the same order.
    pub weight: u32,
    /// Only phones whose numbers begin so, as `+86139`; empty: all.
    pub prefixes: Vec<String>,
    /// What the phone sees as the sender on this route; `None`: the number it wrote to.
    pub from: Option<String>,
}

/// `[alarm]`: who is told by text when a route needs a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alarm {
    pub phones: Vec<Msisdn>,
    /// A route on which nothing has come in for so long is told of; 0: never.
    pub silent_hours: u32,
}

fn count(s: &mut Settings<'_>, key: &'static str) -> u32 {
    s.integer(key, 0..=1_000_000_000).and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
}

/// Keys of a `[[carrier]]` that are read here.
pub const SHARED: [&str; 5] = ["repeat_minutes", "pace", "bans", "canary", "ca"];

pub fn usage(s: &mut Settings<'_>) -> Usage {
    Usage {
        repeat_minutes: s.integer("repeat_minutes", 1..=5_760).and_then(|n| u32::try_from(n).ok()),
        pace: s.table("pace", |s| Pace {
            per_hour: count(s, "per_hour"),
            per_day: count(s, "per_day"),
            phone_gap_seconds: count(s, "phone_gap_seconds"),
            phone_per_hour: count(s, "phone_per_hour"),
            phone_per_day: count(s, "phone_per_day"),
        }),
        bans: s.table("bans", |s| Bans { boards: s.list("boards"), words: s.list("words") }),
        canary: if s.has("canary") { s.table("canary", canary) } else { None },
        ca: authorities(s),
    }
}

/// `ca`, as a rule by `ca_file`: certificates in PEM, of whoever signs this carrier's where nobody does whom the machine knows.
fn authorities(s: &mut Settings<'_>) -> Vec<CertificateDer<'static>> {
    let Some(text) = s.string("ca").filter(|text| text != UNREAD) else { return Vec::new() };
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let mut store = RootCertStore::empty();
    match read {
        Ok(all) if !all.is_empty() && all.iter().all(|c| store.add(c.clone()).is_ok()) => all,
        _ => {
            s.fault(
                "ca",
                "must be certificates in PEM, which begin with -----BEGIN CERTIFICATE-----; write ca_file = \"…\"",
            );
            Vec::new()
        }
    }
}

fn canary(s: &mut Settings<'_>) -> Option<Canary> {
    let to = s.required("to", "a phone of your own, as +8613800000000");
    let whole = |n: Option<i64>, usual: u32| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(usual);
    let every_hours = whole(s.integer("every_hours", 1..=168), 6);
    let arrives_minutes = whole(s.integer("arrives_minutes", 1..=1_440), 15);
    let msisdn = Msisdn::parse(&to);
    if msisdn.is_none() && !to.is_empty() {
        s.fault("to", "is no telephone number; write it as +8613800000000");
    }
    msisdn.map(|to| Canary { to, every_hours, arrives_minutes })
}

pub fn way_out(s: &mut Settings<'_>) -> WayOut {
    let prefixes = s.list("prefixes");
    let is_prefix =
        |p: &String| p.strip_prefix('+').is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
    if !prefixes.iter().all(is_prefix) {
        s.fault("prefixes", "must hold beginnings of numbers with their country, as +86139");
    }
    WayOut {
        carrier: s.required("carrier", "the name of a [[carrier]]"),
        order: s.integer("order", 0..=1_000).and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
        weight: s.integer("weight", 1..=1_000).and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
        prefixes,
        from: s.string("from"),
    }
}

pub fn alarm(s: &mut Settings<'_>) -> Alarm {
    let mut phones = Vec::new();
    for text in s.list("phones") {
        match Msisdn::parse(&text) {
            Some(m) => phones.push(m),
            None => s.fault("phones", "has an entry that is no telephone number; write them as +8613800000000"),
        }
    }
    Alarm { phones, silent_hours: count(s, "silent_hours") }
}

/// The ways out for a phone, the one to be tried first at the front. Among those of one order the phone decides, always in
/// the same way, so that a person hears from one number; over all phones each gets its share.
pub fn ways_for(ways: &[WayOut], to: Msisdn) -> Vec<&WayOut> {
    let number = to.e164();
    let fits = |w: &&WayOut| w.prefixes.is_empty() || w.prefixes.iter().any(|p| number.starts_with(p.as_str()));
    let mut out: Vec<&WayOut> = ways.iter().filter(fits).collect();
    // weighted rendezvous: -ln(u) / weight, the smallest first
    let score = |w: &WayOut| {
        let mut h = to.as_u64();
        for b in w.carrier.bytes() {
            h = (h ^ u64::from(b)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            h ^= h >> 29;
        }
        let u = ((h >> 11) as f64 + 1.0) / ((1u64 << 53) as f64 + 1.0);
        -u.ln() / f64::from(w.weight.max(1))
    };
    out.sort_by(|a, b| a.order.cmp(&b.order).then(score(a).total_cmp(&score(b))));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(carrier: &str, order: u32, weight: u32, prefixes: &[&str]) -> WayOut {
        let prefixes = prefixes.iter().map(|p| p.to_string()).collect();
        WayOut { carrier: carrier.into(), order, weight, prefixes, from: None }
    }

    #[test]
    fn order_then_weight_and_only_where_the_number_fits() {
        let ways = [way("a", 1, 3, &[]), way("b", 1, 1, &[]), way("c", 2, 1, &[]), way("d", 0, 1, &["+86139"])];
        let of = |n: u64| ways_for(&ways, Msisdn::from_u64(n)).iter().map(|w| w.carrier.as_str()).collect::<Vec<_>>();
        assert_eq!(of(8_613_912_345_678)[0], "d");
        let mut a = 0;
        for n in 0..4_000 {
            let ways = of(8_613_800_000_000 + n);
            assert_eq!((ways.len(), ways[2]), (3, "c"));
            assert_eq!(ways, of(8_613_800_000_000 + n), "always the same");
            a += usize::from(ways[0] == "a");
        }
        assert!((2_850..=3_150).contains(&a), "{a} of 4000 with three shares in four");
    }
}
