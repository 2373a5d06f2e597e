//! How the words of the lexicon sound: pinyin without tones, and with the sounds that dialects merge made one.
//!
//! `天嘛` sounds like 天麻 (tianma), `水流` nearly like 水牛 (n and l are one in much of the south-west).

use std::collections::HashMap;

use pinyin::ToPinyin;

use super::item::Items;

/// Shorter words sound like too much else.
pub const MIN_CHARS: usize = 2;

/// Words by their sound. Where several sound alike none is kept: nobody could say which was meant.
#[derive(Debug, Default)]
pub struct Sounds {
    exact: HashMap<Box<str>, Option<Box<str>>>,
    near: HashMap<Box<str>, Option<Box<str>>>,
    spelled: HashMap<Box<str>, Option<Box<str>>>,
}

impl Sounds {
    /// Work comes after things: a word of work that sounds like a thing (养鱼, 洋芋) leaves its sound to the thing.
    pub(super) fn build(items: &Items, work: impl Fn(u32) -> bool) -> Sounds {
        let mut sounds = Sounds::default();
        let (trades, things): (Vec<u32>, Vec<u32>) = (0..items.iter().count() as u32).partition(|i| work(*i));
        for index in things {
            sounds.add(items, index);
        }
        let mut works = Sounds::default();
        for index in trades {
            works.add(items, index);
        }
        for (all, more) in
            [(&mut sounds.exact, works.exact), (&mut sounds.near, works.near), (&mut sounds.spelled, works.spelled)]
        {
            for (key, word) in more {
                all.entry(key).or_insert(word);
            }
        }
        sounds
    }

    fn add(&mut self, items: &Items, index: u32) {
        let Some(item) = items.at(index) else { return };
        for word in std::iter::once(&item.name).chain(&item.also) {
            let same = |a: &str| items.word(a) == items.word(word);
            if !(MIN_CHARS..=6).contains(&word.chars().count()) {
                continue;
            }
            let (Some(exact), Some(near)) = (key(word, false), key(word, true)) else { continue };
            put(&mut self.spelled, exact.replace(' ', ""), word, same);
            put(&mut self.exact, exact, word, same);
            put(&mut self.near, near, word, same);
        }
    }

    /// The word that sounds like `written`, or nearly so.
    pub fn find(&self, written: &str, near: bool) -> Option<&str> {
        let key = key(written, near)?;
        if near { self.near.get(key.as_str()) } else { self.exact.get(key.as_str()) }?.as_deref()
    }

    /// The word that is spelled so in pinyin, without tones and spaces.
    pub fn spelled(&self, pinyin: &str) -> Option<&str> {
        self.spelled.get(pinyin)?.as_deref()
    }
}

fn put(map: &mut HashMap<Box<str>, Option<Box<str>>>, key: String, word: &str, same: impl Fn(&str) -> bool) {
    map.entry(key.into_boxed_str())
        .and_modify(|there| {
            // Two words of one item may sound alike; words of two items may not.
            if there.as_deref().is_some_and(|w| !same(w)) {
                *there = None;
            }
        })
        .or_insert_with(|| Some(word.into()));
}

/// Whether two words have the same tones, syllable by syllable.
pub fn same_tones(a: &str, b: &str) -> bool {
    let tone = |c: char| c.to_pinyin().and_then(|p| p.with_tone_num_end().bytes().find(u8::is_ascii_digit));
    a.chars().map(tone).eq(b.chars().map(tone))
}

/// The sound of a word, its syllables parted by spaces; `None` where a character has none.
fn key(word: &str, near: bool) -> Option<String> {
    let mut out = String::with_capacity(word.len() * 2);
    for c in word.chars() {
        let syllable = c.to_pinyin()?.plain();
        if !out.is_empty() {
            out.push(' ');
        }
        if near { merge(syllable, &mut out) } else { out.push_str(syllable) }
    }
    Some(out)
}

/// One form for sounds that are easily taken for each other: zh/z, ch/c, sh/s, n/l, h/f before u, and -ng/-n.
fn merge(syllable: &str, out: &mut String) {
    let rest = if let Some(r) = syllable.strip_prefix("zh") {
        out.push('z');
        r
    } else if let Some(r) = syllable.strip_prefix("ch") {
        out.push('c');
        r
    } else if let Some(r) = syllable.strip_prefix("sh") {
        out.push('s');
        r
    } else if let Some(r) = syllable.strip_prefix('n') {
        out.push('l');
        r
    } else if let Some(r) = syllable.strip_prefix("hu") {
        out.push('f');
        r
    } else {
        syllable
    };
    // jie and zhe, xue and so on stay apart; only the ending is merged.
    out.push_str(rest.strip_suffix('g').filter(|r| r.ends_with('n')).unwrap_or(rest));
}
