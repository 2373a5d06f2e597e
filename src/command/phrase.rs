//! Joins words into phrases: amounts, prices, days, telephone numbers, places, items; what is none of these stays a word
//! or unread.

use nom::Parser;
use nom::combinator::opt;

use super::date::{self, Day};
use super::number::{Bound, In, Number, number, sign, tight};
use super::price::{Sum, price};
use super::quantity::{Amount, bounds, each, of_each, quantity};
use super::scan::{Kind, Token};
use crate::grammar::lexicon::{Force, Kind as Kinds, Sign, Word};
use crate::grammar::place::Found;
use crate::grammar::{Grammar, Intent};
use crate::market::Exact;

/// A phrase and where it stands in the normal form.
#[derive(Debug, Clone, Copy)]
pub struct Phrase<'g> {
    pub start: u32,
    pub end: u32,
    pub spaced: bool,
    /// Commas and question marks before it.
    pub clause: u16,
    pub what: What<'g>,
}

#[derive(Debug, Clone, Copy)]
pub enum What<'g> {
    Amount(Amount),
    Sum(Sum),
    /// A number that counts nothing; whether it was written in digits, and whether 以上, 左右 … followed.
    Number {
        n: Number,
        digits: bool,
        bounded: bool,
        bound: Bound,
    },
    Day(Day),
    /// A clock time or a part of the day without the day; which part, where said.
    Clock(Option<u8>),
    Phone,
    Place(Found),
    /// What a person is called: 刘老板.
    Name,
    /// An item of the lexicon.
    Item {
        index: u32,
        word: &'g Word,
    },
    /// An item with what makes something else of it: 牛角梳.
    Compound,
    /// Work that no trade names, by what it is done to; `verb` is where its verb stands. 挖防风, 卸一车瓷砖.
    Task {
        index: Option<u32>,
        verb: (u32, u32),
    },
    /// The verb of a [`What::Task`] behind it.
    Labour,
    People(u32),
    Seats(u32),
    /// A length of time: 干3天.
    Span,
    /// What one holds: 每袋50斤.
    Each,
    Word(&'g Word),
    Unread,
    Comma,
    Question,
    Mark,
}

impl<'g> Phrase<'g> {
    pub fn word(&self) -> Option<&'g Word> {
        match self.what {
            What::Word(w) | What::Item { word: w, .. } => Some(w),
            _ => None,
        }
    }

    pub fn has(&self, sign: Sign) -> bool {
        matches!(self.what, What::Word(w) if w.has(sign))
    }

    pub fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.range()]
    }

    pub fn is_separator(&self) -> bool {
        matches!(self.what, What::Comma | What::Question | What::Mark)
    }

    /// What kind of thing it names.
    pub fn kind(&self, grammar: &Grammar) -> Option<Kinds> {
        match self.what {
            What::Item { index, .. } => Some(grammar.lexicon.kind(index)),
            What::Task { .. } => Some(Kinds::Trade),
            _ => None,
        }
    }

    /// The item it names.
    pub fn item(&self) -> Option<u32> {
        if let What::Item { index, .. } = self.what { Some(index) } else { None }
    }
}

/// All phrases of a text, in order.
pub fn phrases<'g>(grammar: &'g Grammar, text: &str, tokens: &[Token<'g>]) -> Vec<Phrase<'g>> {
    let mut out: Vec<Phrase<'g>> = Vec::with_capacity(tokens.len());
    let mut clause = 0;
    let mut rest = tokens;
    while let Some(first) = rest.first() {
        let (after, what) = next(grammar, text, rest, out.last());
        let taken = (rest.len() - after.len()).max(1);
        let end = rest[taken - 1].end;
        if matches!(what, What::Comma | What::Question) {
            clause += 1;
        }
        out.push(Phrase { start: first.start, end, spaced: first.spaced, clause, what });
        rest = &rest[taken..];
    }
    super::priced::priced(grammar, text, &mut out);
    by_spaces(&mut out);
    super::task::tasks(grammar, text, &mut out);
    super::numbered::join(grammar, text, &mut out);
    out
}

/// A space ends a clause where what follows can only be another one: after a question (你们收花吗 我有20斤), and where
/// whoever asked goes on to speak of himself (谁有稻种 想买20斤), which may be without a space (哪里有稻种我要20斤).
fn by_spaces(phrases: &mut [Phrase<'_>]) {
    let (mut more, mut asked, mut thing) = (0, false, false);
    for i in 0..phrases.len() {
        let p = phrases[i];
        let verb = |p: &Phrase<'_>| p.word().is_some_and(|w| w.verbs(Force::Strong).next().is_some());
        let counted = || phrases.get(i + 1).is_some_and(|q| matches!(q.what, What::Amount(_)));
        let speaks = || {
            phrases
                .get(i + 1)
                .is_some_and(|q| q.has(Sign::Have) || q.has(Sign::Want) || verb(q) || matches!(q.what, What::Amount(_)))
        };
        let other = i > 0 && thing && asked && !p.spaced && p.has(Sign::Own) && speaks()
            || p.spaced
                && i > 0
                && (thing && phrases[i - 1].has(Sign::Ask)
                    || thing && asked && (p.has(Sign::Own) || (verb(&p) || p.has(Sign::Want)) && counted()));
        if p.is_separator() || other {
            (asked, thing) = (false, false);
        }
        more += u16::from(other);
        asked |= p.has(Sign::Who) || p.has(Sign::IsThere) || p.has(Sign::Where);
        thing |= matches!(p.what, What::Item { .. } | What::Compound | What::Unread);
        phrases[i].clause = p.clause.saturating_add(more);
    }
}

fn next<'a, 'g>(
    grammar: &'g Grammar,
    text: &str,
    i: In<'a, 'g>,
    before: Option<&Phrase<'g>>,
) -> (In<'a, 'g>, What<'g>) {
    let t = &i[0];
    // Only a few kinds of words begin a phrase of several; all others are spared the attempts.
    let begins = match t.kind {
        Kind::Arabic(_) => true,
        Kind::Word(w) => {
            w.digit().is_some()
                || w.power().is_some()
                || w.money().is_some()
                || w.unit().is_some()
                || w.period().is_some()
                || w.pay().is_some()
                || w.moment().is_some()
                || [
                    Sign::Half,
                    Sign::Few,
                    Sign::About,
                    Sign::Total,
                    Sign::Each,
                    Sign::Per,
                    Sign::PriceCue,
                    Sign::Yuan,
                    Sign::AtLeast,
                    Sign::AtMost,
                    Sign::Below,
                    Sign::Above,
                    Sign::Whole,
                    Sign::LunarMark,
                    Sign::LunarFirst,
                    Sign::MonthStart,
                    Sign::MonthMiddle,
                    Sign::MonthEnd,
                ]
                .iter()
                .any(|s| w.has(*s))
        }
        _ => false,
    };
    // 电话6621234: a landline within its own area
    if matches!(t.kind, Kind::Arabic(Some(n)) if n.is_integer())
        && (7..=8).contains(&t.len())
        && before.is_some_and(|b| {
            let said = &text[..b.end as usize];
            let said = if b.is_separator() { said.trim_end_matches([':', ' ', '-']) } else { said };
            grammar.terms.people.reach.iter().any(|w| said.ends_with(w.as_str()))
        })
    {
        return (&i[1..], What::Phone);
    }
    if let Some(n) = post_before_amount(i, before) {
        return (&i[1..], What::Number { n, digits: true, bounded: false, bound: Bound::None });
    }
    if begins && let Some(found) = counted(grammar, text, i) {
        return found;
    }
    if let Some(found) = said_again(grammar, text, i, before) {
        return found;
    }
    let one = &i[1..];
    match t.kind {
        Kind::Word(w) => match w.item() {
            Some(index) => item(grammar, text, i, index, w, before),
            // On a never-list: something else than the words within it, by its own name.
            None if w.senses.is_empty() && !w.speaks_anywhere() => (one, What::Compound),
            // 请个人犁田
            None if w.has(Sign::People) && w.chars > 1 && before.is_some_and(is_verb) => (one, What::People(1)),
            None if a_unit_of_one(i, before) => (one, What::Amount(one_of(w))),
            None => (one, What::Word(w)),
        },
        Kind::Place(f) => (one, What::Place(f)),
        Kind::Arabic(_) | Kind::Latin => (one, What::Unread),
        Kind::Han => {
            // 蜗牛 is no ox: one unread character before a short word makes another word of it.
            if let Some(after) = one.first().filter(|a| !a.spaced)
                && let Some(w) = after.word()
                && w.chars == 1
                && w.item().is_some()
                && w.unit().is_none()
                && t.len() <= 4
                && before.is_none_or(|b| t.spaced || !matches!(b.what, What::Unread))
            {
                return (&one[1..], What::Compound);
            }
            (one, What::Unread)
        }
        Kind::Name => (one, What::Name),
        Kind::Comma => (one, What::Comma),
        Kind::Question => (one, What::Question),
        Kind::Dash | Kind::Mark => (one, What::Mark),
    }
}

/// 应 901 100斤: behind a verb that sets an amount of a post, a number and one apart from it are the post and the amount, and no
/// price for a hundred.
fn post_before_amount(i: In<'_, '_>, before: Option<&Phrase<'_>>) -> Option<Number> {
    let sets = |v: Intent| matches!(v, Intent::Fill | Intent::Weigh | Intent::Edit | Intent::AidGive);
    // 带话给 580 钱转过去了没: nor does what is passed on begin with a unit.
    let tells = |v: Intent| matches!(v, Intent::Relay | Intent::Report);
    let verb = |f: &dyn Fn(Intent) -> bool| {
        before.is_some_and(|b| matches!(b.what, What::Word(w) if w.verbs(Force::Post).any(f)))
    };
    let number = |t: &Token<'_>| if let Kind::Arabic(n) = t.kind { n } else { None };
    let lo = number(i.first()?).filter(|n| n.is_integer() && *n.numer() > 100)?;
    let counted = |t: &Token<'_>| number(t).is_some() || t.word().is_some_and(|w| w.digit().is_some());
    i.get(1).filter(|t| t.spaced && (verb(&sets) && counted(t) || verb(&tells)))?;
    Some(Number { lo, hi: None, approx: false })
}

/// 八角八角一斤: the name of a thing said again right behind it, where it reads as money too, is its price.
fn said_again<'a, 'g>(
    grammar: &'g Grammar,
    text: &str,
    i: In<'a, 'g>,
    before: Option<&Phrase<'g>>,
) -> Option<(In<'a, 'g>, What<'g>)> {
    let t = i.first().filter(|t| !t.spaced)?;
    let again = t.word()?.item()?;
    before.filter(|b| b.item() == Some(again))?;
    let mut pieces: Vec<Token<'g>> = Vec::with_capacity(8);
    for (at, c) in text[t.range()].char_indices() {
        let (start, end) = (t.start as usize + at, t.start as usize + at + c.len_utf8());
        let word = grammar.lexicon.word(&text[start..end])?;
        pieces.push(Token { start: start as u32, end: end as u32, spaced: false, kind: Kind::Word(word) });
    }
    let cut = pieces.len();
    pieces[0].word()?.digit()?;
    pieces.extend(i[1..].iter().take(4));
    let (rest, sum) = price(&pieces).ok()?;
    let taken = (pieces.len() - rest.len()).checked_sub(cut)?;
    Some((&i[1 + taken..], What::Sum(sum)))
}

/// 有头牛, 买辆摩托: a unit between verb and item is one of it.
fn a_unit_of_one(i: In<'_, '_>, before: Option<&Phrase<'_>>) -> bool {
    let unit = i[0].word().is_some_and(|w| w.unit().is_some() && w.verbs(Force::Strong).next().is_none());
    let tight = |k: usize| i.get(k).filter(|t| !t.spaced);
    let names = |k: usize| tight(k).is_some_and(|t| t.word().is_some_and(|w| w.item().is_some()));
    // 来了只外路骚羊, 买头大黄牛: what it is like may stand between.
    let like =
        |k: usize| tight(k).is_some_and(|t| t.has(Sign::Modifier) || matches!(t.kind, Kind::Han) && t.len() <= 9);
    let behind = |p: &Phrase<'_>| is_verb(p) || p.has(Sign::Le);
    let item = names(1) || before.is_some_and(behind) && like(1) && (names(2) || like(2) && names(3));
    // 我只牛: in the south a unit says whose it is.
    let verb = before.is_some_and(|p| behind(p) || p.has(Sign::This) || p.has(Sign::Own) && p.end - p.start <= 3);
    unit && item && verb && !i[0].spaced
}

fn is_verb(p: &Phrase<'_>) -> bool {
    matches!(p.what, What::Word(w) if w.has(Sign::Have) || w.has(Sign::Act) || w.verbs(Force::Strong).next().is_some() || w.verbs(Force::Hint).next().is_some())
}

fn one_of(w: &Word) -> Amount {
    let unit = w.unit().unwrap_or_default();
    Amount {
        lo: Exact::from_integer(1),
        hi: None,
        unit,
        approx: false,
        bound: Bound::None,
        each: false,
        total: false,
        bare_one: true,
    }
}

/// Phrases that begin with a number or the like.
fn counted<'a, 'g>(grammar: &'g Grammar, text: &str, i: In<'a, 'g>) -> Option<(In<'a, 'g>, What<'g>)> {
    if let Some(rest) = phone(text, i) {
        return Some((rest, What::Phone));
    }
    if let Ok((rest, d)) = date::day(i) {
        return Some((rest, What::Day(d)));
    }
    if let Ok((rest, s)) = price(i) {
        // 八角 by itself is a spice; only what reads as money through and through is money.
        return Some((rest, What::Sum(s)));
    }
    if let Ok((rest, _)) = each(grammar, i) {
        return Some((rest, What::Each));
    }
    if let Ok((rest, n)) = about_number(i) {
        let whole = |n: Number| {
            n.lo.is_integer().then(|| u32::try_from(*n.lo.numer()).ok()).flatten().filter(|n| *n <= 100_000)
        };
        // 641人招够了: so many are nobody's hands
        let posts = matches!(i[0].kind, Kind::Arabic(_)) && n.lo > Exact::from_integer(100);
        let done =
            |t: &Token<'_>| t.word().is_some_and(|w| w.chars > 1 && w.verbs(Force::Post).any(|v| v == Intent::Deal));
        if let Ok((rest, ())) = sign(Sign::People)(rest)
            && !(posts && rest.first().is_some_and(done))
            && let Some(n) = whole(n)
        {
            return Some((rest, What::People(n)));
        }
        if let Ok((rest, ())) = tight(sign(Sign::Seats))(rest)
            && let Some(n) = whole(n)
        {
            return Some((rest, What::Seats(n)));
        }
    }
    if let Ok((rest, a)) = quantity(grammar, i) {
        if let Some(rest) = of_each(grammar, rest, &a) {
            return Some((rest, What::Each));
        }
        return Some((rest, What::Amount(a)));
    }
    if let Ok((rest, part)) = date::clock(i) {
        return Some((rest, What::Clock(part)));
    }
    if let Ok((rest, part)) = date::own_part(i) {
        return Some((rest, What::Clock(Some(part))));
    }
    let (rest, n) = number(i).ok()?;
    if let Some(w) = rest.first().and_then(Token::word)
        && w.period().is_some()
    {
        return Some((&rest[1..], What::Span));
    }
    let digits = matches!(i[0].kind, Kind::Arabic(_));
    let (after, tail) = bounds(rest);
    Some((after, What::Number { n, digits, bounded: after.len() < rest.len(), bound: tail.bound }))
}

fn about_number<'a, 'g>(i: In<'a, 'g>) -> super::number::Read<'a, 'g, Number> {
    let (rest, _) = opt(sign(Sign::About)).parse(i)?;
    number(rest)
}

/// A telephone number: 11 digits beginning with 13-19, perhaps in groups, or a landline with its area code.
fn phone<'a, 'g>(text: &str, i: In<'a, 'g>) -> Option<In<'a, 'g>> {
    let mut digits = 0;
    let mut first = [0u8; 2];
    let mut k = 0;
    while let Some(t) = i.get(k).filter(|_| k < 6) {
        match t.kind {
            Kind::Arabic(_) => {
                let s = &text[t.range()];
                if !s.bytes().all(|b| b.is_ascii_digit()) {
                    break;
                }
                for b in s.bytes() {
                    if digits < 2 {
                        first[digits] = b;
                    }
                    digits += 1;
                }
                k += 1;
                let mobile = first[0] == b'1' && (b'3'..=b'9').contains(&first[1]) && digits == 11;
                // 86 before it is the country's
                let abroad = first == *b"86" && digits == 13;
                let landline = first[0] == b'0' && first[1] != b'0' && (10..=12).contains(&digits);
                let spelled = i.get(k).is_some_and(|t| !t.spaced && t.word().is_some_and(|w| w.unit().is_some()));
                if (mobile || abroad || landline) && !spelled {
                    return Some(&i[k..]);
                }
                if digits > 13 || !matches!(first[0], b'0' | b'1' | b'8') {
                    break;
                }
            }
            Kind::Dash if k > 0 => k += 1,
            _ => break,
        }
    }
    None
}

/// An item, or what it becomes with the words around it.
fn item<'a, 'g>(
    grammar: &'g Grammar,
    text: &str,
    i: In<'a, 'g>,
    index: u32,
    w: &'g Word,
    before: Option<&Phrase<'g>>,
) -> (In<'a, 'g>, What<'g>) {
    let one = &i[1..];
    let itself = What::Item { index, word: w };
    let Some(t) = one.first().filter(|t| !t.spaced) else { return (one, itself) };
    let behind = &text[t.range()];
    // 鸭儿, 羊羔儿: it only sounds softer.
    if matches!(t.kind, Kind::Han) && grammar.lexicon.compounds.endings.iter().any(|e| e == behind) {
        return (&one[1..], itself);
    }
    let makes = t.word().is_some_and(|n| {
        n.has(Sign::Makes)
            && (n.item().is_none() || n.chars > 1 || w.chars > 1)
            // 苹果套袋 is work, no thing
            && n.item().is_none_or(|x| grammar.lexicon.kind(x) != Kinds::Trade)
            && !before.is_some_and(|b| matches!(b.what, What::Number { .. }))
            // 山地种药材: it is grown there
            && !(behind == "种" && one.get(1).is_some_and(|n| !n.spaced && n.word().is_some_and(|w| w.item().is_some())))
            // 阿婆种的番薯
            && grammar.lexicon.kind(index) != Kinds::Person
    });
    // 牛粪: a short word with an unread character or two behind it is another thing.
    let grown = matches!(t.kind, Kind::Han) && w.chars == 1 && behind.chars().count() <= 2;
    // 猪 头3, 毛十五: what counts before a number counts.
    let number = |n: &Token<'_>| {
        matches!(n.kind, Kind::Arabic(_)) || n.word().is_some_and(|w| w.digit().is_some() || w.power().is_some())
    };
    let counts = |n: &Token<'_>| !n.spaced && number(n) && t.word().is_some_and(|w| w.unit().is_some());
    // 种菜种得好: work is made into no other thing; 大白鹅脚上绑红布: a part of the beast that is told of.
    let trade = grammar.lexicon.kind(index) == Kinds::Trade;
    let told_of = grammar.lexicon.kind(index) == Kinds::Animal
        && one.get(1).filter(|n| !n.spaced).is_some_and(|n| {
            let rest = &text[n.start as usize..];
            grammar.lexicon.compounds.marked.iter().any(|m| rest.starts_with(m.as_str()))
        });
    if (makes && !trade && !told_of) && !one.get(1).is_some_and(counts) || grown {
        // 苞米杆子 is 玉米秸秆 by another name.
        let known = made(grammar, &text[i[0].start as usize..t.end as usize]);
        let word = known.as_deref().and_then(|name| grammar.lexicon.word(name));
        return match word.and_then(|word| word.item().map(|index| What::Item { index, word })) {
            Some(known) => (&one[1..], known),
            None => (&one[1..], What::Compound),
        };
    }
    (one, itself)
}

/// What a compound is called in standard words: 洋芋秧子 is 土豆秧; `None` where it is no item and what makes of it.
pub fn made(grammar: &Grammar, said: &str) -> Option<String> {
    let lexicon = &grammar.lexicon;
    let cut = said.char_indices().map(|(at, _)| at).skip(1).take(8).find(|at| {
        lexicon.word(&said[*at..]).is_some_and(|w| w.has(Sign::Makes))
            && lexicon.word(&said[..*at]).is_some_and(|w| w.item().is_some())
    })?;
    let (base, makes) = said.split_at(cut);
    let name = &grammar.items.at(lexicon.word(base)?.item()?)?.name;
    let form = lexicon.compounds.forms.get(makes).map_or(makes, String::as_str);
    let item = |name: String| lexicon.word(&name).is_some_and(|w| w.item().is_some()).then_some(name);
    if let Some(known) = item(format!("{base}{form}")).or_else(|| item(format!("{name}{form}"))) {
        return Some(known);
    }
    // 油菜花: the standard name of 油菜 is that of its seed, which has no flower.
    let last = |s: &str| s.chars().next_back();
    let plain = name.chars().count() <= base.chars().count() || last(name) == last(base);
    Some(format!("{}{form}", if plain { name.as_str() } else { base }))
}

/// The number of a post, where a phrase can be one.
pub fn post_number(p: &Phrase<'_>) -> Option<u64> {
    match p.what {
        What::Number { n, bounded: false, .. }
            if n.hi.is_none() && !n.approx && n.lo.is_integer() && n.lo > Exact::from_integer(0) =>
        {
            u64::try_from(*n.lo.numer()).ok()
        }
        _ => None,
    }
}

/// Whether a word only fills: 的, 了, 你好.
pub fn light(p: &Phrase<'_>) -> bool {
    let What::Word(w) = p.what else { return p.is_separator() };
    let strong = w.verbs(Force::Strong).next().is_some();
    !strong
        && [Sign::Particle, Sign::Polite, Sign::Le, Sign::Own, Sign::Want, Sign::Already, Sign::Cheap]
            .iter()
            .any(|s| w.has(*s))
}

/// Skips a tight 号 behind the number of a post.
pub fn number_end(phrases: &[Phrase<'_>], at: usize) -> usize {
    let mut end = at + 1;
    while phrases.get(end).is_some_and(|p| !p.spaced && p.has(Sign::NumberMark)) {
        end += 1;
    }
    end
}
