//! Chooses what a text asks for, by evidence: which verbs it has, who is asked, what the sender owns, what kind of
//! thing is named. The words are those of `grammar/commands.toml`; only how they weigh is here.

use super::phrase::{Phrase, What};
use crate::grammar::lexicon::{Force, Kind, Sense, Sign};
use crate::grammar::{Grammar, Intent};

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub intent: Intent,
    pub unsure: Vec<Intent>,
    /// The score of every intent that had any.
    pub scores: Vec<(Intent, i32)>,
}

#[derive(Default)]
struct Scores(Vec<(Intent, i32)>);

impl Scores {
    fn add(&mut self, intent: Intent, n: i32) {
        match self.0.iter_mut().find(|(i, _)| *i == intent) {
            Some((_, s)) => *s += n,
            None => self.0.push((intent, n)),
        }
    }

    /// Raises a score to at least `n`: the same thing said twice is no more true.
    fn at_least(&mut self, intent: Intent, n: i32) {
        match self.0.iter_mut().find(|(i, _)| *i == intent) {
            Some((_, s)) => *s = (*s).max(n),
            None => self.0.push((intent, n)),
        }
    }

    fn get(&self, intent: Intent) -> i32 {
        self.0.iter().find(|(i, _)| *i == intent).map_or(0, |(_, s)| *s)
    }
}

const STRONG: i32 = 10;
const HINT: i32 = 3;
const CLOSING: i32 = 16;
/// So many phrases of a clause are looked at around a word: a text without marks stays linear in its length.
const SIGHT: usize = 24;

fn posts(i: Intent) -> bool {
    use Intent::*;
    matches!(i, Sell | Buy | Hire | Seek | Lost | Found | RideOffer | RideNeed | Friend | Order | AidNeed)
}

/// The facts of a text that the rules ask for.
struct Facts {
    amount: bool,
    many: bool,
    sum: bool,
    wage: bool,
    people: bool,
    seats: bool,
    kind: Option<Kind>,
    item: bool,
    /// The sender's own goods: 我家有…, or an amount outside the question.
    own: bool,
    /// A trade is named beside what the text is about: 有拖拉机帮拉沙.
    service: bool,
    /// 我家有….
    own_have: bool,
    /// Land is counted, and what is named is not land.
    field: bool,
    where_: bool,
    asks: bool,
    route: bool,
    work: bool,
    who: bool,
    only_place: bool,
}

impl Facts {
    /// Whether an animal, a thing or a person stands behind the phrase at `i` with its amount, and no word of owning.
    fn someone_elses(&self, phrases: &[Phrase<'_>], i: usize) -> bool {
        let clause = || phrases[i + 1..].iter().take(SIGHT).take_while(|q| q.clause == phrases[i].clause);
        let kept = matches!(self.kind, Some(Kind::Animal | Kind::Thing | Kind::Person));
        self.kind != Some(Kind::Trade)
            && phrases.get(i + 1).is_some_and(|q| matches!(q.what, What::Amount(a) if kept || a.bare_one))
            && clause().any(|q| q.item().is_some())
            && !clause().any(|q| q.has(Sign::Own) || q.has(Sign::Le))
    }
}

fn facts(grammar: &Grammar, phrases: &[Phrase<'_>]) -> Facts {
    let any = |f: &dyn Fn(&Phrase<'_>) -> bool| phrases.iter().any(f);
    let amounts = || phrases.iter().filter_map(|p| if let What::Amount(a) = p.what { Some(a) } else { None });
    // Of several things the one that is looked for: 杀年猪,找杀猪匠.
    let looked_for = phrases.iter().enumerate().filter(|(_, p)| matches!(p.what, What::Word(w) if w.is_verb(Intent::Hire, Force::Hint) && w.is_verb(Intent::Lost, Force::Hint)));
    let sought = looked_for
        .filter_map(|(i, _)| phrases[i + 1..].iter().take(4).find_map(Phrase::item))
        .map(|i| grammar.lexicon.kind(i))
        .find(|k| *k == Kind::Trade);
    let kind = sought.or_else(|| phrases.iter().filter_map(Phrase::item).map(|i| grammar.lexicon.kind(i)).next());
    let sums = || phrases.iter().filter_map(|p| if let What::Sum(s) = p.what { Some(s) } else { None });
    // 我会砌砖 tells a skill, 有人会砌砖吗 asks for one.
    let skill = phrases.iter().enumerate().any(|(i, p)| {
        matches!(p.what, What::Word(w) if w.is_verb(Intent::Seek, Force::Hint) && !w.is_verb(Intent::Lost, Force::Hint))
            && !by_trade(phrases, i)
            && !phrases[..i].iter().rev().take(SIGHT).any(|q| q.clause == p.clause && q.has(Sign::Who))
    }) && kind == Some(Kind::Trade);
    let own_hands = phrases.windows(2).any(|w| w[0].has(Sign::Own) && matches!(w[1].what, What::People(_)));
    let own_have = phrases.windows(2).any(|w| w[0].has(Sign::Own) && w[1].has(Sign::Have))
        || phrases.windows(3).any(|w| w[0].has(Sign::Own) && w[2].has(Sign::Have) && !w[1].is_separator());
    Facts {
        amount: amounts().next().is_some(),
        many: amounts().any(|a| !a.bare_one && a.lo > crate::market::Exact::from_integer(1)),
        sum: sums().next().is_some(),
        wage: sums().any(|s| s.pay || matches!(s.per, super::price::Per::Period(_))),
        people: any(&|p| matches!(p.what, What::People(_))),
        seats: any(&|p| matches!(p.what, What::Seats(_))),
        kind,
        item: kind.is_some() || any(&|p| matches!(p.what, What::Compound)),
        own_have,
        service: kind != Some(Kind::Trade)
            && phrases.iter().filter_map(Phrase::item).any(|i| grammar.lexicon.kind(i) == Kind::Trade),
        field: amounts()
            .map(|a| a.unit)
            .chain(sums().filter_map(|s| if let super::price::Per::Unit(u) = s.per { Some(u) } else { None }))
            .any(|u| grammar.units.at(u).is_some_and(|u| u.dimension == "area"))
            && phrases.iter().filter_map(Phrase::item).all(|i| {
                let unit = grammar.items.at(i).and_then(|i| i.unit.as_deref()).and_then(|u| grammar.units.get(u));
                unit.is_some_and(|u| u.dimension != "area")
            }),
        own: own_have || skill || own_hands || amounts().any(|a| !a.each),
        where_: any(&|p| p.has(Sign::Where)),
        asks: any(&|p| matches!(p.what, What::Question)) || ends_asking(phrases),
        route: phrases.windows(3).any(|w| {
            matches!(w[0].what, What::Place(_) | What::Unread)
                && (w[1].has(Sign::Route) || matches!(w[1].what, What::Mark) && w[1].start + 1 == w[1].end)
                && matches!(w[2].what, What::Place(_))
        }),
        work: any(&|p| p.has(Sign::Work)),
        who: any(&|p| p.has(Sign::Who)),
        only_place: phrases
            .iter()
            .all(|p| matches!(p.what, What::Place(_)) || super::phrase::light(p) || p.has(Sign::In)),
    }
}

/// 会砌砖的联系我: what follows the word at `i` is a thing, and whoever has to do with it is told to call.
fn by_trade(phrases: &[Phrase<'_>], i: usize) -> bool {
    let tight = |k: usize| phrases.get(k).filter(|q| !q.spaced);
    let calls = |q: &Phrase<'_>| q.has(Sign::Polite);
    let own =
        phrases[..i].iter().rev().take(SIGHT).take_while(|q| q.clause == phrases[i].clause).any(|q| q.has(Sign::Own));
    !own && tight(i + 1).is_some_and(|q| q.item().is_some())
        && tight(i + 2).is_some_and(|q| q.has(Sign::Particle) && !q.has(Sign::Polite))
        && (tight(i + 3).is_some_and(calls)
            || tight(i + 3).is_some_and(|q| q.has(Sign::Particle)) && tight(i + 4).is_some_and(calls))
}

/// …吗, …没有 at the end of a clause.
fn ends_asking(phrases: &[Phrase<'_>]) -> bool {
    phrases.iter().enumerate().any(|(i, p)| {
        let last = || {
            let mut behind = phrases[i + 1..].iter().take(SIGHT);
            behind.find(|q| !q.has(Sign::Le) && !q.has(Sign::Polite)).is_none_or(|q| q.is_separator() || q.spaced)
        };
        i > 0 && p.has(Sign::Ask) && last()
    })
}

/// Weighs a text that is no command by its form.
pub fn decide(grammar: &Grammar, text: &str, phrases: &[Phrase<'_>]) -> Decision {
    let f = facts(grammar, phrases);
    let mut s = Scores::default();
    let mut question = false;
    let mut offered_to_any = false;
    let mut closing = None;
    for (i, p) in phrases.iter().enumerate() {
        // A unit is no verb: 一挑, 三转.
        let What::Word(w) = p.what else {
            continue;
        };
        if w.senses.is_empty() {
            continue;
        }
        let clause = |q: &&Phrase<'_>| q.clause == p.clause;
        let before = || phrases[..i].iter().rev().take_while(clause).take(SIGHT);
        let next = phrases[i + 1..].first().filter(|q| q.clause == p.clause);
        // 谁收, 收不, 要吗: others are asked whether they do.
        let tail = phrases[i + 1..]
            .iter()
            .take(SIGHT)
            .take_while(clause)
            .filter(|q| !q.has(Sign::Le) && !q.has(Sign::Polite))
            .last();
        let who = before().any(|q| q.has(Sign::Who) || q.has(Sign::IsThere) || q.has(Sign::Where))
            || tail.is_some_and(|q| q.has(Sign::Ask));
        // 收不收, 卖不卖
        let doubled = {
            let same = |a: Option<&Phrase<'_>>, b: Option<&Phrase<'_>>| {
                a.is_some_and(|q| q.has(Sign::Not)) && b.is_some_and(|q| q.text(text) == p.text(text))
            };
            same(phrases.get(i + 1), phrases.get(i + 2)) || i >= 2 && same(phrases.get(i - 1), phrases.get(i - 2))
        };
        // 要卖的联系我, 捡到的请来电: said to those who do.
        let relative = phrases.get(i + 1).is_some_and(|q| q.has(Sign::Particle) && !q.spaced)
            && phrases[i + 2..]
                .iter()
                .take(4)
                .find(|q| !q.has(Sign::Particle) || q.has(Sign::Polite))
                .is_some_and(|q| q.has(Sign::Polite) || matches!(q.what, What::Phone));
        let relative = relative || by_trade(phrases, i);
        let asked = who || doubled;
        // 我家有五千斤,找老板来收: those who come are others.
        let comes = f.own_have
            && before().next().is_some_and(|q| q.has(Sign::Go) && !q.has(Sign::Own) && q.end == p.start)
            && before().nth(1).is_none_or(|q| !q.has(Sign::Own));
        let who = (who || doubled || relative || comes) && !w.has(Sign::Firm);
        let negated =
            !doubled && before().next().is_some_and(|q| q.has(Sign::Not) && !q.has(Sign::Who) && q.end == p.start);
        let wanted = before().any(|q| q.has(Sign::Want) && q.end != p.start || q.has(Sign::Want) && !q.has(Sign::Not));
        // 有打谷机租: it is let by whoever has it.
        let lets = w.has(Sign::Rent) && w.chars == 1 && !who && before().any(|q| q.has(Sign::Have));
        for intent in w.verbs(Force::Strong) {
            let intent = match grammar.lexicon.asked(intent) {
                Some(other) if lets && intent == Intent::Buy => other,
                _ => intent,
            };
            // 少了不卖 with a price sets terms, 不卖我 speaks of others; 不卖了 takes back.
            // 我不卖辣椒了 takes back too.
            let over =
                || tail.is_some() && phrases[i + 1..].iter().take(SIGHT).take_while(clause).any(|q| q.has(Sign::Le));
            if negated
                && posts(intent)
                && (f.sum || f.amount || next.is_some_and(|q| !q.has(Sign::Le) && !q.has(Sign::Ask)) && !over())
            {
                continue;
            }
            if negated && posts(intent) {
                closing = Some(Intent::Withdraw);
                s.at_least(Intent::Withdraw, CLOSING);
                continue;
            }
            // 牛卖了, 收够: done with, unless there is still something to offer.
            let done = next.is_some_and(|q| {
                q.end > p.end && (q.has(Sign::Done) || (q.has(Sign::Le) && !f.sum && !f.amount && !wanted))
            });
            if done && matches!(intent, Intent::Sell | Intent::Buy | Intent::Hire | Intent::Seek) && !wanted && !who {
                closing = Some(Intent::Deal);
                s.at_least(Intent::Deal, CLOSING - 2);
                continue;
            }
            // 找到一把黑伞: so much of a thing that is not the sender's own was found.
            if intent == Intent::Deal && w.has(Sign::Finds) && f.someone_elses(phrases, i) {
                s.at_least(Intent::Found, STRONG);
                continue;
            }
            if intent == Intent::Deal {
                closing = closing.or(Some(Intent::Deal));
                s.at_least(Intent::Deal, if who || wanted { HINT } else { CLOSING - 2 });
                continue;
            }
            // 谁家的牛跑到我地里: the owner is asked for, not a finder.
            let owner = intent == Intent::Found
                && before().any(|q| {
                    q.has(Sign::Who)
                        && phrases[..i]
                            .iter()
                            .rev()
                            .take(SIGHT)
                            .any(|n| n.start >= q.end && n.start <= q.end + 3 && n.item().is_some())
                });
            // 有人偷了我家的牛
            let own_loss = intent == Intent::Lost
                && phrases[i + 1..].iter().take(SIGHT).take_while(clause).any(|q| q.has(Sign::Own));
            match grammar.lexicon.asked(intent).filter(|_| who && !owner && !own_loss) {
                Some(other) => {
                    // Those who are only told to call were not asked whether there are any.
                    question |= !relative || asked;
                    offered_to_any |=
                        matches!(intent, Intent::Lost | Intent::Found | Intent::RideOffer | Intent::RideNeed);
                    s.at_least(other, STRONG);
                }
                // 不要给我发招工了: what is not wanted any more outweighs its name.
                None if intent == Intent::Unsubscribe => s.at_least(intent, CLOSING + 2),
                None => s.at_least(intent, STRONG + i32::from(i == 0)),
            }
        }
        for intent in w.verbs(Force::Hint) {
            let other = grammar.lexicon.asked(intent).filter(|_| who);
            // 谁要土鸡: whoever asks who wants it has it.
            if let Some(other) = other.filter(|_| relative) {
                s.at_least(other, STRONG - 2);
                continue;
            }
            if let Some(other) = other {
                // 有人会杀猪没: whoever asks for the skill hires.
                let seen = matches!(intent, Intent::Found | Intent::Lost)
                    || intent == Intent::Seek
                        && before().any(|q| q.has(Sign::Who))
                        && !w.is_verb(Intent::Lost, Force::Hint);
                if seen || intent == Intent::Buy && w.has(Sign::Want) && other == Intent::Sell {
                    offered_to_any = true;
                    s.at_least(other, STRONG - 2);
                } else if f.own {
                    s.at_least(other, HINT + 1);
                } else {
                    question = true;
                    s.at_least(other, HINT);
                }
                continue;
            }
            // 找人, 师傅 say more than 找.
            s.at_least(
                intent,
                if intent == Intent::Hire && w.chars > 1 && !w.is_verb(Intent::Buy, Force::Hint) {
                    HINT + 1
                } else {
                    HINT
                },
            );
        }
        if w.has(Sign::Ambiguous) {
            for intent in grammar.lexicon.ambiguous.get(p.text(text)).into_iter().flatten() {
                s.at_least(*intent, STRONG);
            }
        }
        if (w.has(Sign::Who) || w.has(Sign::IsThere)) && phrases[i + 1..].first().is_some_and(|q| q.has(Sign::Have))
            || w.has(Sign::IsThere)
        {
            question = true;
            s.at_least(Intent::Buy, HINT + 1);
        }
    }
    kinds(&f, phrases, &mut s, question);
    rides(&f, phrases, &mut s);
    if phrases.iter().any(|p| p.has(Sign::How)) && s.get(Intent::Price) == 0 {
        s.at_least(Intent::Ask, STRONG - 3);
    }
    official(&f, phrases, &mut s);
    // 有招工的消息通知我, 大家凑: the word of the whole text outweighs those of its matter.
    if s.get(Intent::Subscribe) >= STRONG && s.get(Intent::Lost).max(s.get(Intent::Found)) == 0 {
        s.at_least(Intent::Subscribe, CLOSING);
    }
    if s.get(Intent::Order) >= STRONG && s.get(Intent::Buy) > 0 {
        s.add(Intent::Order, 2);
    }
    // 我想卖点东西怎么弄: how it is done is asked.
    let how = phrases.iter().any(|p| p.has(Sign::How));
    if how && !f.item && !f.amount && !f.people && s.0.iter().any(|(i, n)| posts(*i) && *n >= STRONG) {
        s.at_least(Intent::Help, STRONG + 2);
    }
    looking_up(&f, phrases, &mut s, question, offered_to_any, closing);
    choose(&f, s)
}

/// 师傅, 请: said of those who are looked for, never of oneself.
fn hires(p: &Phrase<'_>) -> bool {
    let What::Word(w) = p.what else { return false };
    w.is_verb(Intent::Hire, Force::Hint) && !w.is_verb(Intent::Seek, Force::Hint) && !w.has(Sign::Want)
}

/// What the kind of the thing named says.
fn kinds(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores, question: bool) {
    // 左耳有缺 has nothing to sell: what is had follows.
    let thing = |p: &Phrase<'_>| matches!(p.what, What::Amount(_) | What::Item { .. } | What::Compound | What::Unread);
    let have = phrases.iter().enumerate().any(|(i, p)| {
        let said = p.has(Sign::Have) && !p.has(Sign::IsThere);
        said && phrases[i + 1..].iter().take(SIGHT).take_while(|q| q.clause == p.clause).any(thing)
            && phrases[..i].iter().rev().take(SIGHT).all(|q| !matches!(q.what, What::Unread))
    });
    let hint = |s: &Scores, i| s.get(i) > 0;
    match f.kind {
        Some(Kind::Trade) => {
            // 找木工: one looks for a carpenter, or for a carpenter's work.
            if s.get(Intent::Hire) <= HINT
                && s.get(Intent::Seek) == HINT
                && s.get(Intent::Lost) == HINT
                && !f.people
                && !f.work
                && !f.amount
                && !phrases.iter().any(hires)
            {
                s.at_least(Intent::Hire, HINT);
                s.add(Intent::Hire, 4);
                s.add(Intent::Seek, 4);
                let n = s.get(Intent::Hire).max(s.get(Intent::Seek));
                s.at_least(Intent::Hire, n);
                s.at_least(Intent::Seek, n);
                return;
            }
            // Hands are hired, not bought.
            if s.get(Intent::Buy) > 0 && !question {
                s.at_least(Intent::Hire, s.get(Intent::Buy) + 2);
                s.0.retain(|(i, _)| *i != Intent::Buy);
            }
            // 哪里要小工 asks for those who hire.
            if s.get(Intent::Sell) > 0 {
                s.at_least(Intent::Seek, s.get(Intent::Sell) + 1);
                s.0.retain(|(i, _)| *i != Intent::Sell);
            }
            let hires = phrases.iter().any(hires);
            if hires && !f.where_ && s.get(Intent::Seek) < STRONG {
                s.add(Intent::Hire, 4);
            }
            if hint(s, Intent::Hire) {
                let found = if f.work && s.get(Intent::Hire) < STRONG { Intent::Seek } else { Intent::Hire };
                s.add(found, 4);
            }
            if s.get(Intent::Seek) > 0 && !(f.people && s.get(Intent::Hire) > HINT) {
                s.add(Intent::Seek, 3);
            }
            if f.people && s.get(Intent::Seek) == 0 {
                s.at_least(Intent::Hire, 7);
            }
            if f.wage || f.sum {
                s.at_least(Intent::Hire, 2);
                s.at_least(Intent::Seek, 2);
            }
        }
        Some(Kind::Thing | Kind::Person) => {
            if s.get(Intent::Lost) == HINT {
                s.add(Intent::Lost, 5);
            }
            if s.get(Intent::Found) == HINT {
                s.add(Intent::Found, 3);
            }
        }
        Some(Kind::Animal) => {
            if s.get(Intent::Lost) == HINT && !f.many && !f.sum {
                s.add(Intent::Lost, 3);
            }
            if s.get(Intent::Found) == HINT {
                s.add(Intent::Found, 3);
            }
        }
        Some(Kind::Goods | Kind::Vehicle) | None => {}
    }
    // Goods are bought, not hired; hints of work fall away.
    if f.item && matches!(f.kind, Some(Kind::Goods | Kind::Vehicle | Kind::Animal) | None) && !f.people && !f.wage {
        s.0.retain(|(i, n)| !(matches!(i, Intent::Hire | Intent::Seek) && *n <= HINT));
        if s.get(Intent::Buy) == HINT {
            s.add(Intent::Buy, 1);
        }
    }
    // 要几个女工包粽子,一天120: what has a wage is work.
    if f.wage && matches!(s.get(Intent::Hire), HINT..STRONG) && s.get(Intent::Sell).max(s.get(Intent::Buy)) < STRONG {
        s.add(Intent::Hire, 4);
    }
    // 要5个人: people are hired.
    if f.people && !f.item && s.get(Intent::Hire) > 0 && s.get(Intent::Buy) <= HINT {
        s.0.retain(|(i, _)| *i != Intent::Buy);
        s.at_least(Intent::Hire, 6);
    }
    if f.work && s.get(Intent::Seek) > 0 && s.get(Intent::Hire) < STRONG {
        s.add(Intent::Seek, 6);
    }
    // 我家有八百斤: what one has and counts is for sale, unless a verb says otherwise.
    let goods = matches!(f.kind, Some(Kind::Goods | Kind::Vehicle | Kind::Animal) | None) && f.item;
    if have && goods && !question && !f.asks {
        s.at_least(Intent::Sell, 5);
    }
    if f.own && goods && s.get(Intent::Sell) > 0 {
        s.add(Intent::Sell, 1);
    }
    // 我要10头
    let own_want = phrases
        .windows(2)
        .any(|w| w[0].has(Sign::Own) && matches!(w[1].what, What::Word(v) if v.is_verb(Intent::Buy, Force::Hint)));
    if own_want && f.amount && s.get(Intent::Buy) > 0 {
        s.add(Intent::Buy, 3);
    }
}

/// Somebody goes from one place to another.
fn rides(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores) {
    let going = phrases.windows(2).any(|w| w[0].has(Sign::Go) && matches!(w[1].what, What::Place(_)));
    // 有车去从江没, 有去广州的车吗; 我开面包车去县城, 小车 栽麻-县城.
    let head = |p: &Phrase<'_>| p.word().is_some_and(|w| w.is_verb(Intent::RideOffer, Force::Head));
    let car = f.kind == Some(Kind::Vehicle) || f.kind.is_none() && phrases.iter().any(head);
    let traded =
        s.get(Intent::Sell).max(s.get(Intent::Buy)).max(s.get(Intent::Lost)).max(s.get(Intent::Found)) >= STRONG;
    if car && (going || f.route) && !traded && s.get(Intent::RideOffer).max(s.get(Intent::RideNeed)) < STRONG {
        let asked = f.asks || f.who || phrases.iter().any(|p| p.has(Sign::IsThere) || p.has(Sign::Where));
        s.at_least(if asked { Intent::RideNeed } else { Intent::RideOffer }, STRONG - 1);
        s.0.retain(|(i, _)| !matches!(i, Intent::Sell | Intent::Buy | Intent::Search));
        return;
    }
    if !(f.route
        || (going && (f.seats || f.people && !f.item || s.get(Intent::RideNeed) > 0 || s.get(Intent::RideOffer) > 0)))
    {
        return;
    }
    if f.item && s.get(Intent::RideNeed) < STRONG && s.get(Intent::RideOffer) < STRONG {
        return;
    }
    if f.seats && s.get(Intent::RideNeed) < STRONG {
        s.add(Intent::RideOffer, 8);
    }
    for i in [Intent::RideNeed, Intent::RideOffer] {
        if s.get(i) > 0 {
            s.add(i, 5);
        }
    }
    if (f.route || f.people && !f.item && s.0.is_empty())
        && s.get(Intent::RideNeed) == 0
        && s.get(Intent::RideOffer) == 0
    {
        s.at_least(Intent::RideNeed, 2);
        s.at_least(Intent::RideOffer, 2);
    }
}

/// An official matter with a word of asking is a guide.
fn official(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores) {
    if !phrases.iter().any(|p| p.word().is_some_and(|w| w.has(Sign::GuideTopic))) {
        return;
    }
    let how = phrases.iter().any(|p| p.has(Sign::How));
    let doing = how || phrases.iter().any(|p| matches!(p.what, What::Word(w) if w.senses.iter().any(|s| matches!(s, Sense::Verb(Intent::Guide | Intent::Ask, _)))));
    if doing || f.where_ || f.asks {
        s.add(Intent::Guide, STRONG + 2);
    }
}

/// Questions without goods of one's own look something up.
fn looking_up(
    f: &Facts,
    phrases: &[Phrase<'_>],
    s: &mut Scores,
    question: bool,
    offered: bool,
    closing: Option<Intent>,
) {
    let board = s.0.iter().filter(|(i, _)| posts(*i)).map(|(_, n)| *n).max().unwrap_or(0);
    if s.get(Intent::Price) >= STRONG {
        if f.own && board >= STRONG - 2 {
            s.0.retain(|(i, _)| *i != Intent::Price);
        } else if !phrases.is_empty() {
            s.add(Intent::Price, 5);
        }
        return;
    }
    if closing.is_some() {
        // 不卖了, 牛找到了: what was said of the thing itself only says which post.
        return;
    }
    if trade_free(s) && !f.item && !f.work {
        return;
    }
    let ask_have = f.asks && phrases.iter().any(|p| p.has(Sign::Have)) && !f.own;
    let ask_verb = f.asks && board >= HINT;
    let trade = s.get(Intent::Sell).max(s.get(Intent::Buy)).max(s.get(Intent::Hire)).max(s.get(Intent::Seek));
    let others =
        s.0.iter()
            .filter(|(i, _)| !matches!(i, Intent::Sell | Intent::Buy | Intent::Hire | Intent::Seek))
            .map(|(_, n)| *n)
            .max()
            .unwrap_or(0);
    if (question || f.where_ || ask_have || ask_verb) && !f.own && !offered && others < STRONG {
        s.at_least(Intent::Search, trade.max(HINT) + 8);
    }
}

/// Whether nothing so far speaks of goods or work.
fn trade_free(s: &Scores) -> bool {
    [Intent::Sell, Intent::Buy, Intent::Hire, Intent::Seek].iter().all(|i| s.get(*i) == 0)
}

fn choose(f: &Facts, mut s: Scores) -> Decision {
    if s.get(Intent::Search) >= STRONG
        && f.where_
        && s.get(Intent::Sell).max(s.get(Intent::Buy)) <= s.get(Intent::Search)
    {
        s.add(Intent::Search, 2);
    }
    let mut scores = s.0;
    // The earlier said first among equals.
    scores.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let mut unsure = Vec::new();
    let intent = match scores.first().copied() {
        // A mere hint with nothing to go with it says nothing: 明天开会.
        Some((_, n)) if n == HINT && !f.item && !f.sum && !f.people && !f.amount && !f.work => Intent::Unknown,
        // 账户支出100元: a hint of trade without goods.
        Some((Intent::Sell | Intent::Buy, n)) if n < STRONG - 2 && !f.item && !f.amount => Intent::Unknown,
        Some((best, n)) if n >= HINT => {
            if let Some((second, m)) = scores.get(1).copied()
                && m == n
                && n <= STRONG
                && posts(best)
                && posts(second)
            {
                unsure = vec![best, second];
            }
            // 有拖拉机帮拉沙: the tractor is for sale, or its work.
            if best == Intent::Sell && n < STRONG && f.service {
                unsure = vec![Intent::Sell, Intent::Seek];
            }
            // 收谷子20亩: bought, or brought in.
            if best == Intent::Buy && f.field && f.item {
                unsure = vec![Intent::Buy, Intent::Hire];
            }
            // 多少钱一斤,我家有两千斤
            if best == Intent::Price && f.own && f.many && scores.iter().any(|(i, n)| *i == Intent::Sell && *n > HINT) {
                unsure = vec![Intent::Price, Intent::Sell];
            }
            best
        }
        _ => bare(f, &mut unsure),
    };
    Decision { intent, unsure, scores }
}

/// A text without a verb.
fn bare(f: &Facts, unsure: &mut Vec<Intent>) -> Intent {
    match f.kind {
        Some(Kind::Trade) if f.people || f.who => Intent::Hire,
        Some(Kind::Trade) => {
            *unsure = vec![Intent::Hire, Intent::Seek];
            Intent::Hire
        }
        Some(Kind::Thing | Kind::Person) => {
            *unsure = vec![Intent::Lost, Intent::Found];
            Intent::Lost
        }
        _ if f.item && (f.amount || f.sum) => {
            *unsure = vec![Intent::Sell, Intent::Buy];
            Intent::Sell
        }
        _ if f.route => {
            *unsure = vec![Intent::RideNeed, Intent::RideOffer];
            Intent::RideNeed
        }
        Some(_) => {
            *unsure = vec![Intent::Search, Intent::Sell, Intent::Buy];
            Intent::Search
        }
        None if f.only_place => Intent::Register,
        None => Intent::Unknown,
    }
}
