//! `已卖50斤`, `板蓝根卖了50斤`: a part of what somebody has is gone.

use super::phrase::{Phrase, What, light};
use super::{Reading, Scene, slots};
use crate::grammar::Intent;
use crate::grammar::lexicon::Force;

/// Phrases of such a text; what is longer tells more.
const PHRASES: usize = 8;

/// Reads a text that is nothing but a word of deals, an amount right behind it, and at most the thing before.
pub fn sold(scene: &Scene<'_, '_>) -> Option<Reading> {
    let ps: Vec<&Phrase<'_>> = scene.phrases.iter().filter(|p| !p.is_separator()).collect();
    if ps.len() > PHRASES {
        return None;
    }
    let at = ps.iter().position(|p| matches!(p.what, What::Amount(_)))?;
    let What::Amount(amount) = ps[at].what else { return None };
    // 卖了, 已卖: one word of deals, however many phrases it was cut into
    let verb = (0..at).rev().take(3).find(|i| {
        let word = scene.grammar.lexicon.word(&scene.text[ps[*i].start as usize..ps[at - 1].end as usize]);
        word.is_some_and(|w| w.is_verb(Intent::Deal, Force::Post) || w.is_verb(Intent::Deal, Force::Strong))
    })?;
    let before = &ps[..verb];
    let item = before.iter().find(|p| p.item().is_some());
    let said = |p: &&Phrase<'_>| p.item().is_some() || light(p);
    if before.iter().filter(|p| p.item().is_some()).count() > 1
        || !before.iter().all(said)
        || !ps[at + 1..].iter().all(|p| light(p))
    {
        return None;
    }
    Some(Reading {
        item: item.map(|p| slots::known_item(scene, p)),
        quantity: Some(slots::quantity(scene, &amount)),
        ..Reading::of(Intent::Deal)
    })
}
