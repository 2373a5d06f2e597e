//! The sex of what a text is about.

use crate::command::Scene;
use crate::command::phrase::Phrase;
use crate::grammar::lexicon::{Kind, sex};
use crate::market::Sex;

/// The sex of what a text is about: that of its name, else the one said beside it; of goods only where they are animals.
pub(super) fn sex_of(scene: &Scene<'_, '_>, item: Option<usize>, trade: bool, said: Option<Sex>) -> Option<Sex> {
    let Some(p) = item.map(|i| &scene.phrases[i]) else { return said };
    let has_one = p.item().is_none_or(|x| scene.grammar.lexicon.kind(x) == Kind::Animal);
    if trade && !has_one {
        return None;
    }
    said.or_else(|| if has_one { sex_of_name(scene, p) } else { None })
}

/// 母猪, 水牯: the word itself says it; 沙牛: a character does that the canonical name lacks.
pub(in crate::command) fn sex_of_name(scene: &Scene<'_, '_>, p: &Phrase<'_>) -> Option<Sex> {
    if let Some(s) = p.word().and_then(sex) {
        return Some(s);
    }
    let item = scene.grammar.items.at(p.item()?)?;
    p.text(scene.text).chars().filter(|c| !item.name.contains(*c)).find_map(|c| {
        let mut b = [0; 4];
        scene.grammar.lexicon.word(c.encode_utf8(&mut b)).and_then(sex)
    })
}
