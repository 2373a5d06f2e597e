//! Who offers to work, by what he says of himself and asks of others: 想去摘茶, 有人请摘茶没…一天150我就来, 接砌墙的活, 有5个人 绑钢筋.
//!
//! Only where the text is about a trade. Verbs that say it by themselves (找活, 求职) are weighed in `verbs`.

use super::facts::Facts;
use super::{HINT, SIGHT, STRONG, Scores};
use crate::command::phrase::{Phrase, What, light};
use crate::grammar::lexicon::{Force, Kind, Sign};
use crate::grammar::{Grammar, Intent};
use crate::market::Exact;

/// So much for a day or a month somebody may ask; smaller figures count something else.
const LEAST_PAY: i64 = 60;

/// So many phrases may stand between a wish and the work: 想[去][广东]摘茶.
const LED: usize = 6;

/// Whether a sum is named, or a figure that may be one.
pub fn paid(f: &Facts, phrases: &[Phrase<'_>]) -> bool {
    let enough = |p: &Phrase<'_>| matches!(p.what, What::Number { n, .. } if n.lo >= Exact::from_integer(LEAST_PAY));
    f.sum || phrases.iter().any(enough)
}

/// Raises `Seek` where the sender would do the work himself, unless he plainly hires.
pub fn offers(f: &Facts, grammar: &Grammar, text: &str, phrases: &[Phrase<'_>], s: &mut Scores) {
    if f.kind != Some(Kind::Trade) {
        return;
    }
    let trade = |p: &Phrase<'_>| p.kind(grammar) == Some(Kind::Trade);
    let paid = paid(f, phrases);
    // 有人请摘茶没 … 我就来: others hire, and he names his pay or speaks of himself.
    if others_hire(text, phrases)
        && (paid || f.own_hands || phrases.iter().any(|p| p.has(Sign::Own) && !p.has(Sign::Have)))
    {
        s.0.retain(|(i, _)| !matches!(i, Intent::Hire | Intent::Buy | Intent::Found | Intent::Lost));
        s.at_least(Intent::Seek, STRONG + 2);
        return;
    }
    // 砍松树的活有没有,包吃住4000: who names his pay in the question would do it.
    if asks_for_work(phrases, trade) && paid && s.get(Intent::Hire) < STRONG {
        s.at_least(Intent::Seek, STRONG + 1);
        return;
    }
    // 找个会开挖机的, 来两个漆匠: whom one looks for is named by his skill, or counted behind 来.
    if !question(phrases) && (wants_skill(phrases, trade) || send(text, phrases, trade)) {
        s.0.retain(|(i, _)| !matches!(i, Intent::Seek | Intent::Buy | Intent::Lost | Intent::Found));
        s.at_least(Intent::Hire, STRONG);
        return;
    }
    let several = phrases.iter().any(|p| matches!(p.what, What::People(n) if n > 1));
    let hires = s.get(Intent::Hire) >= STRONG || s.get(Intent::Sell).max(s.get(Intent::Buy)) >= STRONG;
    if hires {
        return;
    }
    if wishes(text, phrases, trade, paid || f.work) || takes_on(text, phrases, trade) {
        s.0.retain(|(i, n)| !(matches!(i, Intent::Hire | Intent::Buy | Intent::Found | Intent::Lost) && *n < STRONG));
        s.at_least(Intent::Seek, STRONG);
    } else if paid && able(text, phrases, trade) && s.get(Intent::Hire) == 0 && !several {
        s.at_least(Intent::Seek, STRONG - 2);
    } else if crew(phrases) && s.get(Intent::Hire) <= HINT + 1 {
        s.0.retain(|(i, _)| !matches!(i, Intent::Hire | Intent::Buy));
        s.at_least(Intent::Seek, STRONG - 1);
    }
}

/// 请, 雇, 喊: a verb of hiring that neither wants goods nor looks for what is lost.
fn plainly_hires(p: &Phrase<'_>) -> bool {
    let What::Word(w) = p.what else { return false };
    w.is_verb(Intent::Hire, Force::Hint)
        && !w.is_verb(Intent::Seek, Force::Hint)
        && !w.has(Sign::Want)
        && !w.is_verb(Intent::Lost, Force::Hint)
        || w.is_verb(Intent::Hire, Force::Strong)
}

/// 有人请摘茶没, 哪家雇人砌墙: those are asked for who hire.
pub fn others_hire(text: &str, phrases: &[Phrase<'_>]) -> bool {
    phrases.iter().enumerate().any(|(i, p)| {
        let before = phrases[..i].iter().rev().take(3).take_while(|q| q.clause == p.clause && !p.spaced);
        // 哪个会砌墙来帮忙: who is asked for the skill is hired
        let mut before = before.take_while(|q| {
            !q.is_separator()
                && (light(q)
                    || q.has(Sign::Who)
                    || q.has(Sign::IsThere)
                    || q.has(Sign::Where)
                    || matches!(q.what, What::Place(_)))
        });
        plainly_hires(p)
            && !p.text(text).starts_with(['来', '会'])
            && before.any(|q| (q.has(Sign::Who) || q.has(Sign::IsThere)) && !q.text(text).ends_with('会'))
    })
}

/// 有砍树的活没, 有没有砌墙的活.
fn asks_for_work(phrases: &[Phrase<'_>], trade: impl Fn(&Phrase<'_>) -> bool) -> bool {
    phrases.iter().enumerate().any(|(i, p)| {
        let named = phrases[..i].iter().rev().take(2).any(&trade);
        let asked = phrases.get(i + 1).is_some_and(|q| !q.spaced && (q.has(Sign::Ask) || q.has(Sign::IsThere)));
        let whether = phrases[..i].iter().rev().take(LED).take_while(|q| q.clause == p.clause);
        p.has(Sign::Work) && named && (asked || whether.into_iter().any(|q| q.has(Sign::IsThere) || q.has(Sign::Where)))
    })
}

/// 想去摘茶, 打算到广东做木工, 想打零工…一百六: one's own wish, and nobody is looked for. Without a way to go, only where
/// pay or work is spoken of: 想装修 has it done.
fn wishes(text: &str, phrases: &[Phrase<'_>], trade: impl Fn(&Phrase<'_>) -> bool, work: bool) -> bool {
    let wish = |p: &Phrase<'_>| {
        let said = p.text(text);
        let begins = ["想", "打算", "准备", "愿", "希望", "计划"].iter().any(|w| said.starts_with(w));
        p.has(Sign::Want)
            && begins
            && !p
                .word()
                .is_some_and(|w| w.is_verb(Intent::Buy, Force::Strong) || w.is_verb(Intent::Hire, Force::Strong))
    };
    phrases.iter().enumerate().any(|(i, p)| {
        if !wish(p) {
            return false;
        }
        let mut goes = p.text(text).chars().count() > 1 && p.text(text).ends_with(['去', '克']);
        for q in phrases[i + 1..].iter().take(LED).take_while(|q| q.clause == p.clause) {
            if trade(q) {
                // 想进厂, 想当保安, 想学理发
                return goes || work || q.text(text).starts_with(['进', '当', '学']);
            }
            let way = q.has(Sign::Go) || q.has(Sign::In) || matches!(q.what, What::Place(_));
            goes |= way;
            let short = matches!(q.what, What::Unread) && q.text(text).chars().count() <= 2;
            if !(way || short || light(q) || matches!(q.what, What::Day(_) | What::Labour)) {
                return false;
            }
            goes |= short;
        }
        false
    })
}

fn question(phrases: &[Phrase<'_>]) -> bool {
    phrases.iter().any(|p| matches!(p.what, What::Question) || p.has(Sign::Ask) && !p.has(Sign::Not))
}

/// 找个会开挖机的, 要两个能带班的.
fn wants_skill(phrases: &[Phrase<'_>], trade: impl Fn(&Phrase<'_>) -> bool) -> bool {
    phrases.iter().enumerate().any(|(i, p)| {
        let What::Word(w) = p.what else { return false };
        let looks = w.is_verb(Intent::Hire, Force::Hint) || w.is_verb(Intent::Hire, Force::Strong);
        let counts = |q: &&Phrase<'_>| {
            matches!(q.what, What::Amount(_) | What::People(_))
                || q.has(Sign::Particle)
                || q.word().is_some_and(|w| w.unit().is_some())
        };
        let mut behind = phrases[i + 1..].iter().take(SIGHT).take_while(|q| q.clause == p.clause && !q.spaced);
        let skill = behind.by_ref().find(|q| !counts(q));
        let able = skill.is_some_and(|q| {
            q.word().is_some_and(|w| w.is_verb(Intent::Seek, Force::Hint) && !w.is_verb(Intent::Lost, Force::Hint))
        });
        looks && able && behind.next().is_some_and(&trade) && !phrases[..i].iter().any(|q| q.has(Sign::Who))
    })
}

/// 来两个漆匠: at the head of a clause, and those who come are counted.
fn send(text: &str, phrases: &[Phrase<'_>], trade: impl Fn(&Phrase<'_>) -> bool) -> bool {
    phrases.iter().enumerate().any(|(i, p)| {
        let first = i == 0 || p.spaced || phrases[i - 1].is_separator();
        let counted =
            phrases.get(i + 1).is_some_and(|q| !q.spaced && matches!(q.what, What::Amount(_) | What::People(_)));
        first && counted && p.text(text) == "来" && phrases.get(i + 2).is_some_and(|q| !q.spaced && trade(q))
    })
}

/// 接砌墙的活, 揽抬棺的活.
fn takes_on(text: &str, phrases: &[Phrase<'_>], trade: impl Fn(&Phrase<'_>) -> bool) -> bool {
    phrases.windows(3).any(|w| {
        let takes = ["接", "揽", "承接", "接点", "接些"].contains(&w[0].text(text));
        takes && !w[1].spaced && trade(&w[1]) && (w[2].has(Sign::Work) || w[2].text(text) == "的")
    })
}

/// 可以砌墙, 能摘茶: beside pay, what one is able to do.
fn able(text: &str, phrases: &[Phrase<'_>], trade: impl Fn(&Phrase<'_>) -> bool) -> bool {
    let able = |p: &Phrase<'_>| ["可以", "能", "能够", "都可以", "专业", "专门"].contains(&p.text(text));
    phrases.windows(2).any(|w| able(&w[0]) && !w[1].spaced && trade(&w[1]))
}

/// 绑钢筋 有5个人: so many hands are there, where nobody is said to be lacking.
fn crew(phrases: &[Phrase<'_>]) -> bool {
    let have = |p: &Phrase<'_>| p.has(Sign::Have) && !p.has(Sign::IsThere) && !p.has(Sign::Who);
    phrases.windows(2).enumerate().any(|(i, w)| {
        let lacks =
            phrases[i + 1..].iter().take(SIGHT).any(|q| plainly_hires(q) || q.has(Sign::Le) || q.has(Sign::Done));
        have(&w[0]) && !w[1].spaced && matches!(w[1].what, What::People(n) if n > 1) && !lacks
    })
}
