//! What carriers abroad share: times in UTC that name no zone, numbers without their plus, our own id as a text.

use crate::clock::Timestamp;
use crate::message::{Mt, MtRef};

/// What stands before our id of an MT where a carrier gives it back: other programs may send through the same account.
const PREFIX: &str = "xiangxun-";

/// Our id as the carrier is given it: `xiangxun-42`.
pub fn own_id(mt: &Mt) -> String {
    format!("{PREFIX}{}", mt.id)
}

/// The MT that a report names, where it names one of ours.
pub fn ours(said: &str) -> Option<MtRef> {
    said.strip_prefix(PREFIX)?.parse().ok().map(MtRef::Ours)
}

/// `2017-05-03 06:04:45` in UTC, or any form of ISO 8601 with a zone: `…T06:04:45Z`, `…T06:04:45.000+0000`.
pub fn utc(said: &str) -> Option<Timestamp> {
    let said = said.trim();
    if let Ok(at) = said.parse::<jiff::Timestamp>() {
        return Some(Timestamp(at.as_millisecond()));
    }
    let civil: jiff::civil::DateTime = said.parse().ok()?;
    Some(Timestamp(jiff::tz::Offset::UTC.to_timestamp(civil).ok()?.as_millisecond()))
}

/// Seconds for which an MT still has a use, as its last attempt was due; within what the carrier takes.
pub fn seconds_left(mt: &Mt, least: i64, most: i64) -> i64 {
    (mt.until.0.saturating_sub(mt.due.0) / 1_000).clamp(least, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_without_a_zone_are_utc() {
        for said in [
            "2023-11-14 22:13:20",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13:20Z",
            "2023-11-14T22:13:20.000+0000",
            "2023-11-15T06:13:20.000+0800",
            " 2023-11-15T06:13:20+08:00 ",
        ] {
            assert_eq!(utc(said), Some(Timestamp(1_700_000_000_000)), "{said}");
        }
        assert_eq!(utc("yesterday"), None);
    }

    #[test]
    fn only_our_own_ids_are_ours() {
        assert_eq!(ours("xiangxun-42"), Some(MtRef::Ours(42)));
        for other in ["42", "xiangxun-", "xiangxun-x", "Xiangxun-42"] {
            assert_eq!(ours(other), None, "{other}");
        }
    }
}
