//! Which things a text is about: what is named twice, what is left out, what stands beside what, what nobody knows yet.

use super::phrase::{Phrase, What, light};
use super::share::MOST_ITEMS;
use super::told::told_of;
use super::{Item, Scene, normalize};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Kind, Sign};

/// How far from a thing words can still speak of it.
pub(super) const SIGHT: usize = 16;

/// The phrase that names what the text is about: the most special of what is named, the first among equals.
pub(super) fn best_item(scene: &Scene<'_, '_>) -> Option<usize> {
    items(scene).first().copied()
}

pub(super) fn names_item(p: &Phrase<'_>) -> bool {
    matches!(p.what, What::Item { .. } | What::Compound | What::Task { .. })
}

/// The phrases that name different things, in order: a category beside one of its kinds is no thing of its own, unless
/// both have amounts; what is named twice stands where its amount or price does (花椒核桃都有,花椒20斤…).
pub(super) fn items(scene: &Scene<'_, '_>) -> Vec<usize> {
    let mut all: Vec<usize> = (0..scene.phrases.len()).filter(|i| names_item(&scene.phrases[*i])).take(64).collect();
    if all.len() < 2 {
        return all;
    }
    // 讲用陈皮和枇杷叶,陈皮我有: what is left out once is left out
    let out_of = |i: usize| {
        let own = |j: &usize| matches!(kinship(scene, i, *j), Kin::Same) && owned(scene, *j);
        all.iter().take(MOST_ITEMS).any(own)
    };
    let left_out: Vec<usize> = all.iter().copied().filter(|i| out_of(*i)).collect();
    let meant = |i: &usize| {
        !left_out.contains(i)
            && !excluded(scene, *i)
            && !where_it_is(scene, *i)
            && !acts(scene, *i)
            && !for_what(scene, *i)
    };
    if all.iter().any(meant) {
        all.retain(meant);
    }
    // the first names the thing, what only describes it comes behind
    let first = all[0];
    let trade = |i: usize| scene.phrases[i].kind(scene.grammar) == Some(Kind::Trade);
    all.retain(|i| *i == first || trade(*i) || !describes(scene, *i));
    let facts: Vec<(bool, Option<u32>)> = all.iter().map(|i| told(scene, *i)).collect();
    let mut out: Vec<usize> = Vec::with_capacity(all.len().min(MOST_ITEMS));
    for (k, i) in all.iter().copied().enumerate() {
        let said_better = all.iter().copied().enumerate().any(|(j, other)| match kinship(scene, i, other) {
            _ if j == k => false,
            Kin::Same => {
                if facts[j].0 == facts[k].0 {
                    j < k
                } else {
                    facts[j].0
                }
            }
            Kin::Above => facts[k].1.is_none() || facts[k].1 != facts[j].1,
            Kin::Other => j == k + 1 && facts[k].1.is_none() && young_of(scene, other).is_some(),
        });
        if !said_better {
            out.push(i);
        }
    }
    out
}

/// How the thing of one phrase stands to that of another.
enum Kin {
    Same,
    /// It is a category of the other.
    Above,
    Other,
}

fn kinship(scene: &Scene<'_, '_>, i: usize, other: usize) -> Kin {
    let items = &scene.grammar.items;
    let name = |i: usize| scene.phrases[i].item().and_then(|x| items.at(x)).map(|x| x.name.as_str());
    match (name(i), name(other)) {
        (Some(n), Some(o)) if n == o => Kin::Same,
        (Some(n), Some(o)) if items.path(o).iter().any(|p| p == n) => Kin::Above,
        // 收干辣椒,辣椒11一斤
        (Some(n), Some(o)) if o.strip_prefix('干') == Some(n) => Kin::Above,
        (None, None) if scene.phrases[i].text(scene.text) == scene.phrases[other].text(scene.text) => Kin::Same,
        _ => Kin::Other,
    }
}

/// 鱼苗 草鱼: of what is named right behind its kind, the thing of both, 草鱼苗.
pub(super) fn young_of(scene: &Scene<'_, '_>, i: usize) -> Option<Item> {
    let (items, lexicon) = (&scene.grammar.items, &scene.grammar.lexicon);
    let kind = items.at(scene.phrases[i.checked_sub(1)?].item()?)?;
    let last = kind.name.chars().next_back()?;
    let name = format!("{}{last}", items.at(scene.phrases[i].item()?)?.name);
    let both = items.at(lexicon.word(&name)?.item()?)?;
    let below = both.name != kind.name && items.path(&both.name).contains(&kind.name);
    below.then(|| Item { name: both.name.clone(), said: scene.phrases[i].text(scene.text).to_string(), known: true })
}

/// Whether one phrase speaks of the same thing as another, if in a wider word.
pub(super) fn same_thing(scene: &Scene<'_, '_>, i: usize, other: usize) -> bool {
    i == other || !matches!(kinship(scene, i, other), Kin::Other)
}

/// Whether an amount or price follows a thing before the next one, and the unit of the amount.
fn told(scene: &Scene<'_, '_>, i: usize) -> (bool, Option<u32>) {
    let behind = || scene.phrases[i + 1..].iter().take(SIGHT).take_while(|p| !names_item(p));
    let amount = behind().find_map(|p| if let What::Amount(a) = p.what { Some(a.unit) } else { None });
    (amount.is_some() || behind().any(|p| matches!(p.what, What::Sum(_))), amount)
}

/// 病猪不收, 发霉的莫拿来, 除了母猪: named to be left out.
fn excluded(scene: &Scene<'_, '_>, i: usize) -> bool {
    let ps = &scene.phrases;
    let words = &scene.grammar.lexicon.compounds.except;
    let before = ps[..i].iter().rev().find(|p| !light(p)).filter(|p| !p.is_separator());
    if before.is_some_and(|p| words.iter().any(|w| p.text(scene.text).ends_with(w.as_str()))) {
        return true;
    }
    // 要老姜不要嫩姜: what the refusal stands before
    let refuses = |k: usize| {
        let verb = |p: &Phrase<'_>| {
            let says = |i| p.word().is_some_and(|w| w.is_verb(i, Force::Strong));
            p.has(Sign::Want) || says(Intent::Buy) || says(Intent::Sell)
        };
        let whole = ps[k].has(Sign::Not) && ps[k].text(scene.text).ends_with('要');
        whole || verb(&ps[k]) && k > 0 && ps[k - 1].has(Sign::Not) && !ps[k].spaced
    };
    let tight = |k: usize| ps.get(k).is_some_and(|p| !p.spaced && names_item(p));
    if i > 0
        && !ps[i].spaced
        && refuses(i - 1)
        && (ps[..i].iter().any(names_item) || ps[i + 1..].iter().any(names_item))
    {
        return true;
    }
    if (i + 1..ps.len()).take(3).take_while(|k| !ps[*k].is_separator()).any(|k| refuses(k) && tight(k + 1)) {
        return false;
    }
    let behind = || ps[i + 1..].iter().take(SIGHT).take_while(|p| !p.is_separator() && !p.spaced);
    let trades = |p: &Phrase<'_>| {
        let verb = |i| p.word().is_some_and(|w| w.is_verb(i, Force::Strong) || w.is_verb(i, Force::Hint));
        p.has(Sign::Want) || p.has(Sign::Have) || verb(Intent::Buy) || verb(Intent::Sell)
    };
    let mut after = behind().skip_while(|p| !p.has(Sign::Not));
    let Some(not) = after.next() else { return false };
    // 三吨没出手: not sold yet, and not left out
    if not.text(scene.text) == "没"
        && after.clone().next().is_some_and(|p| {
            p.word().is_some_and(|w| w.is_verb(Intent::Sell, Force::Strong) || w.is_verb(Intent::Sell, Force::Hint))
        })
    {
        return false;
    }
    // 不要, 莫 by themselves; 不 only before what is done with goods.
    let whole = not.has(Sign::Not) && not.word().is_some_and(|w| w.chars > 1 || w.has(Sign::Have));
    whole || after.next().is_some_and(trades)
}

/// 酒厂收高粱, 有酒席的可以找我, 养猪的老乡: who deals in goods, or is spoken to, is none of them.
fn acts(scene: &Scene<'_, '_>, i: usize) -> bool {
    let ps = &scene.phrases;
    let verb = |p: &Phrase<'_>| {
        let says = |i| p.word().is_some_and(|w| w.is_verb(i, Force::Strong) || w.is_verb(i, Force::Hint));
        says(Intent::Buy) || says(Intent::Sell)
    };
    let next = ps.get(i + 1).filter(|p| !p.spaced && !p.is_separator());
    let house = scene.grammar.lexicon.compounds.actors.iter().any(|a| ps[i].text(scene.text).ends_with(a.as_str()));
    // 糖厂收甘蔗, 饭店要土鸡
    let trades = house
        && next.is_some_and(|p| verb(p) || p.has(Sign::Have) || light(p))
        && ps[i + 1..].iter().take(4).take_while(|p| !p.is_separator()).any(verb)
        && ps[i + 1..].iter().take(SIGHT).any(names_item);
    // 有酒席的联系我
    let of = next.is_some_and(|p| p.has(Sign::Particle) && p.text(scene.text) == "的");
    let calls = |n: usize| {
        let asks = ["找", "打", "喊", "叫"].contains(&ps[n].text(scene.text));
        ps[n].has(Sign::Polite) || asks && ps.get(n + 1).is_some_and(|p| p.has(Sign::Own))
    };
    let behind = (i + 2..ps.len().min(i + 5)).find(|n| !ps[*n].has(Sign::Particle) || ps[*n].has(Sign::Polite));
    let called = of && behind.is_some_and(calls);
    // 买鱼塘用的增氧机
    let used = next.is_some_and(|p| p.text(scene.text).starts_with('用')) && ps[i + 2..].iter().take(3).any(names_item);
    // 以前开理发店的
    let ran = of && i > 0 && !ps[i].spaced && ps[i - 1].text(scene.text).ends_with('开');
    // 土猪两百斤,有要猪肉的联系我; but 收天麻,有黄精的也联系我
    let also = called && ps[i + 2..].iter().take(2).any(|p| p.text(scene.text) == "也");
    let told = ps[..i].iter().any(|p| matches!(p.what, What::Amount(_) | What::Sum(_)));
    // 大棚黄瓜: how it is grown
    let grown = ps[i].word().is_some_and(|w| w.has(Sign::Modifier)) && next.is_some_and(names_item);
    // 菜贩子不来
    let dealer = house && matches!(ps[i].what, What::Compound);
    dealer || trades || used || ran || grown || called && !also && (told || !ps[..i].iter().rev().take(2).any(verb))
}

/// 一千斤做泡菜, 两头来喂, 煮酒用: what the goods are for.
fn for_what(scene: &Scene<'_, '_>, i: usize) -> bool {
    let before = i.checked_sub(1).map(|j| &scene.phrases[j]).filter(|_| !scene.phrases[i].spaced);
    before.is_some_and(|p| scene.grammar.terms.terms.purpose.iter().any(|w| p.text(scene.text).ends_with(w.as_str())))
}

/// 陈皮我有,想买枇杷叶: what the sender has already.
fn owned(scene: &Scene<'_, '_>, i: usize) -> bool {
    let ps = &scene.phrases;
    ps.get(i + 1).is_some_and(|p| p.has(Sign::Own))
        && ps.get(i + 2).is_some_and(|p| p.has(Sign::Have))
        && ps.get(i + 3).is_none_or(|p| p.is_separator() || p.spaced || p.has(Sign::Le))
        && ps.iter().any(|p| p.word().is_some_and(|w| w.is_verb(Intent::Buy, Force::Strong)))
}

/// 大棚里还有辣椒: named as the place of something.
fn where_it_is(scene: &Scene<'_, '_>, i: usize) -> bool {
    let next = scene.phrases.get(i + 1).filter(|p| !p.spaced && !p.is_separator());
    let within = &scene.grammar.lexicon.compounds.within;
    next.is_some_and(|p| within.iter().any(|w| p.text(scene.text).starts_with(w.as_str())))
}

/// 羊毛 绵羊的, 荔枝干 桂味的: what follows a thing and ends in 的 says what it is like, unless a thing follows in turn.
fn describes(scene: &Scene<'_, '_>, i: usize) -> bool {
    let ps = &scene.phrases;
    let of = ps.get(i + 1).is_some_and(|p| !p.spaced && p.text(scene.text) == "的");
    let next = ps.get(i + 2).filter(|p| !p.spaced);
    of && next.is_none_or(|p| p.is_separator() || matches!(p.what, What::Amount(_) | What::Sum(_)))
}

/// What was lost or found: an animal, a thing one carries or a person before goods, a kind before a whole category.
pub(super) fn missing(scene: &Scene<'_, '_>) -> Option<usize> {
    // What is lost is named beside the verb: 摩托车被偷,车牌…; not whose it is or where: 在班车上, 是我小孩的.
    let ps = &scene.phrases;
    let verb = |p: &Phrase<'_>| {
        let says = |i| p.word().is_some_and(|w| w.is_verb(i, Force::Strong) || w.is_verb(i, Force::Hint));
        says(Intent::Lost) || says(Intent::Found) || p.has(Sign::Taken) || p.has(Sign::Passive)
    };
    let said: Vec<u16> = ps.iter().filter(|p| verb(p)).map(|p| p.clause).take(MOST_ITEMS).collect();
    // 摩托车被偷 车牌…: what stands apart behind a verb that has its thing before it.
    let named_before = ps.iter().position(&verb).filter(|v| ps[..*v].iter().any(names_item));
    let apart_from = named_before.and_then(|v| (v + 1..ps.len()).find(|i| ps[*i].spaced));
    let behind = |i: usize| apart_from.is_some_and(|from| from <= i);
    let aside = |i: usize| {
        let before = i.checked_sub(1).map(|j| &ps[j]);
        let owner = before.is_some_and(|p| p.has(Sign::Own))
            && ps.get(i + 1).is_some_and(|p| p.has(Sign::Particle))
            && ps.get(i + 2).is_none_or(|p| p.is_separator() || p.spaced);
        // 忘在大巴, 落到班车上: what it was left in, named behind the verb that says so
        let left_in = before.is_some_and(|p| {
            verb(p)
                && !ps[i].spaced
                && p.text(scene.text).ends_with(['在', '到'])
                && !p.text(scene.text).starts_with(['捡', '拾', '找', '拿'])
        }) && ps[..i].iter().any(names_item)
            && ps[i].kind(scene.grammar).is_some_and(|k| matches!(k, Kind::Goods | Kind::Vehicle));
        // 班车上捡到一把伞: where it was
        let upon = ps.get(i + 1).is_some_and(|p| !p.spaced && ["上", "里", "头", "内"].contains(&p.text(scene.text)));
        let there = (upon || where_it_is(scene, i))
            && ps[i].kind(scene.grammar).is_some_and(|k| matches!(k, Kind::Goods | Kind::Vehicle));
        // 我娃把书包搞落了: of what is handled, whose it is or where it was comes before
        let handled = ps[i].kind(scene.grammar) == Some(Kind::Person)
            && !ps.iter().any(|p| p.has(Sign::Strays))
            && ps[i + 1..].iter().take(SIGHT).take_while(|q| q.clause == ps[i].clause).any(|q| q.has(Sign::Object))
            && ps[i + 1..].iter().any(names_item);
        // 孩子捡到手机: who found it
        let finder = ps[i].kind(scene.grammar) == Some(Kind::Person)
            && ps[i + 1..].iter().take(SIGHT).take_while(|q| q.clause == ps[i].clause).any(|q| {
                q.word().is_some_and(|w| w.is_verb(Intent::Found, Force::Strong))
                    && q.text(scene.text).starts_with(['捡', '拾', '检'])
            })
            && ps[i + 1..].iter().any(names_item);
        owner || left_in || there || handled || finder || before.is_some_and(|p| p.has(Sign::In) && !p.has(Sign::Have))
    };
    let rank = |i: &usize| {
        let far = u8::from(!said.contains(&ps[*i].clause) && !said.is_empty() || behind(*i));
        let Some(x) = ps[*i].item() else { return (aside(*i), 0, far, 1) };
        let loose = match scene.grammar.lexicon.kind(x) {
            Kind::Animal | Kind::Thing | Kind::Person => 0,
            Kind::Goods | Kind::Vehicle => 1,
            Kind::Trade => 2,
        };
        (aside(*i), u8::from(scene.grammar.items.at(x).is_some_and(|x| x.category.is_none())), far, loose)
    };
    // 寻牛:黑色母水牛 is a buffalo.
    let apart = items(scene);
    let special = |i: &usize| {
        let Some(x) = scene.phrases[*i].item() else { return true };
        scene.grammar.lexicon.kind(x) != Kind::Animal || apart.contains(i)
    };
    let within = |i: &usize| contents(scene, *i);
    (0..scene.phrases.len()).filter(|i| names_item(&scene.phrases[*i]) && special(i) && !within(i)).min_by_key(rank)
}

/// 钱抱 里面有身份证, 斑鸠色的: what is inside of it, or what it is like.
fn contents(scene: &Scene<'_, '_>, i: usize) -> bool {
    let ps = &scene.phrases;
    let inside = |p: &Phrase<'_>| {
        scene.grammar.lexicon.compounds.within.iter().any(|w| p.text(scene.text).ends_with(w.as_str()))
    };
    let has = i > 1
        && ps[i - 1].has(Sign::Have)
        && !ps[i - 1].spaced
        && inside(&ps[i - 2])
        && (i == 2 || ps[i - 2].spaced || ps[i - 3].is_separator());
    // 娃儿的助听器: whose it is
    let whose = ps[i].kind(scene.grammar) == Some(Kind::Person)
        && ps.get(i + 1).is_some_and(|p| !p.spaced && p.text(scene.text) == "的")
        && ps.get(i + 2).is_some_and(|p| {
            !p.spaced && matches!(p.kind(scene.grammar), Some(Kind::Goods | Kind::Vehicle | Kind::Thing))
        });
    // 柴油抽水泵: what it runs on; 孩子书包: whose it is
    let runs_on = matches!(ps[i].kind(scene.grammar), Some(Kind::Goods | Kind::Person))
        && ps.get(i + 1).is_some_and(|p| {
            !p.spaced && matches!(p.kind(scene.grammar), Some(Kind::Goods | Kind::Vehicle | Kind::Thing))
        });
    let like = ps.get(i + 1).is_some_and(|p| !p.spaced && p.text(scene.text).starts_with('色'));
    // 走丢了…穿绿军大衣
    let strays = ps.iter().any(|p| p.has(Sign::Strays));
    // 有看到一个穿红棉袄的女人吗
    let seen = ps.iter().any(|p| p.word().is_some_and(|w| w.kin().is_some())) || scene.text.contains(['男', '女']);
    let worn = (strays || seen) && i > 0 && {
        // 穿蓝衣服, 穿红的棉袄
        let said = ps[..i].iter().rev().take(3).take_while(|p| p.clause == ps[i].clause && p.item().is_none());
        let worn = |p: &Phrase<'_>| {
            scene.grammar.lexicon.compounds.worn.iter().any(|w| p.text(scene.text).starts_with(w.as_str()))
        };
        said.into_iter().any(worn)
    };
    has || like || whose || runs_on || worn
}

/// The category above all others of what a phrase names.
pub(super) fn root(scene: &Scene<'_, '_>, i: usize) -> Option<String> {
    let item = scene.phrases[i].item().and_then(|x| scene.grammar.items.at(x))?;
    scene.grammar.items.path(&item.name).pop()
}

/// 旧电瓶 in 废铁旧电瓶: a word that begins with what the thing is like begins anew.
fn modified(scene: &Scene<'_, '_>, i: usize) -> bool {
    let Some(first) = scene.phrases[i].text(scene.text).chars().next() else { return false };
    let mut b = [0; 4];
    scene.grammar.lexicon.word(first.encode_utf8(&mut b)).is_some_and(|w| w.has(Sign::Modifier) && w.item().is_none())
}

/// 母牛带崽, 蜂桶带蜂: one thing with what comes along; an animal is meant before what it lives in.
fn without_what_comes_along(scene: &Scene<'_, '_>, mut named: Vec<usize>) -> Vec<usize> {
    let ps = &scene.phrases;
    let with = |p: &Phrase<'_>| scene.grammar.lexicon.compounds.with.iter().any(|w| w == p.text(scene.text));
    let animal = |i: usize| ps[i].item().is_some_and(|x| scene.grammar.lexicon.kind(x) == Kind::Animal);
    let mut k = 1;
    while k < named.len() {
        let (i, j) = (named[k - 1], named[k]);
        let tied = j == i + 2 && with(&ps[i + 1]) && !ps[i + 1].spaced && !ps[j].spaced;
        if tied {
            named.remove(if animal(j) && !animal(i) { k - 1 } else { k });
        } else {
            k += 1;
        }
    }
    named
}

/// Items said side by side (板蓝根和天麻) or each with an amount or a price; others are only mentioned.
pub(super) fn joined(scene: &Scene<'_, '_>, named: Vec<usize>) -> Vec<usize> {
    let ps = &scene.phrases;
    // 水稻收割机: of two kinds of things in one word the last is meant.
    // 卖茶叶枸杞蜂蜜: but three or more are a list.
    let tight = |i: usize| named.contains(&i) && named.contains(&(i + 1)) && !ps[i + 1].spaced;
    let listed = |i: usize| tight(i) && (tight(i + 1) || i > 0 && tight(i - 1));
    let head = |i: usize| {
        let tight = named.contains(&(i + 1)) && !ps[i + 1].spaced;
        !(tight
            && !listed(i)
            && !modified(scene, i + 1)
            && ps[i].item().is_some()
            && ps[i + 1].item().is_some()
            && root(scene, i) != root(scene, i + 1))
    };
    let named: Vec<usize> = named.iter().copied().filter(|i| head(*i)).collect();
    let named = told_of(scene, without_what_comes_along(scene, named));
    let mut out = vec![named[0]];
    for pair in named.windows(2) {
        let between = &ps[pair[0] + 1..pair[1]];
        let until = named.iter().find(|n| **n > pair[1]).copied().unwrap_or(ps.len());
        let counted = |qs: &[Phrase<'_>]| qs.iter().any(|q| matches!(q.what, What::Amount(_) | What::Sum(_)));
        let plain = between.iter().all(|q| {
            q.is_separator()
                || q.has(Sign::Join)
                || light(q)
                || q.has(Sign::Have)
                || matches!(q.what, What::Amount(_) | What::Sum(_) | What::Each)
                || matches!(q.what, What::Word(w) if w.verbs(Force::Strong).next().is_some() || w.has(Sign::Modifier))
        });
        // 收山茱萸 皮子 一百公斤: one amount for what stands beside it in other words. Two of one kind are two things.
        let beside = between.is_empty()
            && ps[pair[1]].spaced
            && !counted(&ps[..pair[0]])
            && counted(&ps[pair[1] + 1..until])
            && named.len() == 2
            && root(scene, pair[0]) != root(scene, pair[1]);
        if beside {
            continue;
        }
        // 废铜废铁: two of one kind.
        let apart = ps[pair[1]].spaced || between.iter().any(Phrase::is_separator);
        let anew = pair[1] != pair[0] + 1 || ps[pair[1]].spaced || modified(scene, pair[1]) || listed(pair[0]);
        // 冰箱300,洗衣机200
        let numbered = |i: usize| {
            matches!(ps.get(i + 1).map(|q| q.what), Some(What::Number { bounded: false, .. }))
                && !ps[i + 1].spaced
                && ps.get(i + 2).is_none_or(|q| q.spaced || q.is_separator())
        };
        if numbered(pair[0]) && numbered(pair[1]) && apart {
            out.push(pair[1]);
            continue;
        }
        if (plain && (anew || root(scene, pair[0]) == root(scene, pair[1])))
            || (counted(&ps[pair[1] + 1..until]) && apart)
        {
            out.push(pair[1]);
        }
    }
    out
}

/// Of those who are hired, a trade right behind another only says what is done: 请保姆照顾老人, 找水电工装修.
pub(super) fn hired(scene: &Scene<'_, '_>, mut named: Vec<usize>) -> Vec<usize> {
    let ps = &scene.phrases;
    // 服装厂招车工: who hires is named before the word for it, whom he hires behind it.
    let says = |p: &Phrase<'_>| matches!(p.what, What::Word(w) if w.is_verb(Intent::Hire, Force::Strong));
    if let Some(verb) = ps.iter().position(says).filter(|v| named.iter().any(|i| *i == v + 1)) {
        let place = |i: &usize| ps[*i].text(scene.text).ends_with(['厂', '店', '馆', '场', '院']);
        named.retain(|i| *i > verb || !place(i));
    }
    let apart = |i: usize, before: usize| {
        ps[i].spaced
            || ps[before + 1..i].iter().any(|q| {
                q.is_separator()
                    || q.has(Sign::Join)
                    || matches!(q.what, What::Amount(_) | What::People(_) | What::Sum(_))
            })
    };
    // 修水塘的石匠: what he does, and who he is
    let of =
        |a: usize, b: usize| b == a + 2 && !ps[a + 1].spaced && !ps[b].spaced && ps[a + 1].text(scene.text) == "的";
    let whose: Vec<usize> = named.windows(2).filter(|w| of(w[0], w[1])).map(|w| w[0]).collect();
    named.retain(|i| !whose.contains(i));
    // 谁会开挖机?要挖两亩鱼塘: what is done with it, not another trade.
    let told = |i: usize, before: usize| {
        let verb = |p: &Phrase<'_>| matches!(p.what, What::Labour | What::Question);
        let counts = |qs: &[Phrase<'_>]| qs.iter().take(4).any(|q| matches!(q.what, What::People(_)));
        ps[before + 1..i].iter().any(verb) && !counts(&ps[i + 1..])
    };
    let apart = |i: usize, before: usize| apart(i, before) && !told(i, before);
    let keep: Vec<bool> = (0..named.len()).map(|k| k == 0 || apart(named[k], named[k - 1])).collect();
    named.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(i, _)| i).collect()
}

/// The unread words that stand where an item would: behind the verb, by the amount. Of goods that are `counted` one
/// character may be a word.
pub(super) fn unread_item(scene: &Scene<'_, '_>, used: &[bool], work: bool, counted: bool) -> Option<usize> {
    let ps = &scene.phrases;
    let free = |i: usize| {
        matches!(ps[i].what, What::Unread) && !used[i] && ps[i].text(scene.text).chars().any(normalize::is_han)
    };
    let verb = |p: &Phrase<'_>| matches!(p.what, What::Word(w) if w.verbs(Force::Strong).next().is_some() || w.verbs(Force::Hint).next().is_some() && !work);
    let near = |i: usize| {
        let before = ps[..i].iter().rev().find(|p| !light(p) && !p.has(Sign::Modifier));
        let after = ps[i + 1..].iter().find(|p| !light(p));
        before.is_some_and(|p| verb(p) || matches!(p.what, What::Amount(_) | What::People(_)))
            || after.is_some_and(|p| verb(p) || matches!(p.what, What::Amount(_) | What::People(_)))
    };
    (0..ps.len()).find(|i| {
        free(*i)
            && near(*i)
            && (counted || ps[*i].text(scene.text).chars().count() > 1)
            && ps[*i].text(scene.text).chars().count() <= 8
    })
}

/// 招水泥工两名: a trade that the lexicon has not, by how its name ends. Gives its phrases.
pub(super) fn workman(scene: &Scene<'_, '_>) -> Option<std::ops::Range<usize>> {
    let ps = &scene.phrases;
    let ends = |p: &Phrase<'_>| {
        let said = p.text(scene.text);
        matches!(p.what, What::Unread | What::Word(_))
            && scene.grammar.lexicon.doers.iter().any(|e| said.ends_with(e.as_str()))
    };
    (0..ps.len()).find_map(|i| {
        let p = &ps[i];
        if !ends(p) {
            return None;
        }
        let joined = i > 0
            && !p.spaced
            && (names_item(&ps[i - 1]) && ps[i - 1].kind(scene.grammar) != Some(Kind::Person) || matches!(ps[i - 1].what, What::Unread));
        let from = if joined { i - 1 } else { i };
        let name = &scene.text[ps[from].start as usize..p.end as usize];
        let whole = (3..=6).contains(&name.chars().count());
        let led = from == 0
            || ps[from].spaced
            || ps[from - 1].is_separator()
            || matches!(ps[from - 1].what, What::Word(w) if w.verbs(Force::Strong).chain(w.verbs(Force::Hint)).any(|v| v == Intent::Hire))
            || matches!(ps[from - 1].what, What::Amount(_) | What::People(_));
        let known = matches!(p.what, What::Word(w) if w.verbs(Force::Strong).next().is_some() && !joined);
        (whole && led && !known && name.chars().all(normalize::is_han)).then_some(from..i + 1)
    })
}

/// Beside goods that have their own amounts, unread words with an amount, at the beginning of a clause, are goods too:
/// 琼锅糖30斤十五块,大米2袋.
pub(super) fn unknown_goods(scene: &Scene<'_, '_>, mut named: Vec<usize>) -> Vec<usize> {
    let ps = &scene.phrases;
    let goods = |i: usize| {
        let chars = ps[i].text(scene.text).chars();
        matches!(ps[i].what, What::Unread)
            && (2..=6).contains(&chars.clone().count())
            && chars.clone().all(normalize::is_han)
            && ps.get(i + 1).is_some_and(|p| matches!(p.what, What::Amount(_)) && !p.is_separator())
            && (i == 0 || ps[i].spaced || ps[i - 1].is_separator())
    };
    let unknown: Vec<usize> = (0..ps.len()).filter(|i| goods(*i)).take(MOST_ITEMS).collect();
    let own = |i: usize| {
        let end = unknown.iter().copied().find(|u| *u > i).unwrap_or(ps.len());
        let next = named.iter().copied().find(|n| *n > i).unwrap_or(ps.len());
        ps[i + 1..end.min(next)].iter().any(|p| matches!(p.what, What::Amount(_)))
    };
    if !unknown.is_empty() && named.iter().all(|i| own(*i)) {
        named.extend(unknown);
        named.sort_unstable();
    }
    named
}

/// The root of what is let: land and houses.
pub(super) const LETTING: &str = "房地";

/// 想租20亩种烤烟: what is let is the land, not what grows there.
pub(super) fn goods_let(scene: &Scene<'_, '_>) -> Option<Item> {
    let ps = &scene.phrases;
    if !ps.iter().any(|p| p.has(Sign::Rent)) {
        return None;
    }
    let of_house = |name: &str| scene.grammar.items.path(name).last().is_some_and(|root| root == LETTING);
    let unit = ps.iter().find_map(|p| {
        let What::Amount(a) = p.what else { return None };
        let rooms = |u: &str| scene.grammar.items.iter().any(|x| x.unit.as_deref() == Some(u) && of_house(&x.name));
        scene.grammar.units.at(a.unit).filter(|u| u.dimension == "area" || rooms(&u.name))
    })?;
    let items = &scene.grammar.items;
    let counted = |name: &str| {
        let unit = items.path(name).iter().find_map(|n| items.get(n).and_then(|i| i.unit.as_deref()))?;
        scene.grammar.units.get(unit).map(|u| u.dimension.as_str())
    };
    // 门面出租,40平: what is let is named
    let house = |name: &str| items.path(name).last().is_some_and(|root| root == LETTING);
    let land = |p: &Phrase<'_>| {
        p.item().and_then(|x| items.at(x)).is_some_and(|x| counted(&x.name) == Some("area") || house(&x.name))
    };
    if ps.iter().any(land) {
        return None;
    }
    let item = items.iter().find(|x| x.unit.as_deref() == Some(&unit.name) && house(&x.name))?;
    Some(Item { name: item.name.clone(), said: String::new(), known: true })
}

/// What is done with each of several goods: 卖核桃20斤,收花椒. A verb speaks for what stands right behind it, else for
/// what was named before.
pub(super) fn each_verb(scene: &Scene<'_, '_>, named: &[usize], intent: Intent) -> Vec<Intent> {
    let ps = &scene.phrases;
    let same = vec![intent; named.len()];
    let asks = |p: &Phrase<'_>| {
        [Sign::Who, Sign::Where, Sign::IsThere, Sign::Ask].iter().any(|s| p.has(*s)) || matches!(p.what, What::Question)
    };
    if named.len() < 2 || !matches!(intent, Intent::Sell | Intent::Buy) || ps.iter().any(asks) {
        return same;
    }
    let mut said: Vec<Option<Intent>> = vec![None; named.len()];
    for (j, p) in ps.iter().enumerate() {
        let verb = |i| p.word().is_some_and(|w| w.is_verb(i, Force::Strong));
        let what = match (verb(Intent::Sell), verb(Intent::Buy)) {
            (true, false) => Intent::Sell,
            (false, true) => Intent::Buy,
            _ => continue,
        };
        if j > 0 && ps[j - 1].has(Sign::Not) {
            continue;
        }
        let tight = |n: usize| !ps[j + 1..=n].iter().take(SIGHT).any(|q| q.spaced || q.is_separator());
        let ahead = named.iter().position(|n| *n > j).filter(|k| named[*k] - j <= SIGHT && tight(named[*k]));
        let to = ahead.or_else(|| named.iter().rposition(|n| *n < j)).unwrap_or(0);
        said[to].get_or_insert(what);
    }
    let has = |i: Intent| said.contains(&Some(i));
    if !(has(Intent::Sell) && has(Intent::Buy)) {
        return same;
    }
    let mut last = said.iter().flatten().next().copied().unwrap_or(intent);
    said.into_iter()
        .map(|s| {
            last = s.unwrap_or(last);
            last
        })
        .collect()
}
