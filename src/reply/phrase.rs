//! Posts, amounts and places in a few words, from the phrases of `grammar/replies/`.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::grammar::Grammar;
use crate::grammar::reply::Piece;
use crate::market::{Post, PostId, PostState, Price, Quantity, Sex, decimal};

/// Free words of a villager are shown up to this many characters: enough to know one's own text again.
const WORDS: usize = 12;

/// `807号`: the one form in which a text to a phone names a post.
pub fn number(id: PostId) -> String {
    format!("{id}号")
}

/// `200斤`, `约100-200斤`.
pub fn quantity(g: &Grammar, q: &Quantity) -> String {
    let name = if q.approx { "about" } else { "quantity" };
    let max = q.max.map(decimal).unwrap_or_default();
    fill(g, name, &[("amount", decimal(q.amount)), ("max", max), ("unit", q.unit.clone())])
}

/// `3.5元/斤`, `面议`.
pub fn price(g: &Grammar, p: &Price) -> String {
    if p.negotiable && *p.yuan.numer() == 0 {
        return fill(g, "negotiable", &[]);
    }
    let max = p.max.map(decimal).unwrap_or_default();
    fill(g, "price", &[("yuan", decimal(p.yuan)), ("max", max), ("per", p.per.clone().unwrap_or_default())])
}

/// `卖板蓝根`.
pub fn short(g: &Grammar, post: &Post) -> String {
    let verb = g.boards.get(&post.board).and_then(|b| b.side(&post.side)).map_or("", |s| s.verb.as_str());
    let item = post.item_said.as_deref().or(post.item.as_deref()).unwrap_or_default();
    fill(g, "item", &[("verb", verb.to_string()), ("item", clip(item))])
}

/// `卖板蓝根200斤3.5元/斤`: what the sender is read back, with every amount.
pub fn what(g: &Grammar, post: &Post) -> String {
    format!("{}{}", short(g, post), details(g, post))
}

/// `200斤3.5元/斤`: the amounts alone, and the marks of what was lost or found.
pub fn details(g: &Grammar, post: &Post) -> String {
    let mut out = String::new();
    if let Some(n) = post.people {
        out.push_str(&fill(g, "people", &[("people", n.to_string())]));
    }
    if let Some(q) = &post.quantity {
        out.push_str(&quantity(g, q));
    }
    if let Some(p) = &post.price {
        out.push_str(&price(g, p));
    }
    out.push_str(post.sex.map_or("", Sex::as_str));
    for mark in &post.marks {
        out.push_str(&clip(mark));
    }
    if let Some(when) = &post.when {
        let date = when.date();
        let part = when.part.clone().unwrap_or_default();
        out.push_str(&fill(
            g,
            "day",
            &[("month", date.month().to_string()), ("day", date.day().to_string()), ("part", part)],
        ));
    }
    out
}

/// An entry of a list about posts of one item: `101号200斤3.5元/斤栽麻镇`.
pub fn entry(g: &Grammar, post: &Post) -> String {
    format!("{}{}{}", number(post.id), details(g, post), post.place.name)
}

/// The same without price and place.
pub fn brief(g: &Grammar, post: &Post) -> String {
    let q = post.quantity.as_ref().map(|q| quantity(g, q)).unwrap_or_default();
    format!("{}{q}", number(post.id))
}

/// An entry of a list about posts of different kinds: `101号卖板蓝根200斤`.
pub fn named_entry(g: &Grammar, post: &Post) -> String {
    format!("{}{}", number(post.id), what(g, post))
}

/// The same without the amounts.
pub fn named_brief(g: &Grammar, post: &Post) -> String {
    format!("{}{}", number(post.id), short(g, post))
}

/// `还在登着`, `已撤`.
pub fn state(g: &Grammar, post: &Post, now: Timestamp) -> String {
    let name = match post.state {
        PostState::Live if now < post.until => "state.Live",
        PostState::Live | PostState::Expired => "state.Expired",
        PostState::Withdrawn => "state.Withdrawn",
        PostState::Done => "state.Done",
    };
    fill(g, name, &[])
}

/// Free words, clipped where they are longer than anyone needs to know them again; never inside a number.
pub fn clip(words: &str) -> String {
    let Some((mut at, _)) = words.char_indices().nth(WORDS) else { return words.to_string() };
    let digit = |s: &str| s.ends_with(|c: char| c.is_ascii_digit() || c == '.');
    if words[at..].starts_with(|c: char| c.is_ascii_digit()) && digit(&words[..at]) {
        at = words[..at].trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    }
    format!("{}…", &words[..at])
}

/// A word of a table of `grammar/replies/`: `meaning.sell`.
pub fn word(g: &Grammar, name: &str) -> Option<String> {
    g.replies.phrase(name).map(|_| fill(g, name, &[]))
}

fn fill(g: &Grammar, name: &str, slots: &[(&str, String)]) -> String {
    let slots: BTreeMap<&str, &str> =
        slots.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (*k, v.as_str())).collect();
    let pieces = g.replies.phrase(name).and_then(|s| s.variants.first()).map(Vec::as_slice).unwrap_or_default();
    words(pieces, &slots)
}

/// As in sentences, but a phrase may lack a slot: a job without a trade is just its verb.
fn words(pieces: &[Piece], slots: &BTreeMap<&str, &str>) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(t) => out.push_str(t),
            Piece::Slot(s) | Piece::List(s) => out.push_str(slots.get(s.as_str()).copied().unwrap_or_default()),
            Piece::Optional(inner) => {
                if inner.iter().all(|p| !matches!(p, Piece::Slot(s) if !slots.contains_key(s.as_str()))) {
                    out.push_str(&words(inner, slots));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_words_are_clipped_but_never_inside_a_number() {
        assert_eq!(clip("板蓝根"), "板蓝根");
        assert_eq!(clip("一二三四五六七八九十一二三"), "一二三四五六七八九十一二…");
        assert_eq!(clip("电话在这里请打他13800000000"), "电话在这里请打他…");
    }
}
