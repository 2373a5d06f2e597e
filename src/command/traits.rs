//! What a text says of its thing or person: colour and ears of an ox, the name on a paper, how old somebody is. See
//! `grammar/terms.toml` for the words; [`crate::market::Traits`] for what is made of them.

use super::normalize::is_han;
use super::terms::clauses;
use super::years::{self, Built, Years};
use super::{Reading, Scene};
use crate::grammar::Intent;
use crate::grammar::board::Board;
use crate::grammar::lexicon::{Kind, sex};
use crate::grammar::terms::{Group, Parts};
use crate::market::{Sex, Traits};

/// Digits in a word of letters and digits that make it a number to know a thing by.
const DIGITS: usize = 4;

/// All that is said. Demands of people are put into the reading's terms.
pub(super) fn traits(scene: &Scene<'_, '_>, board: &Board, r: &mut Reading, text: &str) -> Traits {
    let mut t = Traits { said: said_of(scene, board, text), ..Traits::default() };
    let kind = r.item.as_ref().and_then(|i| scene.grammar.items.word(&i.name)).map(|i| scene.grammar.lexicon.kind(i));
    let missing = matches!(r.intent, Intent::Lost | Intent::Found);
    if missing {
        if kind == Some(Kind::Animal) {
            t.said.extend(owned(&scene.grammar.terms.parts, text));
            t.said.extend(wholeness(&scene.grammar.terms.parts, text));
        }
        t.said.extend(sides(&scene.grammar.terms.parts, text));
        t.name = name(scene, r, text);
        let numbers = r.marks.iter().flat_map(|m| m.split(|c: char| !c.is_ascii_alphanumeric()));
        let long = |w: &&str| w.chars().filter(char::is_ascii_digit).count() >= DIGITS;
        t.numbers = numbers.filter(long).filter(|w| r.phone.as_deref() != Some(*w)).map(str::to_string).collect();
    }
    if kind == Some(Kind::Animal) && !missing {
        t.sex = r.item.as_ref().and_then(|i| named_sex(scene, &i.name, &i.said));
    }
    if board.rules.people && (!missing || kind == Some(Kind::Person)) {
        people(scene, r, text, &mut t);
    }
    let words = &scene.grammar.terms.made;
    if words.boards.contains(&board.name) {
        match years::made(words, text, u16::try_from(scene.now.beijing().year()).unwrap_or(u16::MAX)) {
            Some(Built::In(year)) if r.intent == Intent::Buy => r.terms.made = Some((year, year)),
            Some(Built::In(year)) => t.year = Some(year),
            Some(Built::Wanted(from, to)) => r.terms.made = Some((from, to)),
            None => {}
        }
    }
    t.said.sort();
    t.said.dedup();
    t
}

/// 公牛: the sex is in the word, where the item's own name lacks it.
fn named_sex(scene: &Scene<'_, '_>, name: &str, said: &str) -> Option<Sex> {
    said.chars().filter(|c| !name.contains(*c)).find_map(|c| {
        let mut b = [0; 4];
        scene.grammar.lexicon.word(c.encode_utf8(&mut b)).and_then(sex)
    })
}

/// The values of all groups of a board that a text names.
pub(super) fn said_of(scene: &Scene<'_, '_>, board: &Board, text: &str) -> Vec<String> {
    let groups = scene.grammar.terms.traits.iter().filter(|g| g.boards.contains(&board.name));
    groups.flat_map(|g| values(g, &scene.grammar.terms.parts, text)).collect()
}

fn values(group: &Group, parts: &Parts, text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mark = if group.opposed { "" } else { "~" };
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let here = &text[at..];
        let not = group.not.iter().filter(|w| here.starts_with(w.as_str())).map(String::len).max().unwrap_or(0);
        let words = group.value.iter().flat_map(|v| v.words.iter().map(move |w| (w, v)));
        let longest = words.filter(|(w, _)| here.starts_with(w.as_str())).max_by_key(|(w, _)| w.len());
        match longest {
            Some((w, v)) if w.len() > not => {
                let part = group.parts.then(|| part_of(parts, &text[..at], &text[at + w.len()..])).flatten();
                let key = part.map_or(group.key.clone(), |p| format!("{}/{p}", group.key));
                out.extend(v.is.iter().map(|value| format!("{mark}{key}:{value}")));
                at += w.len();
            }
            _ => at += not.max(first.len_utf8()),
        }
    }
    if let Some(first) = group.first.as_ref().map(|f| format!("{mark}{}:{f}", group.key))
        && out.contains(&first)
    {
        out = vec![first];
    }
    out
}

/// Of which part a colour is: 红衣服, 尾巴是白的.
fn part_of(parts: &Parts, before: &str, after: &str) -> Option<String> {
    let names = |f: &dyn Fn(&str) -> bool| parts.names.iter().find(|n| f(n)).map(|n| short(parts, n));
    let mut after = after;
    for filler in ["颜色", "色", "毛", "的", "了"] {
        after = after.strip_prefix(filler).unwrap_or(after);
    }
    if !parts.not.iter().any(|w| after.starts_with(w.as_str()))
        && let Some(part) = names(&|n| after.starts_with(n))
    {
        return Some(part);
    }
    let mut before = before.rsplit(' ').next().unwrap_or(before);
    for _ in 0..4 {
        let counted = before.strip_suffix('头').and_then(|b| b.chars().next_back());
        if counted.is_some_and(|c| parts.counts.contains(c)) {
            return None;
        }
        if let Some(part) = names(&|n| before.ends_with(n)) {
            return (!parts.not.iter().any(|w| before.ends_with(w.as_str()))).then_some(part);
        }
        let fillers = [
            "是", "有块", "有点", "有", "上", "块", "一", "撮", "条", "点", "戴", "个", "系", "穿", "全", "毛", "是块",
        ];
        let shorter = fillers.iter().find_map(|f| before.strip_suffix(f))?;
        before = shorter;
    }
    None
}

/// 衣服 and 上衣 are one part: that of the one character both have.
fn short(parts: &Parts, name: &str) -> String {
    let single = name.chars().find(|c| parts.names.iter().any(|n| n.chars().eq([*c])));
    single.map_or_else(|| name.to_string(), String::from)
}

/// 有角, 没有角.
fn owned(parts: &Parts, text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for clause in clauses(text) {
        if parts.not.iter().any(|w| clause.contains(w.as_str())) {
            continue;
        }
        for part in &parts.owned {
            let Some(at) = clause.find(part.as_str()) else { continue };
            let none = parts.none.iter().any(|n| clause[..at].ends_with(n.as_str()));
            out.push(format!("has/{part}:{}", if none { "无" } else { "有" }));
        }
    }
    out
}

/// 断了一只角, 两只角都好好的: whether a part that all have is whole.
fn wholeness(parts: &Parts, text: &str) -> Vec<String> {
    let Some(broken) = parts.flaws.get("损") else { return Vec::new() };
    let mut out = Vec::new();
    for clause in clauses(text).into_iter().filter(|c| !parts.not.iter().any(|w| c.contains(w.as_str()))) {
        let Some(part) = parts.owned.iter().find(|p| clause.contains(p.as_str())) else { continue };
        let says = |words: &[String]| words.iter().any(|w| clause.contains(w.as_str()));
        match (says(&parts.whole), says(broken)) {
            (true, _) => out.push(format!("whole/{part}:全")),
            (false, true) => out.push(format!("whole/{part}:损")),
            _ => {}
        }
    }
    out
}

/// 左耳缺口: on which side a part has what.
fn sides(parts: &Parts, text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for clause in clauses(text) {
        for (side, words) in [("左", &parts.left), ("右", &parts.right)] {
            let Some(at) = words.iter().find_map(|w| clause.find(w.as_str()).map(|i| i + w.len())) else { continue };
            let rest = clause[at..].trim_start_matches(['边', '侧', '前', '后', '面', '只', '的']);
            let Some(part) = parts.names.iter().find(|n| rest.starts_with(n.as_str())) else { continue };
            let tail = &rest[part.len()..];
            let flaw = parts.flaws.iter().find(|(_, words)| words.iter().any(|w| tail.contains(w.as_str())));
            out.extend(flaw.map(|(flaw, _)| format!("side/{}/{flaw}:{side}", short(parts, part))));
        }
    }
    out
}

/// The name on a paper: after a word that says so, or a mark that looks like one.
fn name(scene: &Scene<'_, '_>, r: &Reading, text: &str) -> Option<String> {
    let words = &scene.grammar.terms.people;
    let path = r.item.as_ref().map(|i| scene.grammar.items.path(&i.name)).unwrap_or_default();
    if !path.iter().any(|n| words.papers.contains(n)) {
        return None;
    }
    let surname = |s: &str| s.chars().next().is_some_and(|c| words.surnames.contains(c));
    let like_one = |s: &str| {
        let s: String = s.trim_start_matches(['是', '为']).chars().take_while(|c| is_han(*c)).collect();
        let s = s.trim_end_matches('的').to_string();
        (surname(&s) && (2..=4).contains(&s.chars().count())).then_some(s)
    };
    let mut named = words.named.iter().filter_map(|w| text.find(w.as_str()).map(|at| &text[at + w.len()..]));
    if let Some(name) = named.find_map(like_one) {
        return Some(name);
    }
    let of_family = text.find('姓').map(|at| text[at + '姓'.len_utf8()..].trim_start_matches('是'));
    if let Some(c) = of_family.filter(|s| surname(s)).and_then(|s| s.chars().next()) {
        return Some(c.to_string());
    }
    let told = |m: &String| like_one(m).filter(|n| n.len() + 3 >= m.len() && scene.grammar.lexicon.word(n).is_none());
    let contact = words.contact.iter().any(|w| text.contains(w.as_str())) || r.phone.is_some();
    r.marks.iter().find_map(told).or_else(|| r.name.clone().filter(|_| !contact))
}

/// Men and women, and how old.
fn people(scene: &Scene<'_, '_>, r: &mut Reading, text: &str, t: &mut Traits) {
    let words = &scene.grammar.terms.people;
    let friends = r.intent == Intent::Friend;
    let hires = r.intent == Intent::Hire;
    let mut masked = text.to_string();
    for w in &words.both {
        masked = masked.replace(w.as_str(), "");
    }
    let first = |list: &[String], text: &str| list.iter().filter_map(|w| text.find(w.as_str())).min();
    let either = |m: Option<usize>, f: Option<usize>| match (m, f) {
        (Some(m), Some(f)) => Some(if m < f { Sex::Male } else { Sex::Female }),
        (Some(_), None) => Some(Sex::Male),
        (None, Some(_)) => Some(Sex::Female),
        (None, None) => None,
    };
    if friends {
        let after = first(&words.looks, &masked).map_or("", |at| &masked[at..]);
        r.terms.sex = either(first(&words.wants_male, after), first(&words.wants_female, after));
        // what is looked for is not what one is
        for w in words.wants_male.iter().chain(&words.wants_female).filter(|w| w.chars().count() > 1) {
            let own = ["我是女的", "我是男的"].iter().any(|o| masked.contains(o));
            if !own {
                masked = masked.replace(w.as_str(), "");
            }
        }
        let other = r.terms.sex.map(|s| if s == Sex::Male { Sex::Female } else { Sex::Male });
        // 小伙 28, 帮我儿子找: by the word for him, where neither 男 nor 女 says it
        let word = either(first(&words.male, &masked), first(&words.female, &masked));
        t.sex = either(masked.find('男'), masked.find('女')).or(word.filter(|_| other.is_none())).or(other);
    } else if matches!(r.intent, Intent::Lost | Intent::Found) {
        t.sex = either(first(&words.male, &masked), first(&words.female, &masked));
    } else {
        let sex = either(masked.find('男'), masked.find('女'));
        // 只租给女的, 只带女的: whom one would have
        let only = first(&words.only, &masked).is_some();
        if hires || only { r.terms.sex = sex } else { t.sex = sex }
    }
    // 男 58 找工作: a bare number behind one's sex
    let bare = friends || r.intent == Intent::Seek;
    for Years { from, to, limit, at } in years::years(text, bare) {
        let before = text[..at].trim_end_matches([' ', ',']);
        let said = text[at..].trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('岁');
        if !friends && bare && !said && !limit && from == to && !before.ends_with(['男', '女']) {
            continue;
        }
        let clause = text[..at].rsplit(' ').next().unwrap_or_default();
        let looked_for =
            first(&words.looks, clause).is_some() && !words.own.iter().any(|w| clause.contains(w.as_str()));
        let wanted = limit || hires || friends && looked_for;
        match wanted {
            true if limit || from != to || friends => r.terms.age = Some((from, to)),
            true => {}
            false => t.age = t.age.or(Some((from, to))),
        }
    }
    if let (true, Some((own, _))) = (friends, t.age)
        && r.terms.age.is_none()
    {
        let says = |list: &[String]| first(list, text).is_some();
        r.terms.age = match (says(&words.older), says(&words.younger)) {
            (true, false) => Some((own, years::OLDEST)),
            (false, true) => Some((0, own)),
            _ => None,
        };
    }
}
