//! The facts of a text that the rules ask for.

use super::SIGHT;
use crate::command::phrase::{Phrase, What, light};
use crate::command::price::Per;
use crate::grammar::lexicon::{Force, Kind, Sign};
use crate::grammar::{Grammar, Intent};

/// The facts of a text that the rules ask for.
pub struct Facts {
    pub amount: bool,
    pub many: bool,
    pub sum: bool,
    pub wage: bool,
    pub people: bool,
    pub seats: bool,
    /// Hands are wanted or offered, by a verb, a wage or what goes with it.
    pub labour: bool,
    /// 我会砌砖.
    pub skill: bool,
    /// 我们五个人, 俺俩.
    pub own_hands: bool,
    /// 女工, 师傅: those who work, not what they do.
    pub hands: bool,
    /// 包吃住.
    pub in_kind: bool,
    /// A car is named, to ride in or to carry goods.
    pub car: bool,
    pub kind: Option<Kind>,
    pub item: bool,
    /// The sender's own goods: 我家有…, or an amount outside the question.
    pub own: bool,
    /// And more than the one that a price is asked for: 一斤好多钱.
    pub own_goods: bool,
    /// A trade is named beside what the text is about: 有拖拉机帮拉沙.
    pub service: bool,
    /// 我家有….
    pub own_have: bool,
    /// Land is counted, and what is named is not land.
    pub field: bool,
    pub where_: bool,
    pub asks: bool,
    pub route: bool,
    pub work: bool,
    pub who: bool,
    pub only_place: bool,
    /// 牛肉35: a figure right behind the name of a thing.
    pub figure: bool,
    /// A word that says either of two things: mai.
    pub ambiguous: bool,
}

impl Facts {
    /// Whether an animal, a thing or a person stands behind the phrase at `i` with its amount, and no word of owning.
    pub fn someone_elses(&self, phrases: &[Phrase<'_>], i: usize) -> bool {
        let clause = || phrases[i + 1..].iter().take(SIGHT).take_while(|q| q.clause == phrases[i].clause);
        let kept = matches!(self.kind, Some(Kind::Animal | Kind::Thing | Kind::Person));
        self.kind != Some(Kind::Trade)
            && phrases.get(i + 1).is_some_and(|q| matches!(q.what, What::Amount(a) if kept || a.bare_one))
            && clause().any(|q| q.item().is_some())
            && !clause().any(|q| q.has(Sign::Own) || q.has(Sign::Le))
    }
}

pub fn facts(grammar: &Grammar, phrases: &[Phrase<'_>]) -> Facts {
    let any = |f: &dyn Fn(&Phrase<'_>) -> bool| phrases.iter().any(f);
    let amounts = || phrases.iter().filter_map(|p| if let What::Amount(a) = p.what { Some(a) } else { None });
    // Of several things the one that is looked for: 杀年猪,找杀猪匠.
    let looked_for = phrases.iter().enumerate().filter(|(_, p)| matches!(p.what, What::Word(w) if w.is_verb(Intent::Hire, Force::Hint) && w.is_verb(Intent::Lost, Force::Hint)));
    let sought = looked_for
        .filter_map(|(i, _)| phrases[i + 1..].iter().take(4).find_map(Phrase::item))
        .map(|i| grammar.lexicon.kind(i))
        .find(|k| *k == Kind::Trade);
    let labour = labour(grammar, phrases);
    let kind = sought.or_else(|| main_kind(grammar, phrases, labour));
    let sums = || phrases.iter().filter_map(|p| if let What::Sum(s) = p.what { Some(s) } else { None });
    // 我会砌砖 tells a skill, 有人会砌砖吗 asks for one.
    let skill = phrases.iter().enumerate().any(|(i, p)| {
        p.word().is_some_and(|w| w.is_verb(Intent::Seek, Force::Hint) && !w.is_verb(Intent::Lost, Force::Hint))
            && !by_trade(phrases, i)
            && !phrases[..i].iter().rev().take(SIGHT).any(|q| q.clause == p.clause && q.has(Sign::Who))
    }) && kind == Some(Kind::Trade);
    let own_hands = phrases.windows(2).any(|w| w[0].has(Sign::Own) && matches!(w[1].what, What::People(_)))
        || phrases.iter().any(|p| p.has(Sign::Pair) && p.has(Sign::Own));
    let own_have = phrases.windows(2).any(|w| w[0].has(Sign::Own) && w[1].has(Sign::Have))
        || phrases.windows(3).any(|w| w[0].has(Sign::Own) && w[2].has(Sign::Have) && !w[1].is_separator());
    Facts {
        amount: amounts().next().is_some(),
        many: amounts().any(|a| !a.bare_one && a.lo > crate::market::Exact::from_integer(1)),
        sum: sums().next().is_some(),
        wage: sums().any(|s| s.pay || matches!(s.per, Per::Period(_))),
        people: any(&|p| matches!(p.what, What::People(_)) || p.has(Sign::Pair)),
        seats: any(&|p| matches!(p.what, What::Seats(_))),
        kind,
        item: kind.is_some() || any(&|p| matches!(p.what, What::Compound)),
        own_have,
        labour,
        skill,
        own_hands,
        hands: any(&|p| p.word().is_some_and(|w| w.has(Sign::Hands))),
        in_kind: any(&|p| p.has(Sign::PayInKind)),
        car: any(&|p| is_car(grammar, p)),
        service: kind != Some(Kind::Trade)
            && phrases.iter().filter_map(Phrase::item).any(|i| grammar.lexicon.kind(i) == Kind::Trade),
        field: amounts()
            .map(|a| a.unit)
            .chain(sums().filter_map(|s| if let Per::Unit(u) = s.per { Some(u) } else { None }))
            .any(|u| grammar.units.at(u).is_some_and(|u| u.dimension == "area"))
            && phrases.iter().filter_map(Phrase::item).all(|i| {
                let unit = grammar.items.at(i).and_then(|i| i.unit.as_deref()).and_then(|u| grammar.units.get(u));
                unit.is_some_and(|u| u.dimension != "area")
            }),
        own_goods: own_have || skill || own_hands || amounts().any(|a| !a.each && !a.bare_one),
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
        figure: phrases
            .windows(2)
            .any(|w| w[0].item().is_some() && !w[1].spaced && matches!(w[1].what, What::Number { digits: true, .. })),
        ambiguous: any(&|p| p.has(Sign::Ambiguous)),
        only_place: phrases.iter().all(|p| matches!(p.what, What::Place(_)) || light(p) || p.has(Sign::In)),
    }
}

/// Whether a verb, a wage or what goes with it says that hands are wanted or offered.
fn labour(grammar: &Grammar, phrases: &[Phrase<'_>]) -> bool {
    // 请洗头小妹, 师傅 木工
    let asked = phrases.windows(2).any(|w| {
        let asks = |v: &crate::grammar::lexicon::Word| {
            v.is_verb(Intent::Hire, Force::Hint)
                && !v.is_verb(Intent::Lost, Force::Hint)
                && !v.is_verb(Intent::Seek, Force::Hint)
        };
        matches!(w[0].what, What::Word(v) if asks(v)) && w[1].kind(grammar) == Some(Kind::Trade)
    });
    asked
        || phrases.iter().any(|p| match p.what {
            What::Word(w) => {
                let strong = |i| w.is_verb(i, Force::Strong);
                strong(Intent::Hire)
                    || strong(Intent::Seek)
                    || w.has(Sign::PayInKind)
                    || w.has(Sign::Work)
                    || w.has(Sign::Hands)
            }
            What::Item { word, .. } => word.has(Sign::Hands),
            What::Sum(s) => s.is_pay(),
            What::Task { .. } => true,
            _ => false,
        })
}

/// Dimensions of land, time and work, in which no goods are counted.
const NO_GOODS: [&str; 10] = ["area", "time", "term", "length", "人", "户", "桌", "趟", "次", "小时"];

/// The kind of what the text is about: of two things in one word the last (苹果套袋), of a text about work the trade.
fn main_kind(grammar: &Grammar, phrases: &[Phrase<'_>], labour: bool) -> Option<Kind> {
    let trade = |p: &Phrase<'_>| p.kind(grammar) == Some(Kind::Trade);
    let joined = phrases.windows(2).any(|w| w[0].item().is_some() && !trade(&w[0]) && trade(&w[1]) && !w[1].spaced);
    let traded = phrases.iter().enumerate().any(|(i, p)| {
        let says = |i| matches!(p.what, What::Word(w) if w.is_verb(i, Force::Strong));
        // 急需抬棺的八个人: hands are needed, not goods
        let hands = phrases.get(i + 1).is_some_and(trade);
        says(Intent::Sell) || says(Intent::Buy) && !hands
    });
    let task = phrases.iter().any(|p| matches!(p.what, What::Task { .. }));
    if task || (joined || labour) && !traded && phrases.iter().any(trade) {
        return Some(Kind::Trade);
    }
    let mut kinds = phrases.iter().filter_map(|p| p.kind(grammar));
    // 做豆腐买黄豆, 酒厂收高粱, 娃儿读书差钱卖黄牯: of a trade in goods the goods, whoever and whatever else is named; and so
    // where goods are counted and nobody is hired: 跟养猪的定两头土猪.
    let goods = |p: &Phrase<'_>| {
        matches!(p.kind(grammar), Some(Kind::Goods | Kind::Animal | Kind::Vehicle)) && p.item().is_some()
    };
    let counts = |p: &Phrase<'_>| {
        matches!(p.what, What::Amount(a) if grammar.units.at(a.unit).is_some_and(|u| {
            !NO_GOODS.contains(&u.dimension.as_str()) && !grammar.lexicon.heads.contains(&u.name)
        }))
    };
    let hires = || {
        phrases.iter().any(|p| {
            matches!(p.what, What::People(_))
                || p.word()
                    .is_some_and(|w| w.is_verb(Intent::Hire, Force::Hint) && !w.is_verb(Intent::Buy, Force::Hint))
        })
    };
    // 有没有木匠,打一张床
    let sought = phrases.windows(2).any(|w| (w[0].has(Sign::Who) || w[0].has(Sign::IsThere)) && trade(&w[1]));
    let beside = || {
        phrases.windows(2).any(|w| goods(&w[0]) && counts(&w[1]) || !w[1].spaced && counts(&w[0]) && goods(&w[1]))
            || phrases.windows(3).any(|w| goods(&w[0]) && w[1].has(Sign::Have) && counts(&w[2]))
    };
    if (traded || !labour && !sought && beside() && !hires())
        && let Some(of) = phrases.iter().find(|p| goods(p))
    {
        return of.kind(grammar);
    }
    // 老汉住院,一天给一百五: who is spoken of was not lost.
    if labour { kinds.find(|k| *k != Kind::Person) } else { kinds.next() }
}

/// What one rides in, or what carries goods.
pub fn is_car(grammar: &Grammar, p: &Phrase<'_>) -> bool {
    p.kind(grammar) == Some(Kind::Vehicle) || p.word().is_some_and(|w| w.has(Sign::Car))
}

/// 会砌砖的联系我: what follows the word at `i` is a thing, and whoever has to do with it is told to call.
pub fn by_trade(phrases: &[Phrase<'_>], i: usize) -> bool {
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
