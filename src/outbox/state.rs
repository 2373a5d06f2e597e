//! How an MT moves from state to state: what a sending makes of it, and what a report does. Pure.

use crate::carrier::{SendError, Taken};
use crate::clock::{MINUTE, SECOND, Timestamp};
use crate::message::segment::segments;
use crate::message::{DlrPart, DlrState, Mt, MtId, MtState};

/// The first wait before another attempt; it doubles with each.
const BACKOFF: i64 = 2 * SECOND;
/// The longest such wait.
const BACKOFF_MAX: i64 = 10 * MINUTE;
/// How long an MT that may have been sent waits before it is sent again, so that a report can still tell.
const UNCLEAR: i64 = MINUTE;

/// What a sending came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The carrier has it, and calls it so.
    Taken(Taken),
    /// Another attempt at this time.
    Again(Timestamp),
    /// It never will be: the reason.
    Failed(String),
    /// As `Failed`, and nothing more may go to this phone.
    OptedOut(String),
    /// As `Failed`, and there is no such phone any more.
    Dead(String),
    /// By another route, with another sender where that is named.
    Detour { carrier: String, from: Option<String>, due: Timestamp },
    /// There is no time left for another attempt.
    Expired,
}

/// What follows from a refusal of attempt `mt.attempts`. `unclear` counts the sendings of unknown fate, this one among them.
pub fn after(error: &SendError, mt: &Mt, unclear: u32, idempotent: bool, now: Timestamp) -> Outcome {
    let due = match error {
        SendError::Permanent(cause) | SendError::Unfit(cause) => return Outcome::Failed(cause.clone()),
        SendError::Dead(cause) => return Outcome::Dead(cause.clone()),
        SendError::OptedOut(cause) => return Outcome::OptedOut(cause.clone()),
        // The route pauses; the MT is as ready as before.
        SendError::Quota(_) | SendError::Config(_) => return Outcome::Again(mt.due),
        SendError::Retry(_) => now.plus(backoff(mt.id, mt.attempts)),
        SendError::Throttled { after_ms, .. } | SendError::PhoneLimit { after_ms, .. } => {
            let said = i64::try_from(*after_ms).unwrap_or(i64::MAX);
            now.plus(said.max(backoff(mt.id, mt.attempts)))
        }
        SendError::Unclear(_) if idempotent && unclear <= 1 => now,
        SendError::Unclear(_) if idempotent => now.plus(backoff(mt.id, mt.attempts)),
        SendError::Unclear(_) if unclear <= 1 => now.plus(UNCLEAR),
        SendError::Unclear(cause) => {
            return Outcome::Failed(format!("no answer twice, it may have been sent: {cause}"));
        }
    };
    if due >= mt.until { Outcome::Expired } else { Outcome::Again(due) }
}

/// The wait after so many attempts: doubling, and up to a fifth longer for each MT in its own way, so that those that
/// failed together do not come back together.
pub fn backoff(id: MtId, attempts: u32) -> i64 {
    let wait = BACKOFF.saturating_mul(1 << attempts.saturating_sub(1).min(12)).min(BACKOFF_MAX);
    // splitmix64
    let mut z = id.wrapping_add(u64::from(attempts)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let share = i64::try_from((z ^ (z >> 31)) % 1_000).unwrap_or(0);
    wait + wait / 5 * share / 1_000
}

/// The MT after its attempt `attempt`; `None` where nothing changes.
///
/// `mt` is as it stands now: a report may have overtaken the answer, and after a lapsed lease somebody else may have
/// sent it again. Then only what the carrier calls it is news.
pub fn settled(mt: &Mt, attempt: u32, outcome: &Outcome) -> Option<Mt> {
    let mut new = mt.clone();
    if let Outcome::Taken(Taken { carrier_ref: Some(theirs), part_refs }) = outcome {
        new.carrier_ref = Some(theirs.clone());
        if !part_refs.is_empty() {
            new.travel_mut().part_refs.clone_from(part_refs);
        }
    }
    let waits = matches!(mt.state, MtState::Queued | MtState::Claimed { .. });
    match outcome {
        Outcome::Taken(_) if waits => new.state = MtState::Sent,
        Outcome::Taken(_) => {}
        _ if !waits || mt.attempts != attempt => {}
        Outcome::Again(due) => (new.state, new.due) = (MtState::Queued, *due),
        Outcome::Failed(cause) | Outcome::OptedOut(cause) | Outcome::Dead(cause) => {
            new.state = MtState::Failed(cause.clone());
        }
        Outcome::Detour { carrier, from, due } => {
            let left = std::mem::replace(&mut new.carrier, carrier.clone());
            new.travel_mut().tried.push(left);
            new.from = from.clone().unwrap_or(new.from);
            (new.state, new.due, new.attempts) = (MtState::Queued, *due, 0);
        }
        Outcome::Expired => new.state = MtState::Expired,
    }
    (new != *mt).then_some(new)
}

/// The part that a report speaks of, and how many there are; `None` where it speaks of the whole. `theirs` is the carrier's
/// id by which it was found.
pub fn piece_of(mt: &Mt, part: Option<&DlrPart>, theirs: Option<&str>) -> Option<(String, usize)> {
    let ids = mt.refs().count();
    let (key, total) = match (theirs, part) {
        (Some(theirs), _) if ids > 1 => (theirs.to_string(), ids),
        (_, Some(part)) => (part.key.clone(), part.of.map_or_else(|| segments(&mt.text), usize::from)),
        _ => return None,
    };
    (total > 1).then_some((key, total))
}

/// The MT after a report; `None` where it changes nothing. *Delivered* is the truth whenever it comes; any other final
/// state stays; *accepted* only moves on what is not yet final; *unknown* says
/// nothing. A long MT is delivered when each of its parts is, and failed as soon as one is: with a part missing it is not
/// what was sent. Should that part arrive after all, and all others with it, it is delivered.
pub fn reported(mt: &Mt, said: DlrState, detail: &str, piece: Option<(String, usize)>) -> Option<Mt> {
    let detail = match &piece {
        Some((_, total)) if !detail.is_empty() => format!("one of {total} parts: {detail}"),
        _ => detail.to_string(),
    };
    if let (DlrState::Delivered, Some((key, total))) = (said, piece)
        && mt.state != MtState::Delivered
    {
        let mut new = mt.clone();
        let arrived = &mut new.travel_mut().arrived;
        if arrived.contains(&key) {
            return None;
        }
        arrived.push(key);
        if arrived.len() >= total {
            new.state = MtState::Delivered;
        } else if !mt.state.is_final() {
            new.state = MtState::Sent;
        }
        return Some(new);
    }
    let state = match (&mt.state, said) {
        (MtState::Delivered, _) | (_, DlrState::Unknown) => return None,
        (_, DlrState::Delivered) => MtState::Delivered,
        (MtState::Failed(_) | MtState::Expired, _) => return None,
        (MtState::Sent | MtState::Unreported, DlrState::Accepted) => return None,
        (_, DlrState::Accepted) => MtState::Sent,
        (_, DlrState::Failed | DlrState::OptedOut) => {
            MtState::Failed(if detail.is_empty() { "carrier".into() } else { detail })
        }
        (_, DlrState::Expired) => MtState::Expired,
    };
    Some(Mt { state, ..mt.clone() })
}

/// Which of two reports says more: the order of [`reported`].
pub fn strength(said: DlrState) -> u8 {
    match said {
        DlrState::Unknown => 0,
        DlrState::Accepted => 1,
        DlrState::Failed | DlrState::Expired => 2,
        DlrState::OptedOut => 3,
        DlrState::Delivered => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Msisdn, MtClass};

    fn mt(state: MtState) -> Mt {
        Mt {
            id: 7,
            carrier: "c".into(),
            from: "1069".into(),
            to: Msisdn::from_u64(8_613_800_000_000),
            text: "t".into(),
            class: MtClass::Answer,
            cause: None,
            created: Timestamp(0),
            due: Timestamp(10),
            until: Timestamp(3_600_000),
            attempts: 1,
            state,
            carrier_ref: None,
            travel: None,
        }
    }

    fn claimed() -> Mt {
        mt(MtState::Claimed { lease: Timestamp(60_000) })
    }

    #[test]
    fn each_refusal_has_its_remedy() {
        let now = Timestamp(1_000);
        let of = |e: SendError, unclear, idempotent| after(&e, &claimed(), unclear, idempotent, now);
        let c = || "x".to_string();
        let Outcome::Again(due) = of(SendError::Retry(c()), 0, false) else { panic!() };
        assert!((3_000..3_400).contains(&due.0), "{due:?}");
        assert_eq!(
            of(SendError::Throttled { after_ms: 9_000, cause: c() }, 0, false),
            Outcome::Again(Timestamp(10_000))
        );
        assert_eq!(of(SendError::Permanent(c()), 0, false), Outcome::Failed(c()));
        assert_eq!(of(SendError::OptedOut(c()), 0, false), Outcome::OptedOut(c()));
        assert_eq!(of(SendError::Quota(c()), 0, false), Outcome::Again(Timestamp(10)));
        assert_eq!(of(SendError::Unclear(c()), 1, true), Outcome::Again(now), "the same id cannot arrive twice");
        assert_eq!(of(SendError::Unclear(c()), 1, false), Outcome::Again(Timestamp(61_000)));
        assert!(
            matches!(of(SendError::Unclear(c()), 2, false), Outcome::Failed(why) if why.contains("may have been sent"))
        );
        let late = Mt { until: Timestamp(2_000), ..claimed() };
        assert_eq!(after(&SendError::Retry(c()), &late, 0, false, now), Outcome::Expired);
    }

    #[test]
    fn waits_double_up_to_their_limit_and_differ() {
        assert!(backoff(1, 1) >= BACKOFF && backoff(1, 1) <= BACKOFF * 6 / 5);
        assert!(backoff(1, 5) >= 16 * BACKOFF);
        assert!(backoff(1, u32::MAX) <= BACKOFF_MAX * 6 / 5);
        assert_ne!(backoff(1, 8), backoff(2, 8));
    }

    #[test]
    fn a_late_answer_does_not_undo_a_report() {
        let early = mt(MtState::Delivered);
        assert_eq!(settled(&early, 1, &Outcome::Again(Timestamp(99))), None);
        let taken = Taken { carrier_ref: Some("r".into()), ..Taken::default() };
        let named = settled(&early, 1, &Outcome::Taken(taken)).unwrap();
        assert_eq!((named.state, named.carrier_ref.as_deref()), (MtState::Delivered, Some("r")));
        // somebody else has claimed it since
        let again = Mt { attempts: 2, ..claimed() };
        assert_eq!(settled(&again, 1, &Outcome::Failed("x".into())), None);
        assert_eq!(settled(&again, 1, &Outcome::Taken(Taken::default())).unwrap().state, MtState::Sent);
    }

    #[test]
    fn a_long_text_is_delivered_with_its_last_part() {
        let taken = Taken { carrier_ref: Some("a".into()), part_refs: vec!["b".into(), "c".into()] };
        let mut m = settled(&claimed(), 1, &Outcome::Taken(taken)).unwrap();
        for (theirs, state) in [("b", MtState::Sent), ("a", MtState::Sent), ("c", MtState::Delivered)] {
            let piece = piece_of(&m, None, Some(theirs));
            assert_eq!(piece, Some((theirs.to_string(), 3)));
            m = reported(&m, DlrState::Delivered, "", piece.clone()).unwrap();
            assert_eq!(m.state, state);
            assert_eq!(reported(&m, DlrState::Delivered, "", piece), None, "twice");
        }
        // under one id, each with something of its own; one that fails decides until all have arrived
        let part = |key: &str| DlrPart { key: key.into(), of: Some(2) };
        let mut m = mt(MtState::Sent);
        let first = piece_of(&m, Some(&part("1")), None);
        m = reported(&m, DlrState::Delivered, "", first).unwrap();
        m = reported(&m, DlrState::Failed, "e", piece_of(&m, Some(&part("2")), None)).unwrap();
        assert_eq!(m.state, MtState::Failed("one of 2 parts: e".into()));
        assert_eq!(reported(&m, DlrState::Expired, "", piece_of(&m, Some(&part("2")), None)), None);
        m = reported(&m, DlrState::Delivered, "", piece_of(&m, Some(&part("2")), None)).unwrap();
        assert_eq!(m.state, MtState::Delivered);
        assert_eq!(piece_of(&m, Some(&DlrPart { key: "1".into(), of: None }), None), None, "one segment");
    }

    #[test]
    fn another_route_begins_anew() {
        let other = Outcome::Detour { carrier: "d".into(), from: Some("10".into()), due: Timestamp(20) };
        let m = settled(&claimed(), 1, &other).unwrap();
        assert_eq!((m.carrier.as_str(), m.from.as_str(), m.attempts), ("d", "10", 0));
        assert_eq!((&m.state, m.due), (&MtState::Queued, Timestamp(20)));
        assert_eq!(m.travel.unwrap().tried, ["c"]);
        assert_eq!(settled(&mt(MtState::Sent), 1, &other), None, "what was sent stays where it is");
    }

    #[test]
    fn reports_have_an_order() {
        let of = |state: MtState, said| reported(&mt(state), said, "e", None).map(|m| m.state);
        let failed = || MtState::Failed("e".into());
        for state in [MtState::Queued, claimed().state, MtState::Sent] {
            assert_eq!(of(state.clone(), DlrState::Delivered), Some(MtState::Delivered));
            assert_eq!(of(state.clone(), DlrState::Failed), Some(failed()));
            assert_eq!(of(state.clone(), DlrState::Expired), Some(MtState::Expired));
            assert_eq!(of(state.clone(), DlrState::Unknown), None);
        }
        assert_eq!(of(MtState::Queued, DlrState::Accepted), Some(MtState::Sent));
        for state in [failed(), MtState::Expired] {
            assert_eq!(of(state.clone(), DlrState::Accepted), None);
            assert_eq!(of(state.clone(), DlrState::Failed), None);
            assert_eq!(of(state.clone(), DlrState::Delivered), Some(MtState::Delivered), "a late handset is the truth");
        }
        for said in [DlrState::Accepted, DlrState::Failed, DlrState::Expired, DlrState::Delivered] {
            assert_eq!(of(MtState::Delivered, said), None);
        }
    }
}
