//! The words that a stretch of a text may have been meant for, and what each costs.

use super::super::scan::{Kind, Token};
use super::cell::{Cell, Is, behind_number, counts, odd_trade};
use super::{Look, Put, posts};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind as Kinds, Sense, Sign, Word};
use crate::grammar::sound::{CHARS, Heard, Key, Like, one_key_off};

/// Of letters, so many may be one word.
const LETTERS: usize = 24;
const WORD: u32 = 10;

/// A stretch of cells that may be one word.
struct Window<'a> {
    from: usize,
    cells: &'a [Cell],
    letters: bool,
}

/// Offers every word that may begin at cell `i`: where it ends, what it costs, what it is.
pub fn words<'g>(look: &Look<'_, 'g>, cells: &[Cell], i: usize, offer: &mut dyn FnMut(usize, u32, Put<'g>)) {
    alone(look, cells, i, offer);
    if !cells[i].begins || cells[i].is == Is::Hard {
        return;
    }
    let (mut han, mut letters, mut suspect) = (0, 0, false);
    let mut keys = [Like::Sound, Like::Near, Like::Keys, Like::Without(0)].map(Key::new);
    for j in i..cells.len() {
        let c = &cells[j];
        // Letters may have spaces between them, characters not.
        let parted = j > i && c.spaced && !(c.is == Is::Letter && cells[j - 1].is == Is::Letter);
        if c.is == Is::Hard || parted || counted(look, c) {
            break;
        }
        if c.is == Is::Han {
            han += 1;
            keys = [keys[0].syllable(c.sound), keys[1].syllable(c.sound), keys[2].syllable(c.sound), keys[3].char(c.c)];
        } else {
            letters += 1;
            let mut b = [0; 4];
            keys[0] = keys[0].letters(c.c.encode_utf8(&mut b));
        }
        if han > *CHARS.end() || letters > LETTERS {
            break;
        }
        suspect |= c.suspect;
        if !suspect || !c.ends || han + letters < 2 {
            continue;
        }
        let window = Window { from: i, cells: &cells[i..=j], letters: letters > 0 };
        if let Some((cost, put)) = best(look, cells, &window, &keys) {
            offer(j + 1, cost, put);
        }
        if let Some((cost, put)) = place(look, &window) {
            offer(j + 1, cost, put);
        }
    }
}

/// 五亩地 is no 墓地: a unit behind a number is one.
fn counted(look: &Look<'_, '_>, c: &Cell) -> bool {
    behind_number(look.tokens, c.token) && look.tokens[c.token].word().is_some_and(counts)
}

/// What a syllable that stands alone means.
fn alone<'g>(look: &Look<'_, 'g>, cells: &[Cell], i: usize, offer: &mut dyn FnMut(usize, u32, Put<'g>)) {
    let c = &cells[i];
    let sounds = &look.grammar.sounds;
    let put = |word: &'g str, turns: bool| Put { word, suffix: false, turns, goods: false, begins: false, ends: false };
    if c.is == Is::Letter && matches!(look.tokens[c.token].kind, Kind::Latin) {
        for len in 1..=6 {
            let Some(last) = cells.get(i + len - 1).filter(|l| l.token == c.token) else { break };
            if let Some(word) = sounds.alone(&look.text[c.start..last.end]) {
                offer(i + len, WORD + 6, put(word, true));
            }
        }
    }
    let t = &look.tokens[c.token];
    let single = c.is == Is::Han && t.range() == (c.start..c.end);
    if !single || !c.suspect {
        if c.token == 0
            && i == 0
            && c.suspect
            && c.is == Is::Han
            && let Some(word) = sounds.first(&look.text[t.range()])
        {
            offer(look.text[t.range()].chars().count(), WORD, put(word, true));
        }
        return;
    }
    if let Some(word) = odd_trade(look.tokens, look.text, t).and_then(|s| sounds.alone(s)) {
        offer(i + 1, WORD + 2, put(word, true));
    }
    let behind = behind_number(look.tokens, c.token);
    let Some(word) = (if behind { sounds.counted(c.sound) } else { sounds.alone(c.sound) }) else { return };
    let Some(w) = look.grammar.lexicon.word(word) else { return };
    if behind {
        // 五百之间
        let goes_on = look.tokens.get(c.token + 1).is_some_and(|t| !t.spaced && t.word().is_some_and(counts));
        if counts(w) && !goes_on {
            offer(i + 1, WORD + 6, put(word, false));
        }
        return;
    }
    // 照 采茶工: a verb where none is, at the head of a clause.
    let does = w.has(Sign::Ambiguous) || w.verbs(Force::Strong).any(posts);
    let heads = c.token == 0 || c.spaced || matches!(look.tokens[c.token - 1].kind, Kind::Comma);
    let verb = |t: &Token<'_>| t.word().is_some_and(|w| w.verbs(Force::Strong).next().is_some());
    if look.lost && does && heads && matches!(t.kind, Kind::Han) && !look.tokens.iter().any(verb) {
        offer(i + 1, WORD + 6, put(word, true));
    }
}

/// How a word is like what was written.
struct Found<'g> {
    cost: u32,
    heard: &'g Heard,
    /// Whether nothing else can be meant, so that it may stand beside what is unread.
    firm: bool,
}

/// The word most like a window; none where several are that mean different things.
fn best<'g>(look: &Look<'_, 'g>, cells: &[Cell], window: &Window<'_>, keys: &[Key; 4]) -> Option<(u32, Put<'g>)> {
    let mut found: Option<Found<'g>> = None;
    let mut tied = false;
    let lexicon = &look.grammar.lexicon;
    let mut weigh = |like: Like, heard: &'g Heard, priced: Option<(u32, bool)>| {
        let word = &lexicon.words[heard.word as usize];
        let Some((cost, firm)) = priced.filter(|_| fits(look, cells, window, like, word)) else { return };
        let cost = cost + unsuited(look, word);
        match &found {
            Some(f) if f.cost < cost => {}
            Some(f) if f.cost == cost => tied |= !same(word, &lexicon.words[f.heard.word as usize]),
            _ => (found, tied) = (Some(Found { cost, heard, firm }), false),
        }
    };
    if !window.letters {
        for heard in twins(look, window.cells) {
            weigh(Like::Sound, heard, Some((WORD + TWIN, false)));
        }
    }
    let mut take = |like: Like, key: Key| {
        for heard in look.grammar.sounds.find(key) {
            weigh(like, heard, price(look, window, like, heard));
        }
    };
    take(Like::Sound, keys[0]);
    if !window.letters {
        take(Like::Near, keys[1]);
        take(Like::Keys, keys[2]);
        take(Like::Without(0), keys[3]);
        others(window.cells, &mut take);
    }
    let found = found.filter(|_| !tied)?;
    let item = lexicon.words[found.heard.word as usize].item();
    let goods = item.is_some();
    // What is unread before a thing may be said of it; behind it, it makes another thing of it, but of a trade.
    let trade = item.is_some_and(|i| lexicon.kind(i) == Kinds::Trade);
    let ends = window.letters || found.firm && trade;
    let put = Put {
        word: &found.heard.text,
        suffix: false,
        turns: window.letters && !goods,
        goods,
        begins: found.firm,
        ends,
    };
    Some((found.cost, put))
}

/// What a character costs that only looks like the right one: less than one that sounds so, for nothing else explains it.
const TWIN: u32 = 3;

/// Goods that are written with a character which looks like the one that was: 士鸡, 板粟.
fn twins<'g>(look: &Look<'_, 'g>, cells: &[Cell]) -> Vec<&'g Heard> {
    let sounds = &look.grammar.sounds;
    let mut out = Vec::new();
    for (n, c) in cells.iter().enumerate().filter(|(_, c)| c.suspect && c.is == Is::Han) {
        for twin in sounds.twins(c.c) {
            let meant: String = cells.iter().enumerate().map(|(i, c)| if i == n { twin } else { c.c }).collect();
            let heard = sounds.heard(&meant);
            out.extend(heard.filter(|h| look.grammar.lexicon.words[h.word as usize].item().is_some()));
        }
    }
    out
}

/// One character wrong, two in the wrong order, one doubled.
fn others(cells: &[Cell], take: &mut impl FnMut(Like, Key)) {
    if cells.len() < 3 {
        return;
    }
    let key = |like: Like, chars: &mut dyn Iterator<Item = char>| chars.fold(Key::new(like), Key::char);
    for (n, c) in cells.iter().enumerate() {
        let rest = || cells.iter().enumerate().filter(move |(i, _)| *i != n).map(|(_, c)| c.c);
        if c.open && c.suspect {
            let like = Like::But(n as u8);
            take(like, key(like, &mut rest()));
        }
        let Some(next) = cells.get(n + 1) else { continue };
        if next.c == c.c {
            take(Like::Same, key(Like::Same, &mut rest()));
        } else {
            let swapped = |i: usize| {
                if i == n {
                    n + 1
                } else if i == n + 1 {
                    n
                } else {
                    i
                }
            };
            take(Like::Same, key(Like::Same, &mut (0..cells.len()).map(|i| cells[swapped(i)].c)));
        }
    }
}

/// Whether two words mean the same.
fn same(a: &Word, b: &Word) -> bool {
    match (a.item(), b.item()) {
        (Some(a), Some(b)) => a == b,
        (None, None) => {
            let asks = |w: &Word| w.verbs(Force::Strong).next();
            a.senses == b.senses || asks(a).is_some() && asks(a) == asks(b)
        }
        _ => false,
    }
}

/// What a word costs that is so like what was written; `None` where it is too unlike.
fn price(look: &Look<'_, '_>, window: &Window<'_>, like: Like, heard: &Heard) -> Option<(u32, bool)> {
    let cells = window.cells;
    let n = usize::from(heard.chars);
    if window.letters {
        // 手ji: the characters beside the letters are what they are.
        let han = |c: &&Cell| c.is == Is::Han;
        let before = cells.iter().take_while(han).map(|c| c.c);
        let behind = cells.iter().rev().take_while(han).map(|c| c.c);
        let kept = before.zip(heard.text.chars()).chain(behind.zip(heard.text.chars().rev())).all(|(c, h)| c == h);
        return kept.then_some((WORD + 4, true));
    }
    let written = || cells.iter().map(|c| c.c);
    if written().eq(heard.text.chars()) {
        return None;
    }
    let pairs = || cells.iter().zip(heard.text.chars());
    let of_goods = look.grammar.lexicon.words[heard.word as usize].item().is_some();
    // Only how it sounds says what a verb was meant to be, or what nothing in the text left unread.
    let by_sound = matches!(like, Like::Sound | Like::Near);
    let unread = cells.iter().any(|c| matches!(look.tokens[c.token].kind, Kind::Han));
    let placed = || placed(look, window);
    let alone = || look.no_item || sole_goods(look, cells);
    let doubled = like == Like::Same && cells.len() > n;
    let open = unread || doubled || like == Like::Sound || look.no_item && placed();
    if !(of_goods || by_sound || like == Like::Same) || !open || !doubled && !holds(look, cells, like, heard) {
        return None;
    }
    let equal = pairs().filter(|(c, h)| c.c == *h).count();
    let first = cells[0].c == heard.text.chars().next()?;
    let tones = || pairs().all(|(c, h)| c.tone == crate::grammar::sound::tone(h));
    // None of the characters in the wrong place is one that goods are named with.
    let foreign = || of_goods && pairs().all(|(c, h)| c.c == h || look.grammar.sounds.is_foreign(c.c));
    let more = match like {
        // Two characters that sound alike are common, so of those the first must be equal, or all tones: it says more
        // than the last, which may be a mere 子.
        Like::Sound if n == 2 => match () {
            // 想麦 is 想卖 or 想买: no tone says which was meant
            () if first && !of_goods => 9,
            () if tones() => 8 - 2 * equal as u32,
            () if first => 11,
            // Nobody knows what is wanted, and here it is said.
            () if equal > 0 && (foreign() || alone() && of_goods && placed())
                || look.lost && by_number(look, window, heard) =>
            {
                14
            }
            () => return None,
        },
        Like::Sound if equal > 0 => 8,
        Like::Sound => 12,
        Like::Near if n == 2 => match () {
            () if equal > 0 && tones() => 16,
            () if equal > 0 && (first && foreign() || alone() && of_goods) && (placed() || offered(look, window)) => 18,
            () => return None,
        },
        Like::Near if equal > 0 => 14,
        Like::Keys if n == 2 => match () {
            () if first && foreign() && placed() => 20,
            () => return None,
        },
        Like::Keys if equal + 1 == n => 16,
        Like::Keys if equal > 0 && foreign() => 20,
        Like::Without(_) if n == 3 && !(look.no_item && placed()) => return None,
        Like::Without(_) if n == 3 => 20,
        Like::Without(_) => 14,
        Like::But(_) if n > 3 => 18,
        Like::But(at) => {
            let (c, meant) = (&cells[usize::from(at)], heard.text.chars().nth(usize::from(at))?);
            let keys = crate::grammar::sound::syllable(meant).is_some_and(|s| one_key_off(c.sound, s));
            match () {
                () if keys => 18,
                () if placed()
                    && (foreign() || look.no_item && usize::from(at) + 1 < n && sole(look, cells, usize::from(at))) =>
                {
                    22
                }
                () => return None,
            }
        }
        Like::Same => 10,
        _ => return None,
    };
    let firm = like == Like::Sound && equal > 0 && (n > 2 || tones());
    Some((WORD + more, firm))
}

/// Whether no goods are read but a single character of this stretch: 雨米.
fn sole_goods(look: &Look<'_, '_>, cells: &[Cell]) -> bool {
    let (first, last) = (cells[0].token, cells[cells.len() - 1].token);
    let item = |t: &Token<'_>| t.word().is_some_and(|w| w.item().is_some() && (w.chars > 1 || !w.speaks_otherwise()));
    let mut goods = look.tokens.iter().enumerate().filter(|(_, t)| item(t));
    goods.all(|(n, t)| (first..=last).contains(&n) && t.word().is_some_and(|w| w.chars == 1))
}

/// Whether a character that is right says nothing by itself. The last is what the thing is: 鹰嘴豆 is no 鹰嘴桃.
fn sole(look: &Look<'_, '_>, cells: &[Cell], wrong: usize) -> bool {
    cells.iter().enumerate().any(|(i, c)| i != wrong && matches!(look.tokens[c.token].kind, Kind::Han))
}

/// What a thing costs more that goes ill with what is asked for.
fn unsuited(look: &Look<'_, '_>, word: &Word) -> u32 {
    use Intent::*;
    let kind = word.item().map(|i| look.grammar.lexicon.kind(i));
    let suits = match (look.intent, kind) {
        (_, None) | (Unknown, _) => true,
        (Hire | Seek, Some(k)) => k == Kinds::Trade,
        (Lost | Found, Some(k)) => !matches!(k, Kinds::Trade | Kinds::Goods),
        (_, Some(k)) => !matches!(k, Kinds::Trade | Kinds::Person),
    };
    if suits { 0 } else { 2 }
}

/// Whether what was understood of a stretch stays in the word: a number, and the name of a thing.
fn holds(look: &Look<'_, '_>, cells: &[Cell], like: Like, heard: &Heard) -> bool {
    let named = |c: &Cell| look.tokens[c.token].word().is_some_and(|w| w.chars > 1 && w.item().is_some());
    let number = |c: &Cell| super::cell::is_number(&look.tokens[c.token]);
    match like {
        // 红薯恁 is no 红薯粉.
        Like::But(_) | Like::Without(_) => !cells.iter().any(|c| named(c) || number(c)),
        _ => cells.iter().zip(heard.text.chars()).all(|(c, h)| c.c == h || !(named(c) || number(c))),
    }
}

/// Where goods are named: behind a verb or at the head of a clause, and before a number or its end.
fn placed(look: &Look<'_, '_>, window: &Window<'_>) -> bool {
    let (first, last) = (&window.cells[0], &window.cells[window.cells.len() - 1]);
    let trades = |t: &Token<'_>| t.has(Sign::Have) || t.word().is_some_and(|w| w.verbs(Force::Strong).any(posts));
    let before =
        first.spaced || first.token.checked_sub(1).is_none_or(|n| listed(look.tokens, n) || trades(&look.tokens[n]));
    let ends = |t: &Token<'_>| {
        t.spaced
            || matches!(t.kind, Kind::Comma | Kind::Question)
            || super::cell::is_number(t)
            || t.word().is_some_and(|w| {
                w.chars > 1 || w.has(Sign::Ask) || w.has(Sign::Le) || w.verbs(Force::Strong).next().is_some()
            })
    };
    before && look.tokens.get(last.token + 1).is_none_or(ends)
}

/// 出兔纸40只: as [`placed`], behind a word that only leans towards selling.
fn offered(look: &Look<'_, '_>, window: &Window<'_>) -> bool {
    let (first, last) = (window.cells[0].token, window.cells[window.cells.len() - 1].token);
    let sells = |t: &Token<'_>| t.word().is_some_and(|w| w.is_verb(Intent::Sell, Force::Hint));
    first == 1 && sells(&look.tokens[0]) && look.tokens.get(last + 1).is_some_and(super::cell::is_number)
}

/// What stands before one thing of several, or parts them.
fn listed(tokens: &[Token<'_>], n: usize) -> bool {
    let t = &tokens[n];
    let counted = |w: &Word| counts(w) && behind_number(tokens, n);
    matches!(t.kind, Kind::Comma)
        || t.has(Sign::Join)
        || t.word().is_some_and(|w| counted(w) || w.verbs(Force::Strong).any(posts))
}

/// A verb of posts beside a number: 车消807.
fn by_number(look: &Look<'_, '_>, window: &Window<'_>, heard: &Heard) -> bool {
    let word = &look.grammar.lexicon.words[heard.word as usize];
    let (first, last) = (window.cells[0].token, window.cells[window.cells.len() - 1].token);
    let number = |n: Option<usize>| n.and_then(|n| look.tokens.get(n)).is_some_and(super::cell::is_number);
    word.verbs(Force::Post).next().is_some() && (number(first.checked_sub(1)) || number(Some(last + 1)))
}

/// Whether a word can stand where the window is.
fn fits(look: &Look<'_, '_>, cells: &[Cell], window: &Window<'_>, like: Like, word: &Word) -> bool {
    let (start, end) = (window.from, window.from + window.cells.len());
    let has = |f: Force| word.verbs(f).next().is_some();
    // A command of one word is all that was written; a first word is the first.
    if !word.speaks_anywhere() && word.item().is_none() {
        let whole = has(Force::Whole) && start == 0 && end == cells.len();
        let head = has(Force::Head) && start == 0;
        let post = has(Force::Post) && look.tokens.iter().any(super::cell::is_number);
        return whole || (head || post) && (look.lost || window.letters);
    }
    // 车消807: the first character is no verb where its word is.
    let t = &look.tokens[window.cells[0].token];
    let verb = |w: &Word| {
        w.chars == 1
            && (w.has(Sign::Want) || w.senses.iter().any(|s| matches!(s, Sense::Verb(_, Force::Strong | Force::Hint))))
    };
    if t.word().is_some_and(verb) && !window.letters {
        return look.lost && has(Force::Strong);
    }
    match word.item() {
        Some(_) => item_fits(look, cells, window, like),
        None if window.letters || look.lost => true,
        None => word.moment().is_some() || behind_number(look.tokens, window.cells[0].token) && counts(word),
    }
}

/// Beside goods that were read others must be counted, listed or wanted; a description is no list.
fn item_fits(look: &Look<'_, '_>, cells: &[Cell], window: &Window<'_>, like: Like) -> bool {
    let goods = |t: &Token<'_>| t.word().is_some_and(|w| w.item().is_some() && (w.chars > 1 || !w.speaks_otherwise()));
    let (first, last) = (window.cells[0].token, cells[window.from + window.cells.len() - 1].token);
    let elsewhere = || look.tokens.iter().enumerate().any(|(n, t)| !(first..=last).contains(&n) && goods(t));
    if !elsewhere() {
        return true;
    }
    let starts = window.cells[0].spaced || first.checked_sub(1).is_none_or(|n| listed(look.tokens, n));
    let behind =
        first.checked_sub(1).is_some_and(|n| listed(look.tokens, n) && !matches!(look.tokens[n].kind, Kind::Comma));
    let counted = look.tokens.get(last + 1).is_some_and(super::cell::is_number);
    // 在地里吃红薯 is no 地里活.
    let sounds = matches!(like, Like::Sound | Like::Near | Like::Same);
    sounds && behind || !look.describes && counted && starts
}

/// A place that sounds so, where something leads to one.
fn place<'g>(look: &Look<'_, 'g>, window: &Window<'_>) -> Option<(u32, Put<'g>)> {
    let (first, last) = (window.cells[0], window.cells[window.cells.len() - 1]);
    let starts = first.start == look.tokens[first.token].range().start;
    let led = starts && first.token > 0 && leads(look, &look.tokens[first.token - 1]);
    let next = look.tokens.get(last.token + 1).filter(|t| !t.spaced && last.end == look.tokens[last.token].range().end);
    let leaves = next.is_some_and(|t| t.has(Sign::Route));
    if !(led || leaves) {
        return None;
    }
    let sounds: Vec<&str> = if window.letters {
        if window.cells.iter().any(|c| c.is == Is::Han) {
            return None;
        }
        look.grammar.sounds.split(&look.text[first.start..last.end])?
    } else {
        window.cells.iter().map(|c| c.sound).collect()
    };
    let places = &look.grammar.places;
    let suffix = !window.letters && sounds.len() > 2 && places.is_suffix(last.c);
    let short = &sounds[..sounds.len() - usize::from(suffix)];
    if !(2..=4).contains(&short.len()) {
        return None;
    }
    let name = places.heard(short, look.home)?;
    if window.cells.iter().zip(name.chars()).filter(|(c, n)| c.c == *n).count() == short.len() {
        return None;
    }
    let equal = window.cells.iter().zip(name.chars()).any(|(c, n)| c.c == n);
    let exact = short.iter().zip(name.chars()).all(|(s, n)| crate::grammar::sound::syllable(n) == Some(*s));
    let more = match (exact, equal) {
        (true, _) => 8,
        (false, true) => 14,
        _ => return None,
    };
    Some((WORD + more, Put { word: name, suffix, turns: false, goods: false, begins: false, ends: false }))
}

/// 去, 在, 从, 到, 搭车去, and what is typed for them in letters.
fn leads(look: &Look<'_, '_>, t: &Token<'_>) -> bool {
    let rides = |w: &Word| w.is_verb(Intent::RideOffer, Force::Strong) || w.is_verb(Intent::RideNeed, Force::Strong);
    let lead = |w: &Word| w.has(Sign::In) || w.has(Sign::From) || w.has(Sign::Route) || rides(w);
    match t.kind {
        Kind::Word(w) => lead(w),
        Kind::Latin => {
            let meant = look.grammar.sounds.alone(&look.text[t.range()]);
            meant.and_then(|m| look.grammar.lexicon.word(m)).is_some_and(lead)
        }
        _ => false,
    }
}
