//! Whose name a text gives: 联系人杨师傅, 杨秀英 138…, 户名潘启芬, ——老王; and who is looked for without one.

use crate::command::phrase::{Phrase, What};
use crate::command::things::names_item;
use crate::command::{Item, Scene};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Force, Sign};

/// 联系人杨师傅, 杨秀英 138….
pub(super) fn contact_name(scene: &Scene<'_, '_>, used: &mut [bool]) -> Option<String> {
    let ps = &scene.phrases;
    if let Some(i) = ps.iter().position(|p| matches!(p.what, What::Name)) {
        used[i] = true;
        return Some(ps[i].text(scene.text).to_string());
    }
    let short =
        |i: usize| matches!(ps[i].what, What::Unread) && (2..=4).contains(&ps[i].text(scene.text).chars().count());
    let cue = ps
        .iter()
        .position(|p| p.has(Sign::ContactName))
        .map(|i| i + 1)
        .map(|i| if ps.get(i).is_some_and(Phrase::is_separator) { i + 1 } else { i });
    let by_phone = ps.iter().position(|p| matches!(p.what, What::Phone)).and_then(|i| i.checked_sub(1));
    if let Some(name) = on_a_paper(scene, used) {
        return Some(name);
    }
    // 我叫石老三: all up to the next mark, whatever its characters mean elsewhere.
    let called = ps.iter().position(|p| p.has(Sign::Naming) && matches!(p.what, What::Word(w) if w.chars > 1));
    if let Some(i) = called.filter(|i| i + 1 < ps.len()) {
        let stops = |p: &Phrase<'_>| p.is_separator() || p.spaced && p.start > ps[i].end + 1;
        let end = ps[i + 1..].iter().position(stops).map_or(ps.len(), |n| i + 1 + n);
        let name = scene.text[ps[i].end as usize..ps[end - 1].end as usize].trim();
        // 我是商河县的 tells the place
        let trade =
            ps[i + 1..end].iter().any(|p| names_item(p) || matches!(p.what, What::Place(_)) || p.has(Sign::Belongs));
        if end > i + 1
            && !trade
            && (2..=4).contains(&name.chars().count())
            && name.chars().all(crate::command::normalize::is_han)
        {
            used[i..end].fill(true);
            return Some(name.to_string());
        }
    }
    // 找李老师 139…: whom to ask for, before his number, whatever his characters mean elsewhere.
    if let Some(end) = ps.iter().position(|p| matches!(p.what, What::Phone)) {
        let asks = |p: &Phrase<'_>| matches!(p.what, What::Word(w) if w.is_verb(Intent::Hire, Force::Hint) && w.is_verb(Intent::Lost, Force::Hint) || p.has(Sign::Polite) && w.chars > 1);
        let from = (0..end).rev().take(4).take_while(|i| !ps[*i].is_separator()).find(|i| asks(&ps[*i]));
        if let Some(i) = from.filter(|i| i + 1 < end && !ps[i + 1].spaced) {
            let name = scene.text[ps[i].end as usize..ps[end].start as usize].trim();
            let fits = (2..=4).contains(&name.chars().count()) && name.chars().all(crate::command::normalize::is_han);
            if fits && !ps[i + 1..end].iter().any(names_item) {
                used[i..end].fill(true);
                return Some(name.to_string());
            }
        }
    }
    let behind = ps.iter().position(|p| matches!(p.what, What::Phone)).map(|i| i + 1).filter(|i| i + 1 == ps.len());
    if let Some(i) = behind.filter(|i| short(*i)) {
        used[i] = true;
        return Some(ps[i].text(scene.text).to_string());
    }
    if let Some(name) = signed(scene, used) {
        return Some(name);
    }
    let i = cue.into_iter().chain(by_phone).find(|i| *i < ps.len() && short(*i) && !used[*i])?;
    if cue != Some(i)
        && !ps[i].spaced
        && !i.checked_sub(1).is_some_and(|j| {
            let seeks = matches!(ps[j].what, What::Word(w) if w.is_verb(Intent::Hire, Force::Hint) && w.is_verb(Intent::Lost, Force::Hint));
            ps[j].is_separator() || ps[j].has(Sign::Polite) || seeks
        })
    {
        return None;
    }
    used[i] = true;
    Some(ps[i].text(scene.text).to_string())
}

/// 户名潘启芬, 名叫龙小妹: two or three characters behind the word, the first a surname, whatever they mean elsewhere.
fn on_a_paper(scene: &Scene<'_, '_>, used: &mut [bool]) -> Option<String> {
    let ps = &scene.phrases;
    let cue = ps.iter().position(|p| p.has(Sign::ContactName) && matches!(p.what, What::Word(w) if w.chars > 1))?;
    let from = if ps.get(cue + 1).is_some_and(Phrase::is_separator) { cue + 2 } else { cue + 1 };
    let first = ps.get(from)?.text(scene.text).chars().next()?;
    if !scene.grammar.terms.people.surnames.contains(first) {
        return None;
    }
    let start = ps[from].start as usize;
    // at the end of a phrase, three characters before two
    let ends = (from..ps.len()).take(4).take_while(|i| *i == from || !ps[*i].spaced && !ps[*i].is_separator());
    let fits = |i: usize, n: usize| {
        let name = &scene.text[start..ps[i].end as usize];
        (name.chars().count() == n && name.chars().all(crate::command::normalize::is_han))
            .then(|| (i, name.to_string()))
    };
    let ends: Vec<usize> = ends.collect();
    let (end, name) = [3, 2, 4].iter().find_map(|n| ends.iter().find_map(|i| fits(*i, *n)))?;
    used[cue..=end].fill(true);
    Some(name)
}

/// ——老王: a name behind a dash at the end.
fn signed(scene: &Scene<'_, '_>, used: &mut [bool]) -> Option<String> {
    let ps = &scene.phrases;
    let i = ps.iter().rposition(|p| matches!(p.what, What::Mark) && p.text(scene.text) == "-")?;
    let name = scene.text[ps[i].end as usize..].trim();
    let known = |p: &Phrase<'_>| !matches!(p.what, What::Unread | What::Word(_) | What::Item { .. } | What::Compound);
    let named =
        scene.grammar.lexicon.signers.iter().any(|s| name.starts_with(s.as_str()) || name.ends_with(s.as_str()));
    let ok = named
        && (2..=4).contains(&name.chars().count())
        && name.chars().all(crate::command::normalize::is_han)
        && !ps[i + 1..].iter().any(|p| known(p) || p.word().is_some_and(|w| w.verbs(Force::Strong).next().is_some()));
    if !ok {
        return None;
    }
    used[i + 1..].fill(true);
    Some(name.to_string())
}

/// 寻人 男 72岁: somebody who is called nothing, by how old he is.
pub(super) fn somebody(scene: &Scene<'_, '_>) -> Option<Item> {
    let person = |p: &Phrase<'_>| {
        p.has(Sign::Strays) && (scene.text.contains('男') || scene.text.contains('女') || scene.text.contains('岁'))
            || p.text(scene.text) == "寻人"
    };
    let said = scene.phrases.iter().find(|p| person(p))?.text(scene.text).to_string();
    let years = crate::command::years::years(scene.text, false);
    let old = |least: u32| years.iter().any(|y| u32::from(y.from) >= least);
    let young = years.iter().any(|y| u32::from(y.to) <= 14);
    let name = match () {
        () if old(60) => "老人",
        () if young => "小孩",
        () => return Some(Item { name: "人".to_string(), said, known: false }),
    };
    let known = scene.grammar.items.get(name).is_some();
    Some(Item { name: name.to_string(), said, known })
}
