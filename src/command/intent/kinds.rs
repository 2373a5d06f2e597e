//! What the kind of the thing named says: hands are hired, goods are bought, papers are lost.

use super::facts::Facts;
use super::{HINT, SIGHT, STRONG, Scores};
use crate::command::phrase::{Phrase, What};
use crate::grammar::lexicon::{Force, Kind, Sign};
use crate::grammar::{Grammar, Intent};

/// 师傅, 请: said of those who are looked for, never of oneself.
fn hires(p: &Phrase<'_>) -> bool {
    let What::Word(w) = p.what else { return false };
    w.is_verb(Intent::Hire, Force::Hint) && !w.is_verb(Intent::Seek, Force::Hint) && !w.has(Sign::Want)
}

/// Who is hired and who offers himself, from what is said beside the work: 要二十个女工, 包吃住, 我会砌砖.
fn hands(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores, question: bool) {
    let traded = s.get(Intent::Sell).max(s.get(Intent::Buy)) >= STRONG;
    let wanting = phrases.iter().any(
        |p| matches!(p.what, What::Word(w) if [Intent::Buy, Intent::Hire].iter().any(|i| w.is_verb(*i, Force::Hint))),
    );
    // 俺俩会盖瓦, 我能养蜂: one's own skill is offered, also where it is asked who has work for it.
    let told = f.skill && (f.own_hands || owner_tells(phrases));
    if told && s.get(Intent::Hire) < STRONG + 1 {
        s.at_least(Intent::Seek, STRONG + 1);
        s.0.retain(|(i, _)| !matches!(i, Intent::Lost | Intent::Found | Intent::Sell | Intent::Buy));
        return;
    }
    // 俺俩给人家看大棚,一月一千五: so many of us for so much.
    if f.own_hands && f.wage && s.get(Intent::Hire) == 0 {
        s.at_least(Intent::Seek, STRONG - 2);
    }
    if s.get(Intent::Seek) >= STRONG || traded && f.kind != Some(Kind::Trade) {
        return;
    }
    // 工人有没有? asks for those who work.
    let asked = question || f.asks;
    if f.kind == Some(Kind::Trade) || f.hands && !f.item {
        if f.hands && (wanting || f.people && s.get(Intent::Seek) == 0) && !f.where_ {
            s.at_least(Intent::Hire, if asked { HINT + 4 } else { STRONG - 2 });
        }
        // Whoever gives board and names the work hires.
        if f.in_kind && s.get(Intent::Seek) == 0 {
            s.at_least(Intent::Hire, STRONG - 3);
        }
    }
    // 养猪场要夫妻工: who is wanted works, whatever else is named.
    let wanted = phrases.windows(2).any(|w| {
        let wants = matches!(w[0].what, What::Word(v) if v.is_verb(Intent::Hire, Force::Hint) && v.is_verb(Intent::Buy, Force::Hint));
        wants && !w[1].spaced && matches!(w[1].what, What::Word(v) if v.has(Sign::Hands)) && w[1].item().is_none()
    });
    if wanted && !asked && f.kind != Some(Kind::Trade) && s.get(Intent::Buy) < STRONG {
        s.0.retain(|(i, _)| *i != Intent::Buy);
        s.at_least(Intent::Hire, STRONG - 2);
    }
    if f.kind == Some(Kind::Trade) && s.get(Intent::Hire) >= STRONG {
        s.0.retain(|(i, n)| !(matches!(i, Intent::Lost | Intent::Found | Intent::Sell | Intent::Buy) && *n <= STRONG));
    }
}

/// 我会…, 我还能…: the owner himself before the word of his skill, in the same clause, and nobody asked or hired between.
fn owner_tells(phrases: &[Phrase<'_>]) -> bool {
    phrases.iter().enumerate().any(|(i, p)| {
        let skill = |p: &Phrase<'_>| {
            p.word().is_some_and(|w| w.is_verb(Intent::Seek, Force::Hint) && !w.is_verb(Intent::Lost, Force::Hint))
        };
        let hires = |p: &Phrase<'_>| {
            matches!(p.what, What::Word(w) if w.verbs(Force::Hint).chain(w.verbs(Force::Strong)).any(|i| matches!(i, Intent::Hire | Intent::Buy)))
        };
        let before = phrases[..i].iter().rev().take(SIGHT).take_while(|q| q.clause == p.clause);
        let mut heard = before.take_while(|q| !q.has(Sign::Who) && !hires(q));
        skill(p) && (p.has(Sign::Own) || heard.any(|q| q.has(Sign::Own)))
    })
}

/// 想打点零工, 找点短工做: one wants to do the work oneself.
fn wants_to_do(phrases: &[Phrase<'_>], text: &str, does: &[String]) -> bool {
    let doing = |p: &Phrase<'_>| does.iter().any(|d| p.text(text) == d);
    phrases.iter().enumerate().any(|(i, p)| {
        let named = p.word().is_some_and(|w| w.item().is_some()) || matches!(p.what, What::Task { .. });
        let behind = phrases.get(i + 1).is_some_and(|q| !q.spaced && doing(q));
        let before = phrases[..i].iter().rev().take(3).any(|q| {
            matches!(q.what, What::Unread) && does.iter().any(|d| q.text(text).ends_with(d.as_str())) || doing(q)
        });
        let wish = phrases[..i].iter().rev().take(4).any(|q| q.has(Sign::Want) || q.text(text).starts_with('找'));
        named && (behind || before) && wish
    })
}

/// 找牛 … 昨夜拴在田坝绳子断了: who begins with what he looks for has lost it, whatever he tells of where it was.
fn looks_first(grammar: &Grammar, phrases: &[Phrase<'_>], s: &mut Scores) {
    let found = s.get(Intent::Found);
    if !(HINT..=STRONG + 1).contains(&found) || phrases.iter().any(|p| p.has(Sign::Firm)) {
        return;
    }
    let mut said = phrases.iter().enumerate().filter(|(_, p)| !crate::command::phrase::light(p));
    let looks = said.next().is_some_and(|(_, p)| {
        let What::Word(w) = p.what else { return false };
        w.is_verb(Intent::Lost, Force::Hint) && w.is_verb(Intent::Hire, Force::Hint)
            || w.is_verb(Intent::Lost, Force::Strong)
    });
    let thing = said.find(|(_, p)| !matches!(p.what, What::Amount(_) | What::Mark) && !p.has(Sign::Modifier));
    let names = thing.is_some_and(|(i, p)| {
        let owner = phrases.get(i + 1).is_some_and(|q| !q.spaced && !q.is_separator() && !q.has(Sign::Le));
        matches!(p.kind(grammar), Some(Kind::Animal | Kind::Thing | Kind::Person)) && !owner
    });
    if looks && names {
        s.at_least(Intent::Lost, found + 2);
    }
}

/// What the kind of the thing named says.
pub fn kinds(f: &Facts, grammar: &Grammar, text: &str, phrases: &[Phrase<'_>], s: &mut Scores, question: bool) {
    // 左耳有缺 has nothing to sell: what is had follows.
    let thing = |p: &Phrase<'_>| matches!(p.what, What::Amount(_) | What::Item { .. } | What::Compound | What::Unread);
    let have = phrases.iter().enumerate().any(|(i, p)| {
        let said = p.has(Sign::Have) && !p.has(Sign::IsThere);
        said && phrases[i + 1..].iter().take(SIGHT).take_while(|q| q.clause == p.clause).any(thing)
            && (phrases[..i].iter().rev().take(SIGHT).all(|q| !matches!(q.what, What::Unread))
                || f.item && phrases.get(i + 1).is_some_and(|q| matches!(q.what, What::Amount(a) if !a.bare_one)))
    });
    let hint = |s: &Scores, i| s.get(i) > 0;
    super::work::offers(f, grammar, text, phrases, s);
    hands(f, phrases, s, question);
    if f.kind == Some(Kind::Trade) && s.get(Intent::Hire) < STRONG && wants_to_do(phrases, text, &grammar.lexicon.does)
    {
        s.at_least(Intent::Seek, STRONG);
    }
    // 一天80就行, 一千五都干: who names his pay and takes it.
    let settles = phrases.windows(2).any(|w| {
        matches!(w[0].what, What::Sum(_) | What::Number { .. }) && !w[1].is_separator() && w[1].has(Sign::Settles)
    });
    if settles && (f.kind == Some(Kind::Trade) || f.labour) && !f.many && s.get(Intent::Hire) < STRONG {
        s.at_least(Intent::Seek, STRONG - 2);
    }
    // 包粽子的活…要的来领: work is nobody's loss
    let loses = |p: &Phrase<'_>| matches!(p.kind(grammar), Some(Kind::Animal | Kind::Thing | Kind::Person));
    if f.kind == Some(Kind::Trade) && f.sum && !phrases.iter().any(loses) {
        s.0.retain(|(i, n)| !(*i == Intent::Found || *i == Intent::Lost && *n > HINT));
    }
    // 有拆迁的活吗 我带三个人: who asks for work and tells of himself
    let tells = f.people || phrases.iter().any(|p| p.has(Sign::Own) && p.text(text).chars().count() == 1);
    if f.kind == Some(Kind::Trade)
        && f.work
        && (question || f.asks)
        && tells
        && s.get(Intent::Hire) < STRONG
        && !f.in_kind
    {
        s.at_least(Intent::Seek, STRONG - 1);
    }
    // 要个两千: what he wants is the pay.
    let asks_pay = phrases.iter().enumerate().any(|(i, p)| {
        let sum = |q: &Phrase<'_>| match q.what {
            What::Sum(x) => !x.of_one,
            What::Number { n, .. } => n.lo >= crate::market::Exact::from_integer(100),
            _ => false,
        };
        let next = || phrases[i + 1..].iter().take(2).take_while(|q| !q.is_separator() && !q.spaced);
        let unit = |q: &Phrase<'_>| {
            matches!(q.what, What::Amount(a) if a.bare_one) || q.word().is_some_and(|w| w.unit().is_some())
        };
        matches!(p.what, What::Word(w) if w.chars == 1 && w.has(Sign::Want) && w.is_verb(Intent::Buy, Force::Hint))
            && next().find(|q| !unit(q)).is_some_and(sum)
    });
    if asks_pay && f.kind == Some(Kind::Trade) && s.get(Intent::Hire) < STRONG {
        s.0.retain(|(i, _)| !matches!(i, Intent::Buy | Intent::Hire));
        s.at_least(Intent::Seek, STRONG - 2);
    }
    // 我是瓦匠, 本人电工: who names his own trade offers it.
    let own_trade = phrases.windows(2).any(|w| {
        let me = |p: &Phrase<'_>| {
            p.text(text).ends_with('是') && p.text(text).starts_with(['我', '俺', '咱']) || p.text(text) == "本人"
        };
        me(&w[0]) && !w[1].spaced && w[1].kind(grammar) == Some(Kind::Trade)
    });
    if own_trade && s.get(Intent::Hire) < STRONG {
        s.at_least(Intent::Seek, STRONG);
    }
    // 找手工活: a trade by the name of work.
    let job = phrases.iter().any(|p| {
        let said = p.text(text);
        p.kind(grammar) == Some(Kind::Trade)
            && said
                .char_indices()
                .skip(1)
                .any(|(at, _)| grammar.lexicon.word(&said[at..]).is_some_and(|w| w.has(Sign::Work)))
    });
    match f.kind {
        Some(Kind::Trade) => {
            // 找木工: one looks for a carpenter, or for a carpenter's work.
            if s.get(Intent::Hire) <= HINT
                && s.get(Intent::Seek) == HINT
                && s.get(Intent::Lost) == HINT
                && !f.people
                && !f.work
                && !job
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
                // 找活路 … 收工结钱: who looks for work buys nothing, and hires nobody.
                if s.get(Intent::Seek) < STRONG {
                    s.at_least(Intent::Hire, s.get(Intent::Buy) + 2);
                }
                s.0.retain(|(i, _)| *i != Intent::Buy);
            }
            // 哪里要小工 asks for those who hire.
            if s.get(Intent::Sell) > 0 {
                s.at_least(Intent::Seek, s.get(Intent::Sell) + 1);
                s.0.retain(|(i, _)| *i != Intent::Sell);
            }
            let hires = phrases.iter().any(hires) && !super::work::others_hire(text, phrases);
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
    // 请收割机 30亩: a machine that one asks to come is hired with who drives it.
    let machine = phrases.windows(2).any(|w| {
        matches!(w[0].what, What::Word(v) if v.is_verb(Intent::Hire, Force::Hint) && !v.is_verb(Intent::Buy, Force::Hint))
            && w[1].item().is_some()
            && !w[1].spaced
    });
    if machine && f.field && s.get(Intent::Sell) < STRONG {
        s.at_least(Intent::Hire, STRONG + 1);
    }
    // Goods are bought, not hired; hints of work fall away.
    if f.item && matches!(f.kind, Some(Kind::Goods | Kind::Vehicle | Kind::Animal) | None) && !f.people && !f.wage {
        s.0.retain(|(i, n)| !(matches!(i, Intent::Hire | Intent::Seek) && *n <= HINT + i32::from(f.sum)));
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
    // 会开挖机的联系我 有活: whoever has work gives it.
    let gives = phrases.windows(2).any(|w| w[0].has(Sign::Have) && !w[0].has(Sign::IsThere) && w[1].has(Sign::Work));
    if f.work
        && gives
        && !f.asks
        && !question
        && s.get(Intent::Seek) < STRONG
        && s.get(Intent::Hire) > s.get(Intent::Seek)
    {
        s.add(Intent::Hire, 4);
    } else if (f.work && s.get(Intent::Seek) > 0 || job && s.get(Intent::Seek) >= HINT && !phrases.iter().any(hires))
        && s.get(Intent::Hire) < STRONG
    {
        s.add(Intent::Seek, 6);
    }
    // 草鱼300斤9块…干塘那天来拿: whoever names a price is no finder, and what is bought is fetched.
    let finds = |p: &Phrase<'_>| matches!(p.what, What::Word(w) if (w.is_verb(Intent::Found, Force::Strong) || w.is_verb(Intent::Found, Force::Hint)) && !w.has(Sign::Firm));
    let fetched = |p: &Phrase<'_>| {
        p.word().is_some_and(|w| w.is_verb(Intent::Found, Force::Strong) && !p.text(text).starts_with("来"))
    };
    let number = |p: &Phrase<'_>| matches!(p.what, What::Number { digits: true, .. });
    let goods = matches!(f.kind, Some(Kind::Goods | Kind::Vehicle | Kind::Animal)) && !phrases.iter().any(fetched);
    let counts = f.sum && f.amount || goods && (f.sum || phrases.iter().any(number));
    if counts && s.get(Intent::Found) >= STRONG && !phrases.iter().any(finds) && s.get(Intent::Lost) == 0 {
        s.0.retain(|(i, _)| *i != Intent::Found);
        s.at_least(Intent::Sell, STRONG - 2);
    }
    // 包住,要10个: whoever gives board counts hands.
    if f.in_kind && !f.item && f.amount && s.get(Intent::Hire) > 0 && s.get(Intent::Seek) == 0 {
        s.add(Intent::Hire, 4);
    }
    looks_first(grammar, phrases, s);
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
