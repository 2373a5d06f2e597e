//! Packs an outcome into words that fit one segment.
//!
//! ```text
//! Reply::new("posted_met").set("no", "102号").list("entry", ["101号200斤"]) -> 已登记102号…
//! ```
//!
//! The first variant wins that fits with all of its list, or with enough of it where it says how to get the rest; where
//! none does, the one that fits the most entries. A value is taken whole or not at all: no number, price or phone is cut. What the slots hold is [`phrase`]'s work.

pub mod phrase;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::grammar::reply::{Piece, Replies, SEGMENT};
use crate::message::alphabet::utf16_units;

/// Between the entries of a list.
const SEPARATOR: &str = ";";

/// So many entries with all that is known of them beat more that are bare, where 更多 brings the rest.
const ENOUGH: usize = 2;

/// An outcome, ready to be put into words.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    name: Cow<'static, str>,
    slots: BTreeMap<&'static str, String>,
    lists: BTreeMap<&'static str, Vec<String>>,
}

/// A packed reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    pub text: String,
    /// How many entries of its lists it holds, of the list that holds the fewest.
    pub shown: usize,
}

impl Reply {
    /// A reply by the sentence of that name.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Reply {
        Reply { name: name.into(), ..Reply::default() }
    }

    /// The same values in the words of another sentence.
    pub fn by(mut self, name: &'static str) -> Reply {
        self.name = name.into();
        self
    }

    /// Gives a slot its value; an empty value counts as none.
    pub fn set(mut self, slot: &'static str, value: impl Into<String>) -> Reply {
        let value = value.into();
        if !value.is_empty() {
            self.slots.insert(slot, value);
        }
        self
    }

    /// Gives a list its entries, the best first.
    pub fn list(mut self, slot: &'static str, entries: impl IntoIterator<Item = String>) -> Reply {
        self.lists.insert(slot, entries.into_iter().collect());
        self
    }

    /// Packs into one segment.
    pub fn pack(&self, replies: &Replies) -> Packed {
        self.pack_within(replies, SEGMENT)
    }

    /// Packs into `budget` UTF-16 units.
    pub fn pack_within(&self, replies: &Replies, budget: usize) -> Packed {
        let Some(sentence) = replies.sentence(&self.name) else {
            return Packed { text: String::new(), shown: 0 };
        };
        let mut best: Option<Packed> = None;
        for variant in &sentence.variants {
            let wanted = self.longest_list(variant);
            let least = wanted.min(1);
            let fits = |count: usize| {
                let text = self.fill(variant, count, wanted).filter(|text| utf16_units(text) <= budget)?;
                Some(Packed { text, shown: count })
            };
            let Some(packed) = (least..=wanted).rev().find_map(fits) else { continue };
            let enough = packed.shown == wanted || packed.shown >= ENOUGH && says_what_is_left(variant);
            if best.as_ref().is_none_or(|b| enough || packed.shown > b.shown) {
                best = Some(packed);
            }
            if enough {
                break;
            }
        }
        best.unwrap_or_else(|| {
            // Longer than [longest] foresaw: the tersest, whole. A second segment beats a cut number.
            let last = sentence.variants.last().map(Vec::as_slice).unwrap_or_default();
            let text = self.fill(last, self.longest_list(last).min(1), 0).unwrap_or_default();
            Packed { text, shown: self.longest_list(last).min(1) }
        })
    }

    fn longest_list(&self, pieces: &[Piece]) -> usize {
        pieces
            .iter()
            .map(|p| match p {
                Piece::List(name) => self.lists.get(name.as_str()).map_or(0, Vec::len),
                Piece::Optional(inner) => self.longest_list(inner),
                _ => 0,
            })
            .max()
            .unwrap_or(0)
    }

    /// The variant in words with the first `count` of `total` entries; `None` where a slot outside brackets has no value.
    fn fill(&self, pieces: &[Piece], count: usize, total: usize) -> Option<String> {
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(t) => out.push_str(t),
                // what a list leaves over is known only here
                Piece::Slot(s) if s == "left" => {
                    let more: usize = self.slots.get("left").and_then(|n| n.parse().ok()).unwrap_or(0);
                    let left = total.saturating_sub(count) + more;
                    if left == 0 {
                        return None;
                    }
                    out.push_str(&left.to_string());
                }
                Piece::Slot(s) => out.push_str(self.slots.get(s.as_str())?),
                Piece::List(s) => {
                    let entries = self.lists.get(s.as_str()).filter(|l| !l.is_empty())?;
                    out.push_str(&entries[..count.min(entries.len())].join(SEPARATOR));
                }
                Piece::Optional(inner) => out.push_str(&self.fill(inner, count, total).unwrap_or_default()),
            }
        }
        Some(out)
    }
}

/// Whether a variant tells how many entries are left.
fn says_what_is_left(pieces: &[Piece]) -> bool {
    pieces.iter().any(|p| match p {
        Piece::Slot(s) => s == "left",
        Piece::Optional(inner) => says_what_is_left(inner),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::Grammar;

    fn grammar() -> Grammar {
        Grammar::built_in().expect("the built-in grammar loads")
    }

    #[test]
    fn the_longest_variant_that_fits_wins() {
        let g = grammar();
        let short = Reply::new("withdrawn").set("no", "101号").set("short", "卖板蓝根").pack(&g.replies);
        assert_eq!(short.text, "已撤101号(卖板蓝根),别人看不到了。要再登,重发一遍就行");
        let long = Reply::new("withdrawn").set("no", "101号").set("short", "长".repeat(60)).pack(&g.replies);
        assert_eq!(long.text, "已撤101号");
    }

    #[test]
    fn lists_give_up_whole_entries_and_say_how_many_are_left() {
        let g = grammar();
        let entries: Vec<String> = (0..9).map(|n| format!("10{n}号200斤3.5元/斤栽麻镇")).collect();
        let packed = Reply::new("more").list("entry", entries.clone()).list("brief", entries).pack(&g.replies);
        assert!(utf16_units(&packed.text) <= SEGMENT);
        assert!(packed.shown >= 2 && packed.text.contains(&format!("还有{}条", 9 - packed.shown)), "{packed:?}");
        assert!(packed.text.matches("元/斤栽麻镇").count() == packed.shown, "entries are whole: {packed:?}");
    }

    #[test]
    fn a_few_whole_entries_beat_many_bare_ones() {
        let g = grammar();
        let entries = (1..=6).map(|n| format!("10{n}号{n}0斤2元/斤栽麻镇"));
        let brief = (1..=6).map(|n| format!("10{n}号{n}0斤"));
        let reply = Reply::new("posted_met").set("no", "107号").set("what", "收红薯").set("count", "6");
        let reply = reply.set("doing", "在卖").set("first", "101号").list("entry", entries).list("brief", brief);
        let packed = reply.pack(&g.replies);
        assert_eq!(
            packed.text,
            "已登记107号:收红薯。6个在卖:101号10斤2元/斤栽麻镇;102号20斤2元/斤栽麻镇。还有4个回:更多,要联系回101号"
        );
        assert_eq!(packed.shown, 2);
    }

    #[test]
    fn an_empty_slot_hides_its_brackets() {
        let g = grammar();
        let text = Reply::new("contact")
            .set("no", "101号")
            .set("what", "卖牛")
            .set("short", "卖牛")
            .set("phone", "13800000000")
            .pack(&g.replies)
            .text;
        assert_eq!(text, "101号卖牛,电话13800000000。对方也会收到您的电话");
    }
}
