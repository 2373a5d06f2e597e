//! Cuts a text into words: all words of the lexicon and all names of places at once, then the way through them that
//! leaves the fewest pieces and the least unread.
//!
//! `有人参200斤` is 有 · 人参 · 200 · 斤, although 有人 is a word too.

use crate::grammar::lexicon::{Force, Sense, Sign, Word};
use crate::grammar::place::Found;
use crate::grammar::{Grammar, Intent};
use crate::market::{Exact, PlaceCode};

use super::normalize::is_han;

/// A piece of a text.
#[derive(Debug, Clone, Copy)]
pub struct Token<'g> {
    /// Bytes in the normal form.
    pub start: u32,
    pub end: u32,
    /// Whether a space or the beginning of the text stands before it.
    pub spaced: bool,
    pub kind: Kind<'g>,
}

#[derive(Debug, Clone, Copy)]
pub enum Kind<'g> {
    Word(&'g Word),
    Place(Found),
    /// Digits, perhaps with a point; `None` where there are too many for a number.
    Arabic(Option<Exact>),
    /// Characters that no word covers.
    Han,
    Latin,
    /// `,` and the like.
    Comma,
    Question,
    Dash,
    Mark,
    /// What a person is called.
    Name,
}

impl<'g> Token<'g> {
    pub fn word(&self) -> Option<&'g Word> {
        if let Kind::Word(w) = self.kind { Some(w) } else { None }
    }

    pub fn has(&self, sign: Sign) -> bool {
        self.word().is_some_and(|w| w.has(sign))
    }

    pub fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    pub fn len(&self) -> usize {
        (self.end - self.start) as usize
    }
}

// What a piece costs on the way; an unread character costs more than any word.
const DIGIT: u32 = 9;
/// A place that what stands around it says is meant: 从三都去 is no 三 · 都去.
const MEANT: u32 = 7;
const LONG: u32 = 10;
const SHORT: u32 = 11;
const TIED: u32 = 21;
const UNREAD: u32 = 22;

/// The cheapest way to a byte: what it cost, and where its last piece began. Small, for there is one a byte.
#[derive(Clone, Copy)]
struct Step {
    cost: u32,
    from: u32,
    piece: Piece,
}

#[derive(Clone, Copy)]
enum Piece {
    /// Number of the word in the lexicon.
    Word(u32),
    /// Number among the places of this text.
    Place(u32),
    Plain,
}

/// The words of `text` (in normal form), in order, unread characters that touch joined into one piece.
pub fn scan<'g>(grammar: &'g Grammar, home: PlaceCode, text: &str) -> Vec<Token<'g>> {
    let lexicon = &grammar.lexicon;
    let n = text.len();
    let unset = Step { cost: u32::MAX, from: 0, piece: Piece::Plain };
    let mut best = vec![unset; n + 1];
    best[0].cost = 0;
    let mut matches = lexicon.automaton.find_overlapping_iter(text).peekable();
    // All found, and those of them whose end the walk has not reached.
    let mut places: Vec<Found> = Vec::new();
    let mut ahead: Vec<(usize, usize, u32, u32)> = Vec::new();
    let mut at = 0;
    // Names of places are looked for at each character and settled when the walk reaches their end.
    while at < n {
        let Some(c) = text[at..].chars().next() else { break };
        let reached = best[at].cost;
        let next = at + c.len_utf8();
        if reached != u32::MAX {
            if is_han(c)
                && let Some(found) = find_place(grammar, text, at, home)
            {
                ahead.push((at, at + found.len, places.len() as u32, place_cost(grammar, text, at, &found, home)));
                places.push(found);
            }
            let (_, end, cost) = plain(text, at, c);
            let total = reached.saturating_add(cost);
            if total < best[end].cost {
                best[end] = Step { cost: total, from: at as u32, piece: Piece::Plain };
            }
        }
        // Everything that ends by `next`.
        while let Some(m) = matches.next_if(|m| m.end() <= next) {
            let number = m.pattern().as_usize();
            let word = &lexicon.words[number];
            let before = best[m.start()].cost;
            if before == u32::MAX || !whole_run(text, m.start(), m.end()) {
                continue;
            }
            let total = before.saturating_add(word_cost(word, text, m.start()));
            if total < best[m.end()].cost {
                best[m.end()] = Step { cost: total, from: m.start() as u32, piece: Piece::Word(number as u32) };
            }
        }
        ahead.retain(|(start, end, number, cost)| {
            if *end > next {
                return true;
            }
            let total = best[*start].cost.saturating_add(*cost);
            if *end == next && total < best[next].cost {
                best[next] = Step { cost: total, from: *start as u32, piece: Piece::Place(*number) };
            }
            false
        });
        at = next;
    }
    let mut tokens = Vec::with_capacity(n / 4 + 1);
    let mut end = n;
    while end > 0 {
        let step = best[end];
        if step.cost == u32::MAX {
            break;
        }
        let kind = match step.piece {
            Piece::Word(number) => Kind::Word(&lexicon.words[number as usize]),
            Piece::Place(number) => Kind::Place(places[number as usize]),
            Piece::Plain => plain(text, step.from as usize, text[step.from as usize..].chars().next().unwrap_or(' ')).0,
        };
        tokens.push(Token { start: step.from, end: end as u32, spaced: false, kind });
        end = step.from as usize;
    }
    tokens.reverse();
    super::called::join(grammar, text, settle(grammar, text, tokens))
}

/// A character or run that is no word: digits, letters, marks, an unread character.
fn plain<'g>(text: &str, at: usize, c: char) -> (Kind<'g>, usize, u32) {
    let rest = &text[at..];
    let run = |f: fn(char) -> bool| rest.find(|c| !f(c)).map_or(text.len(), |l| at + l);
    match c {
        '0'..='9' => {
            let mut end = run(|c| c.is_ascii_digit() || c == '.');
            if text[at..end].ends_with('.') {
                end -= 1;
            }
            (Kind::Arabic(arabic(&text[at..end])), end, DIGIT)
        }
        'a'..='z' => (Kind::Latin, run(|c| c.is_ascii_lowercase()), LONG + 1),
        ' ' => (Kind::Mark, at + 1, 0),
        ',' | '、' | '.' | '【' | '】' => (Kind::Comma, at + c.len_utf8(), 1),
        '?' => (Kind::Question, at + 1, 1),
        '-' => (Kind::Dash, at + 1, 1),
        c if is_han(c) || c.is_alphanumeric() => (Kind::Han, at + c.len_utf8(), UNREAD),
        // Dearer than the word it may be: 3元/斤.
        c => (Kind::Mark, at + c.len_utf8(), SHORT + 1),
    }
}

fn arabic(s: &str) -> Option<Exact> {
    let (whole, frac) = s.split_once('.').unwrap_or((s, ""));
    if whole.len() > 12 || frac.len() > 4 || frac.contains('.') {
        return None;
    }
    let ten = 10i64.pow(frac.len() as u32);
    let frac: i64 = if frac.is_empty() { 0 } else { frac.parse().ok()? };
    Some(Exact::new(whole.parse::<i64>().ok()?.checked_mul(ten)?.checked_add(frac)?, ten))
}

/// A word in letters or digits counts only as a whole: `td` is not in `tdx`.
fn whole_run(text: &str, start: usize, end: usize) -> bool {
    let b = text.as_bytes();
    let same = |i: usize, j: usize| {
        (b[i].is_ascii_digit() && b[j].is_ascii_digit()) || (b[i].is_ascii_lowercase() && b[j].is_ascii_lowercase())
    };
    // Nor `1` in `1.5`.
    let digit = |i: usize| b.get(i).is_some_and(u8::is_ascii_digit);
    let point = |i: usize| b.get(i) == Some(&b'.') && i > 0 && digit(i - 1) && digit(i + 1);
    let goes_on = |i: usize| same(i - 1, i) || point(i) || point(i - 1);
    (start == 0 || !goes_on(start)) && (end == b.len() || !goes_on(end))
}

fn word_cost(word: &Word, text: &str, start: usize) -> u32 {
    if word.chars == 1 {
        let counts = word.senses.iter().any(|s| matches!(s, Sense::Digit(_) | Sense::Power(_)));
        return match word.speaks_anywhere() {
            _ if counts => DIGIT,
            true => SHORT,
            false => TIED,
        };
    }
    // 10086 is a name, not a number.
    if word.senses.iter().any(|s| matches!(s, Sense::Stranger(_))) {
        return DIGIT - 1;
    }
    // 晚上去 is no 晚 · 上去, 下月初 no 下 · 月初.
    if word.moment().is_some() {
        return LONG - 1;
    }
    // A command's own words stand first or alone; elsewhere shorter words say the same (卖了 is 卖 and 了).
    let first = start == 0 || matches!(text.as_bytes()[start - 1], b' ' | b',') || of_post(word, text, start);
    let bound = !word.speaks_anywhere() && !word.senses.is_empty() && !text.as_bytes()[start].is_ascii();
    if bound && !first { SHORT * u32::from(word.chars) + 1 } else { LONG }
}

/// The place whose name begins at a byte. The short name of a distant town is one where something leads up to it (去潞江), or
/// where it stands by itself behind the rest and is nobody else's: 招工 8000一月 潞江.
fn find_place(grammar: &Grammar, text: &str, at: usize, home: PlaceCode) -> Option<Found> {
    if let Some(inner) = within(grammar, text, at) {
        return Some(inner);
    }
    let near = grammar.places.find_at(&text[at..], home, true, false);
    if near.is_some() || home == PlaceCode::COUNTRY {
        return near;
    }
    let apart = |c: Option<char>| c.is_none_or(|c| !is_han(c) && !c.is_ascii_digit());
    let cue = led_to(grammar, text, at);
    let begins = at > 0 && apart(text[..at].chars().next_back());
    if !(cue || begins) {
        return None;
    }
    let far = grammar.places.find_at(&text[at..], home, true, true)?;
    let rest = text[at + far.len..].trim_start();
    let alone =
        begins && apart(text[at + far.len..].chars().next()) && apart(rest.chars().next().filter(char::is_ascii_digit));
    (!far.shared && (cue || alone)).then_some(far)
}

/// 从江西山: a town right behind its own county, whatever its name means elsewhere.
fn within(grammar: &Grammar, text: &str, at: usize) -> Option<Found> {
    use crate::market::Ring;
    let names = text[..at].char_indices().rev().take(4).map(|(start, _)| start).skip(1);
    let larger = names.filter(|start| text[*start..at].chars().all(is_han)).find_map(|start| {
        let f = grammar.places.find_at(&text[start..], PlaceCode::COUNTRY, true, false)?;
        (f.len == at - start && matches!(f.code.ring(), Ring::County | Ring::City) && f.seat.is_none())
            .then_some(f.code)
    })?;
    let inner = grammar.places.find_at(&text[at..], larger, true, false)?;
    let known = larger.ring() == Ring::City && {
        let name = &text[at..at + inner.len];
        !inner.full
            && (grammar.places.is_common(name) || grammar.lexicon.word(name).is_some_and(|w| !w.senses.is_empty()))
    };
    // 东莞厚街: of a city a county or a town, where it is called like nothing else
    let lies =
        inner.code != larger && inner.code.up_to(larger.ring()) == Some(larger) && inner.code.ring() < larger.ring();
    (lies && !known && inner.seat.is_none()).then_some(inner)
}

/// Whether 到, 去, 回, 上车 … follows.
fn begins_route(grammar: &Grammar, rest: &str) -> bool {
    let word = |n: usize| {
        let end = rest.char_indices().map(|(i, c)| i + c.len_utf8()).nth(n - 1)?;
        grammar.lexicon.word(&rest[..end])
    };
    word(1).is_some_and(|w| w.has(Sign::Route))
        || word(2).is_some_and(|w| w.has(Sign::Boards) || w.has(Sign::Alights) || w.has(Sign::Leaves))
}

/// Whether 在, 到, 去, 从 … stands before a byte.
fn led_to(grammar: &Grammar, text: &str, at: usize) -> bool {
    text[..at].trim_end().chars().next_back().is_some_and(|c| {
        let mut b = [0; 4];
        grammar
            .lexicon
            .word(c.encode_utf8(&mut b))
            .is_some_and(|w| w.has(Sign::In) || w.has(Sign::From) || w.has(Sign::Go) || w.has(Sign::Route))
    })
}

/// 807是啥, 那个号麻烦带句话给…: what is said only of posts is so by their number, and, where it is long, anywhere. What ends a post
/// is read from its parts: 牛不卖了.
fn of_post(word: &Word, text: &str, start: usize) -> bool {
    let ends = |i| matches!(i, Intent::Withdraw | Intent::Deal | Intent::Renew);
    let mut verbs = word.verbs(Force::Post).peekable();
    verbs.peek().is_some()
        && !verbs.any(ends)
        && (word.chars > 2 || start > 0 && text.as_bytes()[start - 1].is_ascii_digit())
}

/// What a place costs: nothing much with its suffix or after 在, 到, 去; more the less speaks for it.
fn place_cost(grammar: &Grammar, text: &str, at: usize, found: &Found, home: PlaceCode) -> u32 {
    use crate::market::Ring;
    let chars = (found.len / 3) as u32;
    if found.full && chars >= 3 {
        return DIGIT;
    }
    let name = &text[at..at + found.len];
    let high = found.code.ring() >= Ring::County;
    // 长沙, 蚌埠: reserved by the lexicon only so that 沙 and 蚌 are not read in it.
    // 三元 is reserved so too, and money.
    let numeral = |c: char| {
        let mut b = [0; 4];
        grammar.lexicon.word(c.encode_utf8(&mut b)).is_some_and(|w| w.digit().is_some() || w.power().is_some())
    };
    let reserved = grammar.lexicon.word(name).is_some_and(|w| w.senses.is_empty());
    if high && reserved && !name.starts_with(numeral) {
        return DIGIT;
    }
    if high && meant(grammar, text, at, found, home) {
        return MEANT;
    }
    // 上千斤 is no 千斤乡.
    let counts = |c: char| {
        let mut b = [0; 4];
        let word = grammar.lexicon.word(c.encode_utf8(&mut b));
        word.is_some_and(|w| w.digit().is_some() || w.power().is_some() || w.unit().is_some())
    };
    let apart = |c: Option<char>| c.is_none_or(|c| !is_han(c));
    let alone = apart(text[..at].chars().next_back()) && apart(text[at + found.len..].chars().next());
    let mut b = [0; 4];
    let first = name.chars().next().and_then(|c| grammar.lexicon.word(c.encode_utf8(&mut b)));
    let numeral = first.is_none_or(|w| w.digit().is_some() || w.power().is_some());
    // 小麦 2000斤 周口: units, but nothing is counted in them
    let units_only = high && alone && !numeral && text.len() > found.len;
    if !found.full && !units_only && name.chars().all(counts) {
        return UNREAD * chars + 1;
    }
    let cue = led_to(grammar, text, at) || within(grammar, text, at).is_some_and(|f| f.code == found.code);
    let cue = cue
        || chars > 1
            && found.ring <= Ring::County
            && home != PlaceCode::COUNTRY
            && spot(grammar, &text[at + found.len..]);
    match (cue, high, found.ring <= Ring::County && home != PlaceCode::COUNTRY) {
        (true, ..) => LONG,
        _ if high && alone && text.len() > found.len => LONG + 2,
        // 成都回巴中: cities are known to all, and a county that a route begins with is one.
        _ if found.code.ring() > Ring::County
            || found.code.ring() == Ring::County && found.ring <= Ring::County && home != PlaceCode::COUNTRY
            || high && begins_route(grammar, &text[at + found.len..]) =>
        {
            SHORT * 2 - 1
        }
        // Never cheaper than two short words that read the same characters: 千斤 is no town.
        (_, _, true) => SHORT * 2 + 1,
        (_, true, _) => SHORT * 2 + 3,
        // A town far away is named in full, or led up to, or by itself: 工人 is no 工人街道.
        _ if !found.shared
            && found.code.ring() == Ring::Town
            && (alone || home != PlaceCode::COUNTRY && found.ring <= Ring::City) =>
        {
            UNREAD + SHORT - 3
        }
        _ => UNREAD * chars + 1,
    }
}

/// Whether the short name of a city or county is meant by what stands around it, although its characters mean something by
/// themselves too: 去包头, 从天门到潜江, 我是平和的. What is named so by everybody (竹山, 平房) is, behind 在, what everybody means.
fn meant(grammar: &Grammar, text: &str, at: usize, found: &Found, home: PlaceCode) -> bool {
    use crate::market::Ring;
    let name = &text[at..at + found.len];
    let rest = &text[at + found.len..];
    let word = |s: &str| grammar.lexicon.word(s);
    let before = text[..at].trim_end();
    let last = |n: usize| before.char_indices().rev().nth(n - 1).and_then(|(i, _)| word(&before[i..]));
    let signs = |s: Sign| last(1).is_some_and(|w| w.has(s)) || last(2).is_some_and(|w| w.has(s));
    let mut b = [0; 4];
    let first = rest.chars().next().and_then(|c| word(c.encode_utf8(&mut b)));
    // 到三元, 涨到二七: money
    let mut money = [0; 4];
    let sum = name.chars().next_back().and_then(|c| word(c.encode_utf8(&mut money)));
    let counts = sum.is_some_and(|w| w.money().is_some() || w.digit().is_some());
    let one = |s: Sign| last(1).is_some_and(|w| w.has(s));
    let leads = one(Sign::From) || !counts && (one(Sign::Go) || one(Sign::Route));
    // 从竹山砍来, 去平房里: a thing where more is said of it
    let goes_on = rest.chars().next().is_some_and(is_han);
    let common = grammar.places.is_common(name) || word(name).is_some_and(|w| w.item().is_some());
    let ends = !goes_on || begins_route(grammar, rest) || first.is_some_and(|w| w.has(Sign::Go) || w.has(Sign::Have));
    // 天门到潜江: from one place to another
    let to = first.is_some_and(|w| w.has(Sign::Route)) && {
        let next = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
        grammar
            .places
            .find_at(next, home, true, false)
            .is_some_and(|f| f.code.ring() >= Ring::County || f.ring <= Ring::County)
    };
    // 我是平和的
    let said_of_self = first.is_some_and(|w| w.has(Sign::Belongs))
        && [1, 2, 3].into_iter().filter_map(last).any(|w| w.is_verb(Intent::Register, Force::Head) && w.chars > 1);
    let digits = before.chars().next_back().is_some_and(|c| {
        let mut b = [0; 4];
        c.is_ascii_digit() || word(c.encode_utf8(&mut b)).is_some_and(|w| w.digit().is_some() || w.power().is_some())
    });
    !digits && (to || said_of_self || leads && (!common || ends) || signs(Sign::In) && !grammar.places.is_common(name))
}

/// Whether a text begins with what only places have: 市场, 车站, 街上, 这边.
fn spot(grammar: &Grammar, text: &str) -> bool {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).take(4);
    ends.filter_map(|end| grammar.lexicon.word(&text[..end])).any(|w| w.has(Sign::Spot) && w.chars > 1)
}

/// 拼车去, 开车到: they lead to a place too.
fn rides(t: &Token<'_>) -> bool {
    t.word().is_some_and(|w| w.is_verb(Intent::RideOffer, Force::Strong) || w.is_verb(Intent::RideNeed, Force::Strong))
}

/// 广州番禺过年: a city, or a place right behind the larger one it lies in, is no part of the unread word that follows.
fn in_a_row(tokens: &[Token<'_>], i: usize) -> bool {
    use crate::market::Ring;
    let Kind::Place(f) = tokens[i].kind else { return false };
    let larger = i.checked_sub(1).and_then(|j| match tokens[j].kind {
        Kind::Place(g) => Some(g.code),
        _ => None,
    });
    f.code.ring() >= Ring::City || larger.is_some_and(|g| f.code != g && f.code.up_to(g.ring()) == Some(g))
}

/// Marks spaces, unbinds words that mean nothing where they stand, joins unread characters.
fn settle<'g>(grammar: &'g Grammar, text: &str, tokens: Vec<Token<'g>>) -> Vec<Token<'g>> {
    let count = |t: &Token<'_>| {
        matches!(t.kind, Kind::Arabic(_)) || t.word().is_some_and(|w| w.digit().is_some() || w.power().is_some())
    };
    let mut out: Vec<Token<'g>> = Vec::with_capacity(tokens.len());
    let unread = |i: usize| tokens.get(i).is_some_and(|t| matches!(t.kind, Kind::Han));
    let mut spaced = true;
    for (i, t) in tokens.iter().enumerate() {
        let mut t = *t;
        if text[t.range()].starts_with(' ') {
            spaced = true;
            continue;
        }
        t.spaced = std::mem::take(&mut spaced);
        // 杨秀英 is not 秀英: a short name that nothing speaks for must not be torn out of unread words.
        if let Kind::Place(f) = t.kind
            && !f.full
            && ((i > 0 && unread(i - 1)) || unread(i + 1) && !in_a_row(&tokens, i))
            && !(t.len() > 3 && tokens.get(i + 1).is_some_and(|n| n.has(Sign::Spot)))
            && !out.last().is_some_and(|p| {
                p.has(Sign::In) || p.has(Sign::Go) || p.has(Sign::From) || p.has(Sign::Route) || rides(p)
            })
            // 我在, 现在: words that end with one
            && !led_to(grammar, text, t.start as usize)
            && !(i > 0 && !t.spaced && matches!(tokens[i - 1].kind, Kind::Place(_)) && within(grammar, text, t.start as usize).is_some())
        {
            t.kind = Kind::Han;
        }
        if let Some(w) = t.word()
            && w.chars == 1
            && !w.speaks_anywhere()
            && !out.is_empty()
        {
            let next = tokens[i + 1..].iter().find(|t| !text[t.range()].starts_with(' '));
            let by_number =
                out.last().is_some_and(count) || next.is_some_and(count) || w.verbs(Force::Post).next().is_none();
            if !by_number || w.verbs(Force::Post).next().is_none() {
                t.kind = Kind::Han;
            }
        }
        // 有车落南宁冇: where somebody rides, what leads to a place is to go there.
        if matches!(t.kind, Kind::Han)
            && grammar.terms.ways.go.iter().any(|w| *w == text[t.range()])
            && out.iter().any(|p| p.has(Sign::Car) || rides(p))
            && tokens
                .get(i + 1)
                .is_some_and(|n| matches!(n.kind, Kind::Place(f) if f.code.ring() >= crate::market::Ring::County))
            && let Some(go) = grammar.lexicon.word("去")
        {
            t.kind = Kind::Word(go);
        }
        // 文 is money behind a number, else part of a name.
        let counting = |p: &Token<'_>| {
            count(p) || p.has(Sign::Few) || p.has(Sign::More) || p.has(Sign::Half) || matches!(p.kind, Kind::Mark)
        };
        if t.word().is_some_and(|w| w.chars == 1 && w.only_yuan()) && !out.last().is_some_and(counting) {
            t.kind = Kind::Han;
        }
        match out.last_mut() {
            Some(last) if !t.spaced && matches!((last.kind, t.kind), (Kind::Han, Kind::Han)) => last.end = t.end,
            _ => out.push(t),
        }
    }
    out
}
