//! Commands that are known by their form: one word that is all (`帮助`), a digit, the number of a post with its verb
//! (`撤 807`, `807不卖了`), what is said of oneself and the service, a first word with its matter (`查 板蓝根`).

mod head;
mod own;
mod post;
mod stranger;
mod whole;

use super::phrase::Phrase;
use super::{Reading, Scene, partly};
use crate::grammar::lexicon::Sense;

pub use stranger::{forwarded, not_ours, unknown};

/// Reads a text by its form, if it has one of these.
pub fn read(scene: &Scene<'_, '_>) -> Option<Reading> {
    whole::whole(scene)
        .or_else(|| whole::choice(scene))
        .or_else(|| post::helped(scene))
        .or_else(|| post::named(scene))
        .or_else(|| own::that_one(scene))
        .or_else(|| own::corrects(scene))
        .or_else(|| partly::sold(scene))
        .or_else(|| own::read(scene))
        .or_else(|| head::read(scene))
}

/// 谢谢, thank you: beside a command they change nothing.
fn thanks(p: &Phrase<'_>) -> bool {
    p.word().is_some_and(|w| {
        !w.speaks_anywhere() && w.chars > 1 && w.senses.iter().all(|s| matches!(s, Sense::StrangerWhole(_)))
    })
}
