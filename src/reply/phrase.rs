//! Posts, amounts and places in a few words, from the phrases of `grammar/replies/`.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::grammar::Grammar;
use crate::grammar::board::Side;
use crate::grammar::reply::{Piece, WORDS};
use crate::market::{
    Exact, Held, OPEN, Place, PlaceCode, Post, PostId, PostState, Price, Quantity, Ring, When, decimal,
};

/// `807号`: the one form in which a text to a phone names a post.
pub fn number(id: PostId) -> String {
    format!("{id}号")
}

/// `200斤`, `约100-200斤`.
pub fn quantity(g: &Grammar, q: &Quantity) -> String {
    let name = if q.approx { "about" } else { "quantity" };
    let said = [("amount", decimal(q.amount)), ("max", upper(q.amount, q.max)), ("unit", q.unit.clone())];
    bounded(g, fill(g, name, &said), q.amount, q.max)
}

/// `3.5元/斤`, `面议`.
pub fn price(g: &Grammar, p: &Price) -> String {
    if p.negotiable && *p.yuan.numer() == 0 {
        return fill(g, "negotiable", &[]);
    }
    let per = p.per.clone().unwrap_or_default();
    let said = [("yuan", decimal(p.yuan)), ("max", upper(p.yuan, p.max)), ("per", per)];
    bounded(g, fill(g, "price", &said), p.yuan, p.max)
}

/// The upper end of a range; empty where there is none.
fn upper(said: Exact, max: Option<Exact>) -> String {
    max.filter(|m| *m != OPEN && *m != said).map(decimal).unwrap_or_default()
}

/// `3元/斤以上`, `3元/斤以内`.
fn bounded(g: &Grammar, text: String, said: Exact, max: Option<Exact>) -> String {
    match max {
        Some(m) if m == OPEN => fill(g, "at_least", &[("said", text)]),
        Some(m) if m == said => fill(g, "at_most", &[("said", text)]),
        _ => text,
    }
}

/// The item in its owner's word, in ours where he typed it in letters; of a ride, its way. Empty where none was named.
pub fn item(post: &Post) -> String {
    if post.shelf.by_route {
        let end = |p: &Option<Place>| p.as_ref().map(|p| p.name.clone()).unwrap_or_default();
        return match (&post.from, &post.to) {
            (None, None) => String::new(),
            _ => format!("{}到{}", end(&post.from), end(&post.to)),
        };
    }
    let said = post.item_said.as_deref().filter(|s| !s.is_ascii());
    said.or(post.item.as_deref()).unwrap_or_default().to_string()
}

/// `卖板蓝根`.
pub fn short(g: &Grammar, post: &Post) -> String {
    fill(g, "item", &[("verb", verb(g, post).to_string()), ("item", clip(&item(post)))])
}

/// `卖`, `订单收`: what the owner of the post does.
pub fn verb<'g>(g: &'g Grammar, post: &Post) -> &'g str {
    side(g, post).map_or("", |s| s.verb_for(&post.nodes))
}

/// `在卖`: what is said of the post to the other side.
pub fn doing(g: &Grammar, post: &Post) -> String {
    side(g, post).map_or("", |s| s.doing_for(&post.nodes)).to_string()
}

fn side<'g>(g: &'g Grammar, post: &Post) -> Option<&'g Side> {
    g.boards.get(&post.board).and_then(|b| b.side(&post.side))
}

/// `卖成了`: how the owner of such a post says that it came to a deal.
pub fn over(g: &Grammar, post: &Post) -> String {
    of_side(g, "over", post).or_else(|| side(g, post).and_then(|s| s.over.clone())).unwrap_or_default()
}

/// A word of a table that is kept by sides: that of `board/side` where there is one, else that of `side`.
pub fn of_side(g: &Grammar, table: &str, post: &Post) -> Option<String> {
    let own = word(g, &format!("{table}.{}/{}", post.board, post.side));
    own.or_else(|| word(g, &format!("{table}.{}", post.side)))
}

/// `卖板蓝根200斤3.5元/斤`: what the sender is read back, with every amount.
pub fn what(g: &Grammar, post: &Post) -> String {
    format!("{}{}", short(g, post), details(g, post))
}

/// `200斤3.5元/斤`, ` 公 右耳缺口 11月20日晚`: the amounts, and the marks and day of what was lost or found, apart from
/// what stands before them so that no two numbers run together.
pub fn details(g: &Grammar, post: &Post) -> String {
    let mut out = String::new();
    if let Some(n) = post.hands() {
        let own = format!("people.{}/{}", post.board, post.side);
        let name = if g.replies.phrase(&own).is_some() { own.as_str() } else { "people" };
        out.push_str(&fill(g, name, &[("people", n.to_string())]));
    }
    if let Some(q) = post.rest() {
        out.push_str(&quantity(g, &q));
    }
    if let Some(p) = &post.price {
        out.push_str(&price(g, p));
    }
    // 复合肥45 200斤
    if out.starts_with(|c: char| c.is_ascii_digit()) && item(post).ends_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, ' ');
    }
    // 公牛 says it itself.
    let sex = post.sex.map(|s| s.as_str().to_string()).filter(|s| !item(post).contains(s.as_str()));
    let day = post.when.as_ref().map(|when| day(g, when));
    for words in sex.into_iter().chain(post.marks.iter().map(|m| clip(m))).chain(day) {
        out.push(' ');
        out.push_str(&words);
    }
    out
}

/// `11月20日晚`.
pub fn day(g: &Grammar, when: &When) -> String {
    let (date, part) = (when.date(), when.part.clone().unwrap_or_default());
    fill(g, "day", &[("month", date.month().to_string()), ("day", date.day().to_string()), ("part", part)])
}

/// The place of a post as it is told to somebody in `from`; empty where it is only the wide division that both are in.
pub fn seen_from(post: &Post, from: PlaceCode) -> String {
    let ring = post.place.code.ring();
    let same = ring > Ring::Town && from.up_to(ring) == Some(post.place.code);
    if same { String::new() } else { post.place.name.clone() }
}

/// What the other side offers, in a list for the owner of `own`: `101号200斤3.5元/斤栽麻镇`; its item too where it is not
/// the same.
pub fn entry(g: &Grammar, post: &Post, own: &Post) -> String {
    let item = if own.item == post.item { String::new() } else { clip(&item(post)) };
    let (details, place) = (details(g, post), seen_from(post, own.place.code));
    let gap = if details.contains(' ') && !place.is_empty() { " " } else { "" };
    format!("{}{item}{details}{gap}{place}", number(post.id))
}

/// The same without price and place.
pub fn brief(g: &Grammar, post: &Post) -> String {
    let q = post.rest().map(|q| quantity(g, &q)).unwrap_or_default();
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

/// Why a post cannot be had: `已撤`; of a live one, that its owner has left for a time.
pub fn state(g: &Grammar, post: &Post, now: Timestamp) -> String {
    let name = match post.state {
        PostState::Live if now < post.until => "state.away",
        PostState::Live | PostState::Expired => "state.expired",
        PostState::Withdrawn => "state.withdrawn",
        PostState::Done => "state.done",
        PostState::Held if post.held == Some(Held::Pooled) => "state.pooled",
        PostState::Held => "state.held",
    };
    fill(g, name, &[])
}

/// What a post says besides, without the single characters that reading leaves over: `包吃`, not `少 问`.
pub fn remark(words: &str) -> String {
    let told: Vec<&str> = words.split_whitespace().filter(|w| w.chars().nth(1).is_some()).collect();
    clip(&told.join(" "))
}

/// Free words, clipped where they are longer than anyone needs to know them again; never inside a number.
pub fn clip(words: &str) -> String {
    clip_at(words, WORDS)
}

/// The same, at another length.
pub fn clip_at(words: &str, length: usize) -> String {
    let Some((mut at, _)) = words.char_indices().nth(length) else { return words.to_string() };
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

/// A phrase of `grammar/replies/` in words; a slot without a value is left out with its brackets.
pub fn fill(g: &Grammar, name: &str, slots: &[(&str, String)]) -> String {
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
    use crate::market::{Exact, Sex};

    #[test]
    fn free_words_are_clipped_but_never_inside_a_number() {
        assert_eq!(clip("板蓝根"), "板蓝根");
        assert_eq!(clip("一二三四五六七八九十一二三"), "一二三四五六七八九十一二…");
        assert_eq!(clip("电话在这里请打他13800000000"), "电话在这里请打他…");
    }

    /// An ox of the township 栽麻, as it is filed.
    fn ox() -> Post {
        Post {
            board: "lost".into(),
            side: "lost".into(),
            station: "s".into(),
            item: Some("黄牛".into()),
            item_said: Some("黄牛".into()),
            nodes: vec!["黄牛".into()],
            place: Place { code: PlaceCode(522_632_106), name: "栽麻镇".into() },
            when: Some(When { day: 20_778, part: Some("晚".into()) }),
            marks: vec!["角长30".into()],
            sex: Some(Sex::Male),
            ..Post::new(101, crate::message::Msisdn::from_u64(8_613_800_000_001), Timestamp(0))
        }
    }

    #[test]
    fn no_two_numbers_run_together() {
        let g = Grammar::built_in().expect("the built-in grammar loads");
        assert_eq!(what(&g, &ox()), "寻黄牛 公 角长30 11月21日晚");
        let amount =
            |n| Some(Quantity { amount: Exact::from_integer(n), max: None, unit: "包".into(), approx: false });
        let bags = Post { item_said: Some("复合肥45".into()), quantity: amount(10), ..ox() };
        assert_eq!(what(&g, &bags), "寻复合肥45 10包 公 角长30 11月21日晚");
    }

    #[test]
    fn an_item_typed_in_letters_is_shown_in_ours() {
        assert_eq!(item(&Post { item_said: Some("huangniu".into()), ..ox() }), "黄牛");
        assert_eq!(item(&Post { item_said: Some("大牯牛".into()), ..ox() }), "大牯牛");
    }

    #[test]
    fn a_wide_place_is_told_to_those_outside_it() {
        let county = Post { place: Place { code: PlaceCode(522_632), name: "榕江县".into() }, ..ox() };
        assert_eq!(seen_from(&county, PlaceCode(522_632_101)), "");
        assert_eq!(seen_from(&county, PlaceCode(522_632)), "");
        assert_eq!(seen_from(&county, PlaceCode(5201)), "榕江县");
        assert_eq!(seen_from(&ox(), PlaceCode(522_632_106)), "栽麻镇", "that it is near says something");
    }
}
