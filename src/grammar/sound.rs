//! How the words of the language sound and how they are typed, so that a slip is known for what it was meant to be.
//!
//! `天嘛` sounds like 天麻 (tianma), `水流` nearly like 水牛 (n and l are one in much of the south-west), `搭别` has the keys
//! of 搭车 on a telephone (32 243), `板蓝` lacks a character of 板蓝根. Every word is filed under a number made of each of
//! these; what is written is looked up under the same. Words of one character are too many that sound alike: which of
//! them is meant by a syllable alone is said in `commands.toml`.

use std::collections::{BTreeMap, HashMap, HashSet};

use pinyin::ToPinyin;

use super::item::Items;
use super::lexicon::{Lexicon, Sense};

/// Shorter words sound like too much else, longer ones are not typed.
pub const CHARS: std::ops::RangeInclusive<usize> = 2..=6;
/// Only words of so many characters are known by the others when one is wrong, missing or misplaced.
const FIRM: usize = 3;

/// In what a word is like what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Like {
    /// The same pinyin without tones.
    Sound,
    /// The same but for sounds that dialects merge.
    Near,
    /// The same keys of a telephone.
    Keys,
    /// The same characters.
    Same,
    /// All characters but the one at this place, which is missing (counted in the word), or another.
    Without(u8),
    But(u8),
}

/// A word that a slip may have been.
#[derive(Debug)]
pub struct Heard {
    pub text: Box<str>,
    /// Number in the lexicon.
    pub word: u32,
    pub chars: u8,
}

#[derive(Debug, Default)]
pub struct Sounds {
    words: Vec<Heard>,
    /// Numbers of words by key, in the order of the keys.
    index: Vec<(u64, u32)>,
    /// One bit a key, to spare most look-ups.
    filter: Vec<u64>,
    alone: BTreeMap<String, String>,
    first: BTreeMap<String, String>,
    counted: BTreeMap<String, String>,
    /// Characters with those that look like them.
    twins: HashMap<char, String>,
    /// Characters that names of goods are made of.
    naming: HashSet<char>,
    /// All syllables that these words have.
    syllables: HashSet<&'static str>,
}

const FILTER_BITS: u32 = 20;

impl Sounds {
    pub(super) fn build(items: &Items, lexicon: &Lexicon) -> Sounds {
        let mut sounds = Sounds {
            alone: lexicon.alone.clone(),
            first: lexicon.first.clone(),
            counted: lexicon.counted.clone(),
            ..Sounds::default()
        };
        for group in &lexicon.twins {
            for c in group.chars() {
                sounds.twins.entry(c).or_default().extend(group.chars().filter(|o| *o != c));
            }
        }
        let mut seen: HashMap<&str, u32> = HashMap::new();
        for (text, number) in lexicon.numbered() {
            let word = &lexicon.words[number as usize];
            let stranger =
                |s: &Sense| matches!(s, Sense::Stranger(_) | Sense::StrangerWhole(_) | Sense::StrangerTrait(_));
            let says =
                word.speaks_anywhere() && !word.senses.iter().all(stranger) || word.senses.iter().any(|s| !stranger(s));
            if CHARS.contains(&text.chars().count()) && says && !word.senses.iter().any(stranger) {
                seen.insert(text, number);
            }
        }
        let mut all: Vec<(&str, u32)> = seen.into_iter().collect();
        all.sort_unstable_by_key(|(_, number)| *number);
        for (text, number) in all {
            sounds.file(text, number);
        }
        sounds.index.sort_unstable();
        sounds.index.dedup();
        sounds.filter = vec![0; 1 << (FILTER_BITS - 6)];
        for (key, _) in &sounds.index {
            let (at, bit) = filter_bit(*key);
            sounds.filter[at] |= bit;
        }
        sounds.naming =
            items.iter().flat_map(|i| std::iter::once(&i.name).chain(&i.also)).flat_map(|w| w.chars()).collect();
        sounds
    }

    fn file(&mut self, text: &str, word: u32) {
        let chars: Vec<char> = text.chars().collect();
        let Some(syllables) = chars.iter().map(|c| syllable(*c)).collect::<Option<Vec<_>>>() else { return };
        self.syllables.extend(&syllables);
        let at = self.words.len() as u32;
        self.words.push(Heard { text: text.into(), word, chars: chars.len() as u8 });
        for like in [Like::Sound, Like::Near, Like::Keys] {
            let key = syllables.iter().fold(Key::new(like), |k, s| k.syllable(s));
            self.index.push((key.0, at));
        }
        if chars.len() < FIRM {
            return;
        }
        self.index.push((chars.iter().fold(Key::new(Like::Same), |k, c| k.char(*c)).0, at));
        for gone in 0..chars.len() {
            let others = || chars.iter().enumerate().filter(move |(i, _)| *i != gone);
            for like in [Like::Without(0), Like::But(gone as u8)] {
                self.index.push((others().fold(Key::new(like), |k, (_, c)| k.char(*c)).0, at));
            }
        }
    }

    /// The words filed under a key.
    pub fn find(&self, key: Key) -> impl Iterator<Item = &Heard> {
        let (at, bit) = filter_bit(key.0);
        let hit = self.filter.get(at).is_some_and(|f| f & bit != 0);
        let from = if hit { self.index.partition_point(|(k, _)| *k < key.0) } else { self.index.len() };
        self.index[from..].iter().take_while(move |(k, _)| *k == key.0).map(|(_, n)| &self.words[*n as usize])
    }

    /// What a syllable means that stands alone.
    pub fn alone(&self, syllable: &str) -> Option<&str> {
        self.alone.get(syllable).map(String::as_str)
    }

    /// What a syllable means right behind a number: 500困.
    pub fn counted(&self, syllable: &str) -> Option<&str> {
        self.counted.get(syllable).map(String::as_str).or_else(|| self.alone(syllable))
    }

    /// The characters that look like one: 士 for 土, 粟 for 栗.
    pub fn twins(&self, c: char) -> impl Iterator<Item = char> + '_ {
        self.twins.get(&c).into_iter().flat_map(|t| t.chars())
    }

    /// The word of this very text, where slips may lead to it.
    pub fn heard(&self, text: &str) -> Option<&Heard> {
        let syllables = text.chars().map(syllable).collect::<Option<Vec<_>>>()?;
        let key = syllables.iter().fold(Key::new(Like::Sound), |k, s| k.syllable(s));
        self.find(key).find(|h| &*h.text == text)
    }

    /// What a word at the head of a text is a slip for: 那里收 is 哪里收.
    pub fn first(&self, word: &str) -> Option<&str> {
        self.first.get(word).map(String::as_str)
    }

    /// The syllables of a word in letters; spaces part them too.
    pub fn split<'a>(&self, letters: &'a str) -> Option<Vec<&'a str>> {
        let mut out = Vec::new();
        for run in letters.split(' ').filter(|r| !r.is_empty()) {
            self.split_run(run, &mut out).then_some(())?;
        }
        Some(out)
    }

    fn split_run<'a>(&self, run: &'a str, out: &mut Vec<&'a str>) -> bool {
        if run.is_empty() {
            return true;
        }
        // The longest first, of few enough that trying others costs nothing.
        for len in (1..=run.len().min(6)).rev() {
            if out.len() < 6 && run.is_char_boundary(len) && self.syllables.contains(&run[..len]) {
                out.push(&run[..len]);
                if self.split_run(&run[len..], out) {
                    return true;
                }
                out.pop();
            }
        }
        false
    }

    /// Whether no name of goods has this character: where it stands in one it is a slip.
    pub fn is_foreign(&self, c: char) -> bool {
        !self.naming.contains(&c)
    }
}

fn filter_bit(key: u64) -> (usize, u64) {
    let bit = key >> (64 - FILTER_BITS);
    ((bit >> 6) as usize, 1 << (bit & 63))
}

/// What a word is filed under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(u64, Like);

impl Key {
    pub fn new(like: Like) -> Key {
        let (kind, place) = match like {
            Like::Sound => (1, 0),
            Like::Near => (2, 0),
            Like::Keys => (3, 0),
            Like::Same => (4, 0),
            Like::Without(_) => (5, 0),
            Like::But(place) => (6, place),
        };
        Key(0xcbf2_9ce4_8422_2325, like).fold(kind).fold(place)
    }

    fn fold(self, byte: u8) -> Key {
        // The last step turns high bits with low ones, for the filter goes by the high ones.
        let n = (self.0 ^ u64::from(byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Key(n ^ (n >> 29), self.1)
    }

    pub fn char(self, c: char) -> Key {
        (c as u32).to_le_bytes().into_iter().take(3).fold(self, Key::fold)
    }

    /// A syllable of pinyin, as this likeness hears it.
    pub fn syllable(self, syllable: &str) -> Key {
        match self.1 {
            Like::Near => {
                let (start, rest) = merged(syllable);
                self.letters(start).letters(rest)
            }
            _ => self.letters(syllable),
        }
    }

    /// The key in half the room.
    pub fn short(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Letters of pinyin as they are typed.
    pub fn letters(self, letters: &str) -> Key {
        letters.chars().fold(self, |k, c| {
            let c = if c == 'ü' { b'v' } else { c as u8 };
            k.fold(if self.1 == Like::Keys { digit(c) } else { c })
        })
    }
}

/// The pinyin of a character, without its tone.
pub fn syllable(c: char) -> Option<&'static str> {
    Some(c.to_pinyin()?.plain())
}

/// The tone of a character.
pub fn tone(c: char) -> Option<u8> {
    c.to_pinyin()?.with_tone_num_end().bytes().find(u8::is_ascii_digit)
}

/// The key of a telephone that has this letter.
pub fn digit(letter: u8) -> u8 {
    match letter {
        b'a'..=b'c' => b'2',
        b'd'..=b'f' => b'3',
        b'g'..=b'i' => b'4',
        b'j'..=b'l' => b'5',
        b'm'..=b'o' => b'6',
        b'p'..=b's' => b'7',
        b't'..=b'v' => b'8',
        _ => b'9',
    }
}

/// Whether two syllables have the same keys, or all but one: another, or one more.
pub fn one_key_off(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a.as_bytes(), b.as_bytes()) } else { (b.as_bytes(), a.as_bytes()) };
    let same = |(a, b): (&u8, &u8)| digit(*a) == digit(*b);
    let start = short.iter().zip(long).take_while(|p| same(*p)).count();
    let rest = short.len().min(start + usize::from(short.len() == long.len()));
    let (x, y) = (&short[rest..], long.get(start + 1..).unwrap_or_default());
    x.len() == y.len() && x.iter().zip(y).all(same)
}

/// One form for sounds that are easily taken for each other: zh/z, ch/c, sh/s, n/l, h/f before u, and -ng/-n.
pub fn merged(syllable: &str) -> (&'static str, &str) {
    let (start, rest) = ["zh", "ch", "sh", "n", "hu"]
        .iter()
        .zip(["z", "c", "s", "l", "f"])
        .find_map(|(from, to)| syllable.strip_prefix(from).map(|rest| (to, rest)))
        .unwrap_or(("", syllable));
    // hu is fu, hui fei, hun fen.
    let rest = match (start, rest) {
        ("f", "") => "u",
        ("f", "i") => "ei",
        ("f", "n") => "en",
        _ => rest,
    };
    // jie and zhe, xue and so on stay apart; only the ending is merged.
    (start, rest.strip_suffix('g').filter(|r| r.ends_with('n')).unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_that_dialects_merge_are_one() {
        for (a, b) in
            [("niu", "liu"), ("zhang", "zan"), ("shu", "su"), ("huang", "fang"), ("hu", "fu"), ("xing", "xin")]
        {
            let key = |s| Key::new(Like::Near).syllable(s);
            assert_eq!(key(a), key(b), "{a} {b}");
            assert_ne!(Key::new(Like::Sound).syllable(a), Key::new(Like::Sound).syllable(b), "{a} {b}");
        }
        assert_eq!(Key::new(Like::Keys).syllable("che"), Key::new(Like::Keys).syllable("bie"));
        assert!(one_key_off("mai", "nai") && one_key_off("mai", "wai") && one_key_off("lan", "jian"));
        assert!(one_key_off("mai", "mai") && !one_key_off("mai", "shou") && !one_key_off("niu", "ban"));
    }
}
