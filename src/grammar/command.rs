//! The words of the command language: `grammar/commands.toml`, `numbers.toml` and `dates.toml`, as they are written.
//! What they amount to is built in [`super::lexicon`].

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{GrammarError, Intent, Source};

/// `commands.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commands {
    pub kinds: BTreeMap<String, Vec<String>>,
    pub intent: Vec<IntentWords>,
    pub signs: BTreeMap<String, Vec<String>>,
    pub unknown: Vec<Stranger>,
    pub noise: Noise,
    /// Words that say either of two intents, and are asked back.
    pub ambiguous: BTreeMap<String, Vec<Intent>>,
    pub compounds: Compounds,
    #[serde(default)]
    pub labour: Labour,
    #[serde(default)]
    pub slips: Slips,
}

/// What is meant by a syllable alone, and by a word at the head of a text.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slips {
    #[serde(default)]
    pub alone: BTreeMap<String, String>,
    #[serde(default)]
    pub first: BTreeMap<String, String>,
    /// As `alone`, right behind a number.
    #[serde(default)]
    pub counted: BTreeMap<String, String>,
    /// Characters that look like each other.
    #[serde(default)]
    pub twins: Vec<String>,
}

/// The words of one intent; the comments of the file say what each list is for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntentWords {
    pub name: Intent,
    #[serde(default)]
    pub asked: Option<Intent>,
    #[serde(default)]
    pub verbs: Vec<String>,
    #[serde(default)]
    pub firm: Vec<String>,
    #[serde(default)]
    pub hints: Vec<String>,
    #[serde(default)]
    pub head: Vec<String>,
    #[serde(default)]
    pub post: Vec<String>,
    #[serde(default)]
    pub whole: Vec<String>,
    /// Sentences with the reading they must have; see [`super::example`].
    #[serde(default)]
    pub reads: Vec<String>,
    /// Of `register`: heads that give a name.
    #[serde(default)]
    pub naming: Vec<String>,
    /// Of `guide`: official matters.
    #[serde(default)]
    pub topics: Vec<String>,
}

/// Texts that are not for us.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stranger {
    pub reason: String,
    #[serde(default)]
    pub words: Vec<String>,
    #[serde(default)]
    pub whole: Vec<String>,
    #[serde(default)]
    pub traits: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    pub signatures: Vec<String>,
    pub prefixes: Vec<String>,
    #[serde(default)]
    pub signers: Vec<String>,
    #[serde(default)]
    pub pictures: BTreeMap<char, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compounds {
    pub makes: Vec<String>,
    pub modifiers: Vec<String>,
    /// What `makes` says in other words: 苗子 is 苗.
    pub forms: BTreeMap<String, String>,
    pub endings: Vec<String>,
    pub with: Vec<String>,
    pub except: Vec<String>,
    /// Behind a thing that is only where something is: 大棚里.
    pub within: Vec<String>,
    /// How the names of those end who deal in goods: 酒厂收高粱.
    #[serde(default)]
    pub actors: Vec<String>,
    /// Behind a part of a beast that is told of: 脚上, 角断了.
    #[serde(default)]
    pub marked: Vec<String>,
    /// Before what somebody who is missing has on him: 穿绿军大衣.
    #[serde(default)]
    pub worn: Vec<String>,
}

/// Work told by a verb and its object, and goods that go somewhere. They are no words of the scan: 起, 开, 看 are part of
/// too much else.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labour {
    pub verbs: Vec<String>,
    pub hauls: Vec<String>,
    pub heads: Vec<String>,
    pub care: Vec<String>,
    pub does: Vec<String>,
    /// How the names of trades end that the lexicon has not: 工, 师傅.
    #[serde(default)]
    pub doers: Vec<String>,
}

/// `numbers.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    pub half: Vec<String>,
    pub few: Vec<String>,
    pub more: Vec<String>,
    pub point: Vec<String>,
    pub to: Vec<String>,
    pub about: Vec<String>,
    pub around: Vec<String>,
    pub each: Vec<String>,
    pub total: Vec<String>,
    pub at_least: Vec<String>,
    pub at_most: Vec<String>,
    #[serde(default)]
    pub below: Vec<String>,
    #[serde(default)]
    pub above: Vec<String>,
    #[serde(default)]
    pub whole: Vec<String>,
    #[serde(default)]
    pub between: Vec<String>,
    pub digits: BTreeMap<String, u8>,
    pub powers: BTreeMap<String, i64>,
    pub money: BTreeMap<String, (i64, i64)>,
    pub price: PriceWords,
    pub periods: BTreeMap<String, Vec<String>>,
    pub pay: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceWords {
    pub cues: Vec<String>,
    pub sign: Vec<String>,
    pub negotiable: Vec<String>,
    #[serde(default)]
    pub dear: Vec<String>,
    #[serde(default)]
    pub dearest_weight: i64,
    #[serde(default)]
    pub weight: String,
    /// From so many yuan on, pay that says no time is for a month.
    #[serde(default)]
    pub monthly_from: i64,
    #[serde(default)]
    pub monthly: String,
}

/// `dates.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dates {
    pub days: BTreeMap<String, i16>,
    pub day_parts: BTreeMap<String, (i16, String)>,
    pub parts: BTreeMap<String, Vec<String>>,
    pub week: Week,
    pub month: Month,
    pub lunar: Lunar,
    pub feasts: BTreeMap<String, (u8, u8)>,
    pub lunar_feasts: BTreeMap<String, (u8, u8)>,
    #[serde(default)]
    pub later: BTreeMap<String, i16>,
    #[serde(default)]
    pub market: BTreeMap<String, u8>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Week {
    pub names: Vec<String>,
    pub days: BTreeMap<String, u8>,
    pub this: Vec<String>,
    pub next: Vec<String>,
    /// 下下: the week after the next.
    #[serde(default)]
    pub after_next: Vec<String>,
    pub last: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Month {
    pub this: Vec<String>,
    pub next: Vec<String>,
    pub last: Vec<String>,
    pub start: Vec<String>,
    pub middle: Vec<String>,
    pub end: Vec<String>,
    pub names: Vec<String>,
    pub day: Vec<String>,
    pub year: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lunar {
    pub marks: Vec<String>,
    pub months: BTreeMap<String, u8>,
    pub first: Vec<String>,
}

/// Reads the file called `name`; a grammar without it is empty there.
pub fn read<T: Default + serde::de::DeserializeOwned>(
    sources: &[Source],
    name: &str,
    errors: &mut Vec<GrammarError>,
) -> T {
    match sources.iter().find(|s| s.file == name).map(Source::toml::<T>) {
        Some(Ok(file)) => file,
        Some(Err(e)) => {
            errors.push(e);
            T::default()
        }
        None => T::default(),
    }
}
