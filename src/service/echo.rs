//! Machines that answer each other: who says the very same again and again, or our own words, is not answered any more.

use super::turn::Turn;
use crate::clock::HOUR;
use crate::command::Intent;
use crate::store::record::Echo;

/// The same text so often within the hour is a machine's, or a thumb that gets its answers late: they have been sent.
const TIMES: u32 = 4;

/// FNV-1a of a text without its spaces.
pub fn print(text: &str) -> u64 {
    let bytes = text.split_whitespace().flat_map(str::bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// Counts the text; whether it is one too many. What goes on by being said again, 更多 and digits, is not counted.
pub fn is_one(turn: &mut Turn<'_>) -> bool {
    let now = turn.env.now;
    let print = print(&turn.mo.text);
    let before = turn.person.echo;
    if before.is_some_and(|e| e.said == Some(print)) {
        return true;
    }
    if matches!(turn.reading.intent, Intent::More | Intent::Choose | Intent::Stop) {
        return false;
    }
    let same = before.filter(|e| e.print == print && now.0 - e.at.0 <= HOUR);
    let (times, said) = (same.map_or(1, |e| e.times.saturating_add(1)), before.and_then(|e| e.said));
    turn.person.echo = Some(Echo { print, times, at: now, said });
    times > TIMES
}
