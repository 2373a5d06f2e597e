//! Questions: what is looked up, what is asked of the station, how a thing is done.

use super::facts::Facts;
use super::{HINT, STRONG, Scores, posts};
use crate::command::phrase::{Phrase, What};
use crate::grammar::Intent;
use crate::grammar::lexicon::{Kind, Sense, Sign};

/// An official matter with a word of asking is a guide.
pub fn official(f: &Facts, phrases: &[Phrase<'_>], s: &mut Scores) {
    if !phrases.iter().any(|p| p.word().is_some_and(|w| w.has(Sign::GuideTopic))) {
        return;
    }
    let how = phrases.iter().any(|p| p.has(Sign::How));
    let doing = how || phrases.iter().any(|p| matches!(p.what, What::Word(w) if w.senses.iter().any(|s| matches!(s, Sense::Verb(Intent::Guide | Intent::Ask, _)))));
    if doing || f.where_ || f.asks {
        s.add(Intent::Guide, STRONG + 2);
    }
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
        if f.own && board >= STRONG - 2 {
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
    let offers = f.sum && s.get(Intent::Seek) > 0 && f.kind == Some(Kind::Trade);
    if (question || f.where_ || ask_have || ask_verb) && !f.own && !offers && !offered && others < STRONG {
        s.at_least(Intent::Search, trade.max(HINT) + 8);
    }
}

/// Whether nothing so far speaks of goods or work.
fn trade_free(s: &Scores) -> bool {
    [Intent::Sell, Intent::Buy, Intent::Hire, Intent::Seek].iter().all(|i| s.get(*i) == 0)
}
