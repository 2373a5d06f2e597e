//! Questions: what is looked up, what is asked of the station, how a thing is done, and what a price is.

use super::facts::Facts;
use super::{CLOSING, HINT, SIGHT, STRONG, Scores, posts};
use crate::command::phrase::{Phrase, What};
use crate::grammar::lexicon::{Force, Kind, Sense, Sign};
use crate::grammar::{Grammar, Intent};

/// A word that asks by itself: 几多钱, 咋补, 打啥药.
fn question(p: &Phrase<'_>) -> bool {
    let asks = [Intent::Price, Intent::Ask, Intent::Guide, Intent::Notice];
    p.word().is_some_and(|w| asks.iter().any(|i| w.is_verb(*i, Force::Strong)))
}

/// Whether a text asks: by a question mark, a word at its end, or a word for what is not known.
fn asking(f: &Facts, phrases: &[Phrase<'_>]) -> bool {
    f.asks
        || phrases.iter().any(|p| {
            question(p) || [Sign::How, Sign::What, Sign::HowMuch, Sign::Where, Sign::IsThere].iter().any(|s| p.has(*s))
        })
        || doubled(phrases)
}

/// 收不收, 停不停: a word, 不 and the word again.
fn doubled(phrases: &[Phrase<'_>]) -> bool {
    phrases.windows(3).any(|w| {
        let size = |p: &Phrase<'_>| p.end - p.start;
        let same = match (w[0].word(), w[2].word()) {
            (Some(a), Some(b)) => std::ptr::eq(a, b),
            (None, None) => {
                matches!((w[0].what, w[2].what), (What::Unread, What::Unread)) && size(&w[0]) == size(&w[2])
            }
            _ => false,
        };
        same && w[1].has(Sign::Not) && !w[1].spaced && !w[2].spaced
    })
}

/// An official matter with a word of asking is a guide.
pub fn official(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores) {
    let topic = |p: &Phrase<'_>| p.word().is_some_and(|w| w.has(Sign::GuideTopic));
    // 身份证补办了不用找了: what is over asks nothing.
    let over = s.get(Intent::Withdraw).max(s.get(Intent::Deal)) >= CLOSING - 3;
    if over || !phrases.iter().any(topic) {
        return;
    }
    let guide = |p: &Phrase<'_>| {
        p.word().is_some_and(|w| w.senses.iter().any(|s| matches!(s, Sense::Verb(Intent::Guide | Intent::Ask, _))))
    };
    let doing = |p: &Phrase<'_>| guide(p) || p.has(Sign::Does) || p.has(Sign::How);
    let missing = s.get(Intent::Lost).max(s.get(Intent::Found));
    let asks = asking(f, phrases) && (missing < STRONG || phrases.iter().any(doing));
    if asks || phrases.iter().any(doing) && missing < STRONG {
        s.add(Intent::Guide, STRONG + 2);
        // 合作医疗今年交多少钱
        if matches!(f.kind, None | Some(Kind::Thing | Kind::Person)) {
            s.0.retain(|(i, _)| *i != Intent::Price);
        }
    }
}

/// What the station is asked for itself, what is new, and how crops and beasts are cared for.
pub fn asked_of_station(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores) {
    let any = |sign| phrases.iter().any(|p| p.word().is_some_and(|w| w.has(sign)));
    let posting = s.0.iter().filter(|(i, _)| posts(*i)).map(|(_, n)| *n).max().unwrap_or(0);
    let asks = asking(f, phrases);
    if any(Sign::Station) && asks && !f.item && !f.people && !any(Sign::News) {
        s.at_least(Intent::Ask, STRONG + 7);
    }
    if any(Sign::News) && (asks || any(Sign::Have)) && !f.amount && s.get(Intent::Subscribe) == 0 {
        s.at_least(Intent::Notice, STRONG + 4);
    }
    // 镇里停水通知: what is made known, and no word of anything else
    let told =
        phrases.last().is_some_and(|p| p.has(Sign::News)) && phrases.iter().filter(|p| p.has(Sign::News)).count() > 1;
    if told && posting == 0 && !f.item && !f.amount && !f.people && s.get(Intent::Subscribe) == 0 {
        s.at_least(Intent::Notice, STRONG);
    }
    let how = phrases.iter().any(|p| p.has(Sign::How) || p.has(Sign::What));
    // 卖的化肥咋用 asks too, 病猪便宜卖 does not.
    if any(Sign::Care) && (how || f.asks || doubled(phrases)) && !f.sum && s.get(Intent::Price) == 0 {
        s.at_least(Intent::Ask, STRONG + 3);
    } else if any(Sign::Care) && f.item && posting < STRONG && !f.people && !f.sum && !f.work {
        s.at_least(Intent::Ask, STRONG - 1);
    }
}

/// 帮我交电费, 替我带两包化肥: somebody is to do it for the sender.
pub fn errands(phrases: &[Phrase<'_>], s: &mut Scores) {
    let sent = phrases.iter().enumerate().any(|(i, p)| {
        let near = || phrases[i + 1..].iter().take(4).take_while(|q| q.clause == p.clause);
        let person = |q: &Phrase<'_>| q.has(Sign::Own) || matches!(q.what, What::People(_));
        p.has(Sign::ForMe)
            && near()
                .find(|q| {
                    let way = q.has(Sign::Go) || q.has(Sign::Spot) || matches!(q.what, What::Place(_));
                    !(q.has(Sign::Particle) || way) || q.has(Sign::Act)
                })
                .is_some_and(|q| q.has(Sign::Act))
            && !near().skip_while(|q| !q.has(Sign::Act)).nth(1).is_some_and(person)
    });
    if sent {
        s.at_least(Intent::Errand, STRONG + 4);
    }
}

/// 给俺儿说个媳妇, 28岁未婚想成家: a mate is looked for.
pub fn mates(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores) {
    let said = phrases.iter().filter(|p| p.has(Sign::Mate)).count();
    let sought = phrases.iter().any(|p| {
        p.has(Sign::Want)
            || p.word().is_some_and(|w| w.is_verb(Intent::Lost, Force::Hint) || w.is_verb(Intent::Friend, Force::Hint))
    });
    // 老伴住院了…5只山羊想卖掉: who speaks of his wife and of goods with their price sells.
    let deals = s.get(Intent::Sell).max(s.get(Intent::Buy)) >= STRONG
        && phrases.iter().any(|p| p.item().is_some())
        && phrases.iter().any(|p| matches!(p.what, What::Amount(_)));
    // 我和老婆想去摘茶: who goes along is not looked for
    let along =
        |i: usize| i > 0 && !phrases[i].spaced && (phrases[i - 1].has(Sign::Join) || phrases[i - 1].has(Sign::Own));
    let along = said == 1
        && phrases.iter().enumerate().any(|(i, p)| p.has(Sign::Mate) && along(i))
        && (f.kind == Some(Kind::Trade) || f.sum);
    if !deals && !along && (said > 1 || said == 1 && sought) && s.get(Intent::Lost).max(s.get(Intent::Found)) < STRONG {
        s.at_least(Intent::Friend, STRONG + 3);
    }
    // 我在东莞打工…想谈恋爱: where one works is told beside it
    if f.kind != Some(Kind::Trade) && !f.sum && s.get(Intent::Friend) >= STRONG {
        let n = s.get(Intent::Seek).max(s.get(Intent::Lost)).min(STRONG + 1);
        s.at_least(Intent::Friend, n + 1);
    }
}

/// 村小学缺20床棉被: what people need, and none of it is there.
pub fn lacking(grammar: &Grammar, f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores) {
    let needed = |p: &Phrase<'_>| p.item().is_some_and(|i| grammar.lexicon.needed(i));
    let lacks = phrases.iter().enumerate().any(|(i, p)| {
        let lack = p.word().is_some_and(|w| {
            w.is_verb(Intent::Hire, Force::Hint)
                && w.chars == 1
                && !w.has(Sign::Want)
                && !w.is_verb(Intent::Lost, Force::Hint)
        });
        lack && i > 0 && phrases[i + 1..].iter().take(2).take_while(|q| !q.is_separator()).any(needed)
    });
    if lacks && !f.sum && s.get(Intent::Sell).max(s.get(Intent::Buy)) < STRONG {
        s.at_least(Intent::AidNeed, STRONG);
    }
}

/// What is given away goes to those in need where it is what they need, or they are named; else it is on offer.
pub fn given(f: &Facts, needed: bool, phrases: &[Phrase<'_>], s: &mut Scores) {
    if !phrases.iter().any(|p| p.has(Sign::Gives)) || !f.item || s.get(Intent::Lost) >= STRONG {
        return;
    }
    // 想学理发…不要钱都可以, 免费教老人用手机: work is not sold.
    if f.kind == Some(Kind::Trade) && s.get(Intent::Seek).max(s.get(Intent::Hire)) >= STRONG {
        return;
    }
    if f.kind == Some(Kind::Trade) {
        s.0.retain(|(i, _)| !matches!(i, Intent::Buy | Intent::Sell | Intent::AidNeed));
        s.at_least(Intent::AidGive, STRONG + 5);
        return;
    }
    let aid = needed || s.get(Intent::AidGive) >= STRONG || phrases.iter().any(|p| p.has(Sign::Needy));
    s.0.retain(|(i, _)| !matches!(i, Intent::Buy | Intent::AidNeed));
    s.at_least(if aid { Intent::AidGive } else { Intent::Sell }, STRONG + 5);
}

/// 几角钱一斤, 么子价, 卖好多, 涨没涨: what something costs is asked.
pub fn price(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores) {
    let asked = (0..phrases.len()).any(|i| how_much(phrases, i) || what_price(phrases, i) || moved(f, phrases, i));
    // 大蒜价: nothing but a thing and its price.
    let bare = || {
        let mut said = phrases.iter().filter(|p| !p.has(Sign::Particle) || p.has(Sign::PriceCue)).rev();
        said.next().is_some_and(|p| p.has(Sign::PriceCue))
            && said.next().is_some_and(|p| p.item().is_some() || matches!(p.what, What::Compound))
    };
    // 多少钱面议: left open, not asked.
    let open = phrases.iter().any(|p| p.has(Sign::Negotiable)) && f.kind == Some(Kind::Trade);
    if asked && !open || !f.sum && !f.amount && s.0.is_empty() && bare() {
        s.at_least(Intent::Price, STRONG);
    }
}

/// 好多钱, 几角一斤, 卖几多, 一斤多少; 好多斤 asks for an amount.
fn how_much(phrases: &[Phrase<'_>], i: usize) -> bool {
    let p = &phrases[i];
    let few = p.has(Sign::Few);
    if !(p.has(Sign::HowMuch) || few) {
        return false;
    }
    let next = phrases.get(i + 1).filter(|q| !q.spaced);
    let money = next.is_some_and(|q| {
        q.has(Sign::PriceCue) || matches!(q.what, What::Word(w) if w.money().is_some() || w.has(Sign::Yuan))
    });
    let one = |q: &Phrase<'_>| {
        matches!(q.what, What::Amount(a) if a.bare_one) || q.has(Sign::Per) || matches!(q.what, What::Span)
    };
    if money || next.is_some_and(one) && (!few || i > 0) {
        return true;
    }
    let sold = |q: &Phrase<'_>| {
        q.word().is_some_and(|w| w.is_verb(Intent::Sell, Force::Strong) || w.is_verb(Intent::Buy, Force::Strong))
            || q.has(Sign::PriceCue)
            || one(q)
    };
    let ends = next.is_none_or(|q| q.is_separator() || q.has(Sign::Particle) || q.has(Sign::Ask) || q.has(Sign::Le));
    !few && ends && i > 0 && !p.spaced && sold(&phrases[i - 1])
}

/// 啥价, 么子行情, 价钱咋样.
fn what_price(phrases: &[Phrase<'_>], i: usize) -> bool {
    let tight = |k: usize| phrases.get(k).filter(|q| !q.spaced);
    let cue = |k: usize| tight(k).is_some_and(|q| q.has(Sign::PriceCue));
    let asks = |q: &Phrase<'_>| q.has(Sign::What) || q.has(Sign::How) || q.has(Sign::HowMuch);
    let filled =
        |k: usize| usize::from(tight(k).is_some_and(|q| q.has(Sign::Particle) && !asks(q) && !q.has(Sign::PriceCue)));
    if asks(&phrases[i]) {
        return cue(i + 1 + filled(i + 1));
    }
    phrases[i].has(Sign::PriceCue) && {
        let at = i + 1 + filled(i + 1);
        tight(at).is_some_and(asks) || tight(at + 1).is_some_and(|q| q.has(Sign::Not) && !q.spaced)
    }
}

/// 涨没涨, 跌了没, 又落价了吗.
fn moved(f: &Facts, phrases: &[Phrase<'_>], i: usize) -> bool {
    phrases[i].has(Sign::Rise)
        && (f.asks
            || i > 0 && phrases[i - 1].has(Sign::IsThere)
            || phrases[i + 1..].iter().take(3).any(|q| q.has(Sign::Not) || q.has(Sign::Ask))
            || phrases.iter().take(SIGHT).any(|q| q.has(Sign::How) || q.has(Sign::HowMuch)))
}

/// Questions without goods of one's own look something up.
pub fn looking_up(
    f: &Facts,
    phrases: &[Phrase<'_>],
    s: &mut Scores,
    question: bool,
    offered: bool,
    closing: Option<Intent>,
) {
    let board = s.0.iter().filter(|(i, _)| posts(*i)).map(|(_, n)| *n).max().unwrap_or(0);
    if s.get(Intent::Price) >= STRONG {
        // 一斤好多钱 has no goods of one's own.
        if f.own_goods && board >= STRONG - 2 {
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
    // 哪里招砌砖 300以上: whoever names a wage in his question offers himself.
    let bounded = |p: &Phrase<'_>| matches!(p.what, What::Number { bounded: true, .. });
    let offers =
        (f.sum || phrases.iter().any(bounded) || s.get(Intent::Seek) > STRONG && super::work::paid(f, phrases))
            && s.get(Intent::Seek) > 0
            && f.kind == Some(Kind::Trade);
    // 谁卖红薯苗,十块钱一百根可以不: whoever names a price in his question buys.
    let bids = f.sum && !f.where_ && f.item && s.get(Intent::Buy) >= STRONG && s.get(Intent::Sell) < STRONG;
    if (question || f.where_ || ask_have || ask_verb) && !f.own && !offers && !bids && !offered && others < STRONG {
        s.at_least(Intent::Search, trade.max(HINT) + 8);
    }
}

/// Whether nothing so far speaks of goods or work.
fn trade_free(s: &Scores) -> bool {
    [Intent::Sell, Intent::Buy, Intent::Hire, Intent::Seek].iter().all(|i| s.get(*i) == 0)
}

/// 谁的, 哪家的: the owner of a thing that somebody has found is asked for.
pub fn owner(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores) {
    let kept = matches!(f.kind, Some(Kind::Animal | Kind::Thing | Kind::Person | Kind::Goods | Kind::Vehicle));
    // 老奶奶迷路了,在我家里: whoever has her has found her.
    let verbs = |i| phrases.iter().filter(move |p| p.word().is_some_and(|w| w.is_verb(i, Force::Strong)));
    let strayed = verbs(Intent::Lost).all(|p| p.has(Sign::Strays));
    if strayed && s.get(Intent::Lost) >= STRONG && s.get(Intent::Found) >= STRONG {
        s.add(Intent::Found, 1);
    }
    // 谁的 and nothing behind it, 哪个掉的.
    let whose = phrases.iter().enumerate().any(|(i, p)| {
        let end = |k: usize| phrases.get(k).is_none_or(|q| q.is_separator() || q.spaced || q.has(Sign::Polite));
        let lost = |k: usize| {
            phrases.get(k).is_some_and(|q| {
                !q.spaced
                    && q.word()
                        .is_some_and(|w| w.is_verb(Intent::Lost, Force::Strong) || w.is_verb(Intent::Lost, Force::Hint))
            })
        };
        let of = |k: usize| phrases.get(k).is_some_and(|q| q.has(Sign::Particle) && !q.spaced);
        p.has(Sign::Who)
            && (of(i + 1) && end(i + 2)
                || lost(i + 1) && of(i + 2) && phrases.get(i + 3).is_none_or(|q| q.item().is_none()))
    });
    // 老人坐在信用社门口,哪家的老人: nothing else is asked of somebody
    let of_somebody = phrases.windows(2).enumerate().any(|(i, w)| {
        let next = if w[1].has(Sign::Particle) { phrases.get(i + 2) } else { Some(&w[1]) };
        let last = i + 3 >= phrases.len();
        w[0].has(Sign::Who) && last && !w[1].spaced && next.is_some_and(|q| q.item().is_some() || q.has(Sign::Kin))
    });
    if f.kind == Some(Kind::Person) && of_somebody && s.get(Intent::Lost) < STRONG {
        s.0.retain(|(i, _)| !matches!(i, Intent::RideNeed | Intent::RideOffer | Intent::Search));
        s.at_least(Intent::Found, STRONG + 1);
    }
    if kept && whose && s.get(Intent::Lost).max(s.get(Intent::Found)) > 0 {
        s.0.retain(|(i, _)| *i != Intent::Lost);
        s.at_least(Intent::Found, STRONG + 1);
    }
}
