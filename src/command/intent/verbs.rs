//! Weighs one word where it stands: whose verb it is, whether it is denied, done with, or asked of others.

use super::facts::{Facts, by_trade};
use super::{CLOSING, HINT, SIGHT, STRONG, Weighing, posts};
use crate::command::phrase::{Phrase, What, light};
use crate::grammar::lexicon::{Force, Kind, Sign, Word};
use crate::grammar::{Grammar, Intent};

/// A word among its neighbours.
struct Around<'a, 'g> {
    phrases: &'a [Phrase<'g>],
    i: usize,
    /// 谁收, 收不, 收不收, 要卖的联系我: others do it, not the sender.
    others: bool,
    /// Others were asked whether they do.
    asked: bool,
    /// 要卖的联系我, 捡到的请来电: said to those who do.
    relative: bool,
    negated: bool,
    /// 想卖, 要卖.
    wanted: bool,
    /// Something of the clause stands behind it.
    tail: bool,
    /// 还我了: the word itself says that it is done.
    said_done: bool,
}

impl<'a, 'g> Around<'a, 'g> {
    fn new(f: &Facts, text: &str, phrases: &'a [Phrase<'g>], i: usize, w: &Word) -> Around<'a, 'g> {
        let p = &phrases[i];
        let clause = |q: &&Phrase<'_>| q.clause == p.clause;
        let before = || phrases[..i].iter().rev().take_while(clause).take(SIGHT);
        let behind = phrases[i + 1..].iter().enumerate().take(SIGHT).take_while(|(_, q)| clause(q));
        let tail = behind.filter(|(_, q)| !q.has(Sign::Le) && !q.has(Sign::Polite)).last();
        // 不急, 不限: what is denied asks nothing.
        let denies = |k: usize, q: &Phrase<'_>| {
            let next = phrases.get(i + 2 + k).filter(|n| !n.spaced && !n.is_separator());
            q.has(Sign::Not)
                && q.word().is_some_and(|w| w.chars == 1)
                && next.is_some_and(|n| !n.has(Sign::Le) && !n.has(Sign::Particle))
        };
        // 买点葱秧 一百蔸 有没: whether there is any is asked by who buys
        let any = |k: usize| {
            w.is_verb(Intent::Buy, Force::Strong)
                && !f.own_have
                && k > 0
                && phrases.get(i + k).is_some_and(|n| n.has(Sign::Have))
                && phrases[..i].iter().all(light)
                && phrases.get(i + 1).is_some_and(|n| !n.has(Sign::Have))
        };
        let asks = tail.is_some_and(|(k, q)| (q.has(Sign::Ask) || q.has(Sign::IsThere)) && !denies(k, q) && !any(k));
        let tail = tail.map(|(_, q)| q);
        let who = before().any(|q| q.has(Sign::Who) || q.has(Sign::IsThere) || q.has(Sign::Where)) || asks;
        // 收不收, 卖不卖
        let doubled = {
            let same = |a: Option<&Phrase<'_>>, b: Option<&Phrase<'_>>| {
                a.is_some_and(|q| q.has(Sign::Not)) && b.is_some_and(|q| q.text(text) == p.text(text))
            };
            // 招不招人: said in full only the second time
            let longer = |b: Option<&Phrase<'_>>| b.is_some_and(|q| q.text(text).starts_with(p.text(text)));
            // 收荔枝干唔收: what is dealt in may stand between
            let parted =
                phrases[i + 1..].iter().take(6).take_while(clause).position(|q| q.has(Sign::Not)).is_some_and(|n| {
                    n > 0
                        && phrases[i + 1..=i + n]
                            .iter()
                            .all(|q| q.item().is_some() || light(q) || matches!(q.what, What::Unread | What::Compound))
                        && longer(phrases.get(i + n + 2))
                        && phrases.get(i + n + 3).is_none_or(|q| {
                            !q.has(Sign::Le) && (q.is_separator() || q.spaced || light(q) || q.has(Sign::Ask))
                        })
                });
            parted
                || phrases.get(i + 1).is_some_and(|q| q.has(Sign::Not)) && longer(phrases.get(i + 2))
                || i >= 2 && phrases[i - 1].has(Sign::Not) && p.text(text).starts_with(phrases[i - 2].text(text))
                || same(phrases.get(i + 1), phrases.get(i + 2))
                || i >= 2 && same(phrases.get(i - 1), phrases.get(i - 2))
        };
        let relative = phrases.get(i + 1).is_some_and(|q| q.has(Sign::Particle) && !q.spaced)
            && phrases[i + 2..]
                .iter()
                .take(4)
                .find(|q| !q.has(Sign::Particle) || q.has(Sign::Polite))
                .is_some_and(|q| q.has(Sign::Polite) || matches!(q.what, What::Phone));
        let relative = relative || by_trade(phrases, i);
        // 我家有五千斤,找老板来收: those who come are others.
        let comes = f.own_have
            && before().next().is_some_and(|q| q.has(Sign::Go) && !q.has(Sign::Own) && q.end == p.start)
            && before().nth(1).is_none_or(|q| !q.has(Sign::Own));
        let negated =
            !doubled && before().next().is_some_and(|q| q.has(Sign::Not) && !q.has(Sign::Who) && q.end == p.start);
        let wanted = before().any(|q| q.has(Sign::Want) && q.end != p.start || q.has(Sign::Want) && !q.has(Sign::Not));
        Around {
            phrases,
            i,
            others: (who || doubled || relative || comes) && !w.has(Sign::Firm),
            asked: who || doubled,
            relative,
            negated,
            wanted,
            tail: tail.is_some(),
            said_done: p.text(text).ends_with('了'),
        }
    }

    /// The phrases of its clause before it, nearest first.
    fn before(&self) -> impl Iterator<Item = &'a Phrase<'g>> {
        let clause = self.phrases[self.i].clause;
        self.phrases[..self.i].iter().rev().take_while(move |q| q.clause == clause).take(SIGHT)
    }

    /// The phrases of its clause behind it.
    fn behind(&self) -> impl Iterator<Item = &'a Phrase<'g>> {
        let clause = self.phrases[self.i].clause;
        self.phrases[self.i + 1..].iter().take(SIGHT).take_while(move |q| q.clause == clause)
    }
}

/// Weighs the phrase at `i`, where it is a word that says something.
pub fn weigh(weighing: &mut Weighing, f: &Facts, grammar: &Grammar, text: &str, phrases: &[Phrase<'_>], i: usize) {
    // A unit is no verb: 一挑, 三转.
    let What::Word(w) = phrases[i].what else { return };
    // 谁有牛角椒苗 500棵: whoever asks who has it wants it.
    if w.senses.is_empty()
        && w.has(Sign::Who)
        && phrases.get(i + 1).is_some_and(|q| q.has(Sign::Have) && !q.spaced)
        && f.amount
        && f.kind != Some(Kind::Trade)
    {
        weighing.question = true;
        weighing.scores.at_least(Intent::Buy, HINT + 1);
    }
    if w.senses.is_empty() && !w.has(Sign::Shown) && !w.has(Sign::Passive) {
        return;
    }
    let around = Around::new(f, text, phrases, i, w);
    // 那个苞谷莫要挂了: what is no more to be shown.
    if w.has(Sign::Shown) && around.negated {
        weighing.closing = Some(Intent::Withdraw);
        weighing.scores.at_least(Intent::Withdraw, CLOSING);
        return;
    }
    if w.has(Sign::Passive) && robbed(text, &around) {
        weighing.scores.at_least(Intent::Lost, STRONG + 3);
        return;
    }
    for intent in w.verbs(Force::Strong) {
        strong(weighing, f, (grammar, text), w, &around, intent);
    }
    for intent in w.verbs(Force::Hint) {
        hint(weighing, f, grammar, w, &around, intent);
    }
    if w.has(Sign::Ambiguous) {
        for intent in grammar.lexicon.ambiguous.get(phrases[i].text(text)).into_iter().flatten() {
            weighing.scores.at_least(*intent, STRONG);
        }
    }
    if (w.has(Sign::Who) || w.has(Sign::IsThere)) && phrases[i + 1..].first().is_some_and(|q| q.has(Sign::Have))
        || w.has(Sign::IsThere)
    {
        weighing.question = true;
        weighing.scores.at_least(Intent::Buy, HINT + 1);
    }
}

/// 匀点谷种给我: it is to be sold to the sender.
fn to_me(text: &str, around: &Around<'_, '_>) -> bool {
    let ps = around.phrases;
    let mut behind = around.i + 1..ps.len().min(around.i + 1 + SIGHT);
    behind.any(|n| {
        let ends =
            ps.get(n + 1).is_none_or(|p| p.is_separator() || p.spaced || p.has(Sign::Particle) && !p.has(Sign::Polite));
        ps[n].clause == ps[around.i].clause && ["给我", "给俺", "给我们", "给我家"].contains(&ps[n].text(text)) && ends
    })
}

/// 19年买的, 新买不到一年, 买成3800, 去年买来: how the sender came by it.
fn bought(text: &str, around: &Around<'_, '_>) -> bool {
    let said = around.phrases[around.i].text(text);
    // 木耳收得好, 收成, 收下来: brought in from the field
    let next = around.phrases.get(around.i + 1).filter(|q| !q.spaced).map(|q| q.text(text));
    if said == "收" && next.is_some_and(|s| ["得", "成", "下来", "割", "进来", "上来"].iter().any(|w| s.starts_with(w)))
    {
        return true;
    }
    if !said.ends_with('买') || said.chars().count() > 2 || around.others || around.wanted {
        return false;
    }
    let tight = around.phrases.get(around.i + 1).filter(|q| !q.spaced && !q.is_separator());
    let behind = tight.is_some_and(|q| {
        let s = q.text(text);
        ["的", "成", "来", "回", "起", "得", "不到", "没", "时"].iter().any(|w| s.starts_with(w)) && q.item().is_none()
    });
    // 新买, 刚买, 去年买, 19年买
    let before = around.i.checked_sub(1).map(|j| &around.phrases[j]).filter(|_| !around.phrases[around.i].spaced);
    let past = before.is_some_and(|q| {
        let s = q.text(text);
        ["新", "刚", "才", "年", "时候", "当时", "原来", "以前"].iter().any(|w| s.ends_with(w))
    });
    let told = tight.is_some_and(|q| q.item().is_none() && !matches!(q.what, What::Amount(_)));
    behind && before.is_none_or(|q| !q.has(Sign::Who) && !q.has(Sign::IsThere)) || past && told
}

/// 牛被人牵走了, 水泵被人半夜从井边抬走: a thief took it. 叫人 and 让人 hire too, so there the theft stands right behind.
fn robbed(text: &str, around: &Around<'_, '_>) -> bool {
    let takes = |q: &Phrase<'_>| q.has(Sign::Taken) || q.word().is_some_and(|w| w.is_verb(Intent::Lost, Force::Strong));
    let p = &around.phrases[around.i];
    let both = p.word().is_some_and(|w| w.is_verb(Intent::Hire, Force::Strong))
        || p.text(text).starts_with(['让', '叫', '给', '俾', '畀']);
    match both {
        true => around.behind().next().is_some_and(|q| {
            !q.spaced && q.word().is_some_and(|w| w.is_verb(Intent::Lost, Force::Strong))
                || q.has(Sign::Taken)
                    && (q.text(text).starts_with(['偷', '撬', '牵', '骑', '顺', '摸', '盗', '拐'])
                        || q.text(text).ends_with('了')
                        || around.behind().nth(1).is_some_and(|n| n.has(Sign::Le) && !n.spaced))
        }),
        false => around.behind().take(9).any(takes),
    }
}

fn text_of<'t>(around: &Around<'_, '_>, text: &'t str) -> &'t str {
    around.phrases[around.i].text(text)
}

/// A word that says an intent wherever it stands.
fn strong(
    weighing: &mut Weighing,
    f: &Facts,
    (grammar, text): (&Grammar, &str),
    w: &Word,
    around: &Around<'_, '_>,
    intent: Intent,
) {
    let next = || around.behind().next();
    if intent == Intent::Lost && mileage(grammar, around) {
        return;
    }
    if intent == Intent::Buy && bought(text, around) {
        return;
    }
    let intent = if intent == Intent::Sell && to_me(text, around) { Intent::Buy } else { intent };
    // 有打谷机租: it is let by whoever has it.
    let lets = w.has(Sign::Rent) && w.chars == 1 && !around.others && around.before().any(|q| q.has(Sign::Have));
    let lets = lets || w.has(Sign::Rent) && w.chars == 1 && !around.others && for_rent(f, around);
    let intent = match grammar.lexicon.asked(intent) {
        Some(other) if lets && intent == Intent::Buy => other,
        _ => intent,
    };
    // 少了不卖 with a price sets terms, 不卖我 speaks of others; 不卖了 takes back.
    // 我不卖辣椒了 takes back too.
    let over = || around.tail && around.behind().any(|q| q.has(Sign::Le));
    // 多少钱面议: left open, not asked
    if intent == Intent::Price && next().is_some_and(|q| q.has(Sign::Negotiable)) {
        return;
    }
    // 杀年猪 一头收80: what he takes for his work.
    let charges = intent == Intent::Buy
        && w.chars == 1
        && f.kind == Some(Kind::Trade)
        && next().is_some_and(|q| !q.spaced && matches!(q.what, What::Sum(_) | What::Number { .. }));
    if charges {
        weighing.scores.at_least(Intent::Seek, HINT + 2);
        return;
    }
    // 还没卖脱, 牛还没找到: it goes on.
    let goes_on = around.negated
        && !f.sum
        && !f.amount
        && !around.asked
        && (intent == Intent::Deal && next().is_none_or(light)
            || posts(intent) && next().is_some_and(|q| q.has(Sign::Done)));
    if goes_on {
        weighing.closing = Some(Intent::Renew);
        weighing.scores.at_least(Intent::Renew, CLOSING);
        return;
    }
    // 2000块一月够了: enough pay, not enough hands.
    if intent == Intent::Deal
        && around.i > 0
        && !around.phrases[around.i].spaced
        && matches!(around.phrases[around.i - 1].what, What::Sum(_) | What::Number { .. })
        && text_of(around, text).starts_with('够')
    {
        return;
    }
    // 没找到好买家
    if around.negated && intent == Intent::Deal {
        return;
    }
    if around.negated
        && posts(intent)
        && (f.sum || f.amount || next().is_some_and(|q| !q.has(Sign::Le) && !q.has(Sign::Ask)) && !over())
    {
        return;
    }
    if around.negated && posts(intent) {
        weighing.closing = Some(Intent::Withdraw);
        weighing.scores.at_least(Intent::Withdraw, CLOSING);
        return;
    }
    // 牛卖了, 收够: done with, unless there is still something to offer.
    let done = next().is_some_and(|q| {
        q.end > around.phrases[around.i].end
            // 求够杨梅苗100棵: nothing is over that is named only then
            && !(!around.behind().any(|q| q.has(Sign::Le))
                && !q.text(text).ends_with('了')
                && around.behind().nth(1).is_some_and(|q| q.item().is_some()))
            && (q.has(Sign::Done) || (q.has(Sign::Le) && !f.sum && !f.amount && !around.wanted))
    });
    if done
        && matches!(intent, Intent::Sell | Intent::Buy | Intent::Hire | Intent::Seek)
        && !around.wanted
        && !around.others
    {
        weighing.closing = Some(Intent::Deal);
        weighing.scores.at_least(Intent::Deal, CLOSING - 2);
        return;
    }
    // 找到一把黑伞: so much of a thing that is not the sender's own was found.
    if intent == Intent::Deal && w.has(Sign::Finds) && f.someone_elses(around.phrases, around.i) {
        weighing.scores.at_least(Intent::Found, STRONG);
        return;
    }
    // 25一斤,年前要处理完: it is to be sold
    if intent == Intent::Deal && around.wanted && !around.others && f.item && f.sum {
        weighing.scores.at_least(Intent::Sell, STRONG - 2);
        return;
    }
    if intent == Intent::Deal {
        weighing.closing = weighing.closing.or(Some(Intent::Deal));
        // 身份证有人还我了 tells, 有人找到吗 asks.
        let told = around.said_done && !f.asks;
        weighing
            .scores
            .at_least(Intent::Deal, if around.others && !told || around.wanted { HINT } else { CLOSING - 2 });
        return;
    }
    // 寻一个拦羊的, 寻活: hands or work are looked for, and were not lost.
    let lookup = w.is_verb(Intent::Lost, Force::Strong) && w.chars == 1;
    if lookup && around.behind().take(4).any(|q| q.kind(grammar) == Some(Kind::Trade) || q.has(Sign::Work)) {
        let work = around.behind().any(|q| q.has(Sign::Work));
        weighing.scores.at_least(if work { Intent::Seek } else { Intent::Hire }, STRONG);
        return;
    }
    // 谁家的牛跑到我地里: the owner is asked for, not a finder.
    let owner = intent == Intent::Found
        && around.before().any(|q| {
            q.has(Sign::Who)
                && around.phrases[..around.i]
                    .iter()
                    .rev()
                    .take(SIGHT)
                    .any(|n| n.start >= q.end && n.start <= q.end + 3 && n.item().is_some())
        });
    // 有人偷了我家的牛
    // and 谁看见我家的牛 … 脱绳跑的
    let own_loss = intent == Intent::Lost
        && (around.behind().any(|q| q.has(Sign::Own)) || around.before().any(|q| q.has(Sign::Own)));
    let own_price = intent == Intent::Sell && for_sum(around);
    match grammar.lexicon.asked(intent).filter(|_| around.others && !owner && !own_loss && !own_price) {
        Some(other) => {
            // Those who are only told to call were not asked whether there are any.
            weighing.question |= !around.relative || around.asked;
            weighing.offered_to_any |=
                matches!(intent, Intent::Lost | Intent::Found | Intent::RideOffer | Intent::RideNeed);
            weighing.scores.at_least(other, STRONG);
        }
        // 不要给我发招工了: what is not wanted any more outweighs its name.
        None if intent == Intent::Unsubscribe => weighing.scores.at_least(intent, CLOSING + 2),
        None => {
            // 俺拾了个布包,准是看病的掉的: who tells first what he picked up has found it.
            let found = intent == Intent::Found
                && w.chars <= 2
                && around.phrases[..around.i]
                    .iter()
                    .rev()
                    .take(SIGHT)
                    .all(|q| q.word().is_none_or(|w| !w.is_verb(Intent::Lost, Force::Strong)));
            weighing.scores.at_least(intent, STRONG + i32::from(around.i == 0 || found));
        }
    }
}

/// 摩托车跑了三千公里: how far it has run.
fn mileage(grammar: &Grammar, around: &Around<'_, '_>) -> bool {
    let mut behind = around.behind().skip_while(|q| q.has(Sign::Le));
    behind.next().is_some_and(
        |q| matches!(q.what, What::Amount(a) if grammar.units.at(a.unit).is_some_and(|u| u.dimension == "length")),
    )
}

/// 鱼塘租,三亩八: what is let stands before the word, and nobody wants or looks for it.
fn for_rent(f: &Facts, around: &Around<'_, '_>) -> bool {
    let ps = around.phrases;
    let seeks = |q: &Phrase<'_>| {
        q.has(Sign::Want)
            || q.has(Sign::Who)
            || matches!(q.what, What::Word(w) if w.verbs(Force::Strong).chain(w.verbs(Force::Hint)).next().is_some())
    };
    let next = around.behind().next();
    let object = next.is_some_and(|q| {
        q.item().is_some() || matches!(q.what, What::Amount(_) | What::Compound | What::Unread) && !q.spaced
    });
    let named = around.before().any(|q| q.item().is_some());
    let wanted = ps.iter().take(SIGHT).any(|q| q.has(Sign::Want));
    named && !object && !wanted && !around.before().any(seeks) && (f.amount || f.sum)
}

/// 谁要板蓝根 200斤 3块钱就卖: who is asked has another verb, and this one says for how much the asker sells.
fn for_sum(around: &Around<'_, '_>) -> bool {
    let sum = |q: &Phrase<'_>| matches!(q.what, What::Sum(_)) && !q.is_separator();
    let near = around.behind().next().is_some_and(sum)
        || around.before().find(|q| !light(q) && !matches!(q.what, What::Unread)).is_some_and(sum);
    let asked = around.before().take(2).any(|q| q.has(Sign::Who) || q.has(Sign::IsThere) || q.has(Sign::Where));
    near && !asked && !around.relative && around.before().any(|q| q.item().is_some())
}

/// A word that leans towards an intent.
fn hint(weighing: &mut Weighing, f: &Facts, grammar: &Grammar, w: &Word, around: &Around<'_, '_>, intent: Intent) {
    if intent == Intent::Lost && mileage(grammar, around) {
        return;
    }
    // 不用找了, 莫寻了: what was looked for is looked for no more.
    if intent == Intent::Lost && around.negated && around.behind().next().is_some_and(|q| q.has(Sign::Le)) {
        weighing.closing = weighing.closing.or(Some(Intent::Withdraw));
        weighing.scores.at_least(Intent::Withdraw, CLOSING - 3);
        return;
    }
    // 搭到车了, 找着人了: what was sought is there.
    let there = || {
        let done = around.behind().next().is_some_and(|q| q.has(Sign::Done) && !q.spaced);
        let to = around.behind().nth(1).is_some_and(|q| matches!(q.what, What::Place(_)));
        done && !to && around.behind().any(|q| q.has(Sign::Le))
    };
    if posts(intent)
        && !w.has(Sign::Want)
        && !around.others
        && !around.wanted
        && !around.negated
        && !f.sum
        && !f.amount
        && there()
    {
        weighing.closing = Some(Intent::Deal);
        weighing.scores.at_least(Intent::Deal, CLOSING - 2);
        return;
    }
    let other = grammar.lexicon.asked(intent).filter(|_| around.others);
    // 谁要土鸡: whoever asks who wants it has it.
    if let Some(other) = other.filter(|_| around.relative) {
        weighing.scores.at_least(other, STRONG - 2);
        return;
    }
    if let Some(other) = other {
        // 有人会杀猪没: whoever asks for the skill hires.
        let seen = matches!(intent, Intent::Found | Intent::Lost)
            || intent == Intent::Seek
                && around.before().any(|q| q.has(Sign::Who))
                && !w.is_verb(Intent::Lost, Force::Hint);
        // 有人要桐油籽没 asks whether there is anybody; 谁要土鸡 offers.
        let whether = intent == Intent::Buy
            && !f.own
            && around.behind().next().is_some_and(|q| q.item().is_some())
            && around.behind().nth(1).is_some_and(|q| q.has(Sign::Ask));
        if whether {
            weighing.question = true;
            weighing.scores.at_least(Intent::Buy, HINT);
        } else if seen || intent == Intent::Buy && w.has(Sign::Want) && other == Intent::Sell {
            weighing.offered_to_any = true;
            weighing.scores.at_least(other, STRONG - 2);
        } else if f.own {
            weighing.scores.at_least(other, HINT + 1);
        } else {
            weighing.question = true;
            weighing.scores.at_least(other, HINT);
        }
        return;
    }
    // 找人, 师傅 say more than 找.
    weighing.scores.at_least(
        intent,
        if intent == Intent::Hire && w.chars > 1 && !w.is_verb(Intent::Buy, Force::Hint) { HINT + 1 } else { HINT },
    );
}
