//! Every word of the language in one automaton, with what each can mean.
//!
//! A word may play several roles: 车 is a unit, a thing and the head of a ride. Within one role it may mean one thing
//! only; a grammar in which it means two is refused, naming both places.

use std::collections::{BTreeMap, HashMap};

mod build;

use aho_corasick::{AhoCorasick, MatchKind};

use super::command::{Commands, Compounds, Dates, Numbers, read};
use super::item::Items;
use super::unit::Units;
use super::{GrammarError, Intent, Source};
use crate::market::Sex;

/// How a word speaks for an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// Wherever it stands.
    Strong,
    /// Unless something stronger is there.
    Hint,
    /// As the first word.
    Head,
    /// Next to the number of a post.
    Post,
    /// As the whole text.
    Whole,
}

/// Small words that steer the reading. The order is that of the bits in [`Word::signs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Sign {
    Who,
    Where,
    Ask,
    IsThere,
    Own,
    Have,
    Want,
    Not,
    Done,
    Le,
    Already,
    In,
    From,
    Go,
    Route,
    Per,
    Join,
    Male,
    Female,
    Seats,
    People,
    PayInKind,
    Particle,
    Polite,
    Cheap,
    Choose,
    NumberMark,
    Work,
    ContactName,
    How,
    Half,
    Few,
    More,
    Point,
    To,
    About,
    Around,
    Each,
    Total,
    AtLeast,
    AtMost,
    PriceCue,
    Yuan,
    Negotiable,
    Makes,
    Modifier,
    GuideTopic,
    Naming,
    Kept,
    LunarMark,
    LunarFirst,
    MonthStart,
    MonthMiddle,
    MonthEnd,
    MonthName,
    DayName,
    YearName,
    Ambiguous,
    Finds,
    Measure,
    Rent,
    Firm,
    Itself,
    Hands,
    Pair,
    Car,
    Purpose,
    Kin,
    SelfData,
    Erase,
    Posted,
    Asked,
    Belongs,
    Shown,
    AllSent,
    What,
    HowMuch,
    Act,
    ForMe,
    Does,
    Care,
    Station,
    News,
    Needy,
    Gives,
    Spot,
    Rise,
    Mate,
    Strays,
    /// 改成, 写错了: what was said before is put right.
    Corrects,
    /// 被人, 遭贼: what follows was done to one's own.
    Passive,
    /// 牵走, 撬了: what thieves do.
    Taken,
    /// Behind pay: 就行, 也干; who says so takes it.
    Settles,
    /// Behind a place: 上车, 下车, 出发.
    Boards,
    Alights,
    Leaves,
    /// 经, 路过.
    Via,
    Below,
    Above,
    Whole,
    Between,
    /// 都是四毛: what follows holds for all that was named.
    Alike,
    /// 买成3800, 原价500: the sum behind it is not asked now.
    Formerly,
    /// 这台, 那头: one of it.
    This,
    /// 把, 将: what is handled follows.
    Object,
    /// 跟着, 混到: it came along with others.
    Follows,
}

const SIGNS: [(&str, Sign); 74] = [
    ("kept", Sign::Kept),
    ("who", Sign::Who),
    ("where", Sign::Where),
    ("ask", Sign::Ask),
    ("is_there", Sign::IsThere),
    ("own", Sign::Own),
    ("have", Sign::Have),
    ("want", Sign::Want),
    ("not", Sign::Not),
    ("done", Sign::Done),
    ("le", Sign::Le),
    ("already", Sign::Already),
    ("in", Sign::In),
    ("from", Sign::From),
    ("go", Sign::Go),
    ("route", Sign::Route),
    ("per", Sign::Per),
    ("join", Sign::Join),
    ("male", Sign::Male),
    ("female", Sign::Female),
    ("seats", Sign::Seats),
    ("people", Sign::People),
    ("pay_in_kind", Sign::PayInKind),
    ("particle", Sign::Particle),
    ("polite", Sign::Polite),
    ("cheap", Sign::Cheap),
    ("choose", Sign::Choose),
    ("number_mark", Sign::NumberMark),
    ("work", Sign::Work),
    ("contact_name", Sign::ContactName),
    ("how", Sign::How),
    ("finds", Sign::Finds),
    ("measure", Sign::Measure),
    ("rent", Sign::Rent),
    ("itself", Sign::Itself),
    ("hands", Sign::Hands),
    ("pair", Sign::Pair),
    ("car", Sign::Car),
    ("purpose", Sign::Purpose),
    ("kin", Sign::Kin),
    ("self_data", Sign::SelfData),
    ("erase", Sign::Erase),
    ("posted", Sign::Posted),
    ("asked", Sign::Asked),
    ("belongs", Sign::Belongs),
    ("shown", Sign::Shown),
    ("all_sent", Sign::AllSent),
    ("what", Sign::What),
    ("how_much", Sign::HowMuch),
    ("act", Sign::Act),
    ("for_me", Sign::ForMe),
    ("does", Sign::Does),
    ("care", Sign::Care),
    ("station", Sign::Station),
    ("news", Sign::News),
    ("needy", Sign::Needy),
    ("gives", Sign::Gives),
    ("spot", Sign::Spot),
    ("rise", Sign::Rise),
    ("mate", Sign::Mate),
    ("strays", Sign::Strays),
    ("corrects", Sign::Corrects),
    ("alike", Sign::Alike),
    ("formerly", Sign::Formerly),
    ("this", Sign::This),
    ("passive", Sign::Passive),
    ("taken", Sign::Taken),
    ("settles", Sign::Settles),
    ("boards", Sign::Boards),
    ("alights", Sign::Alights),
    ("leaves", Sign::Leaves),
    ("via", Sign::Via),
    ("object", Sign::Object),
    ("follows", Sign::Follows),
];

/// A moment's name, before it is set against "now".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Days from today.
    Day(i16),
    /// Days from today, and the part.
    DayPart(i16, u8),
    Part(u8),
    /// A weekday, Monday 1, in this week, the next (1) or the last (-1); `None` where not said.
    Weekday(Option<i8>, u8),
    /// Months from this one.
    Month(i8),
    /// The months of the moon that have names.
    LunarMonth(u8),
    Feast(u8, u8),
    LunarFeast(u8, u8),
    /// Behind a number: so many times so many days from today (天后 1, 周后 7, 天前 -1).
    Later(i16),
    /// The next market day, or so many after it.
    Market(u8),
}

/// One thing that a word can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    Item(u32),
    /// 我爸: whose the item is too.
    Kin(u32),
    Unit(u32),
    Verb(Intent, Force),
    Digit(u8),
    Power(i64),
    Money(i64, i64),
    Period(u8),
    Pay(Option<u8>),
    Moment(Moment),
    /// A text with this word is not for us; one that is nothing but it; one with two different ones of these.
    Stranger(u8),
    StrangerWhole(u8),
    StrangerTrait(u8),
}

/// A word and its meanings.
#[derive(Debug, Clone, Default)]
pub struct Word {
    pub senses: Box<[Sense]>,
    signs: u128,
    pub chars: u8,
}

impl Word {
    pub fn has(&self, sign: Sign) -> bool {
        self.signs & (1u128 << sign as u8) != 0
    }

    pub fn item(&self) -> Option<u32> {
        self.senses.iter().find_map(|s| if let Sense::Item(i) = s { Some(*i) } else { None })
    }

    /// The item that it names along with whose it is: 我爸.
    pub fn kin(&self) -> Option<u32> {
        self.senses.iter().find_map(|s| if let Sense::Kin(i) = s { Some(*i) } else { None })
    }

    pub fn unit(&self) -> Option<u32> {
        self.senses.iter().find_map(|s| if let Sense::Unit(i) = s { Some(*i) } else { None })
    }

    pub fn digit(&self) -> Option<u8> {
        self.senses.iter().find_map(|s| if let Sense::Digit(i) = s { Some(*i) } else { None })
    }

    pub fn power(&self) -> Option<i64> {
        self.senses.iter().find_map(|s| if let Sense::Power(i) = s { Some(*i) } else { None })
    }

    pub fn money(&self) -> Option<(i64, i64)> {
        self.senses.iter().find_map(|s| if let Sense::Money(n, d) = s { Some((*n, *d)) } else { None })
    }

    pub fn period(&self) -> Option<u8> {
        self.senses.iter().find_map(|s| if let Sense::Period(i) = s { Some(*i) } else { None })
    }

    pub fn pay(&self) -> Option<Option<u8>> {
        self.senses.iter().find_map(|s| if let Sense::Pay(i) = s { Some(*i) } else { None })
    }

    pub fn moment(&self) -> Option<Moment> {
        self.senses.iter().find_map(|s| if let Sense::Moment(m) = s { Some(*m) } else { None })
    }

    /// The intents this word speaks for with `force`.
    pub fn verbs(&self, force: Force) -> impl Iterator<Item = Intent> + '_ {
        self.senses.iter().filter_map(move |s| match s {
            Sense::Verb(i, f) if *f == force => Some(*i),
            _ => None,
        })
    }

    pub fn is_verb(&self, intent: Intent, force: Force) -> bool {
        self.senses.contains(&Sense::Verb(intent, force))
    }

    /// Whether it is a word for yuan and nothing else.
    pub fn only_yuan(&self) -> bool {
        self.signs == 0 && !self.senses.is_empty() && self.senses.iter().all(|s| matches!(s, Sense::Money(1, 1)))
    }

    /// Whether it means anything beside the item or unit that it names.
    pub fn speaks_otherwise(&self) -> bool {
        self.signs != 0 || self.senses.iter().any(|s| !matches!(s, Sense::Item(_) | Sense::Unit(_)))
    }

    /// Whether it steers anything.
    pub fn signs_any(&self) -> bool {
        self.signs != 0
    }

    /// Whether it steers nothing.
    pub fn is_bare(&self) -> bool {
        self.signs == 0
    }

    /// Whether it means anything in the middle of a text, rather than at its head, by a number or alone.
    pub fn speaks_anywhere(&self) -> bool {
        self.signs != 0
            || self.senses.iter().any(|s| {
                !matches!(s, Sense::Verb(_, Force::Head | Force::Post | Force::Whole) | Sense::StrangerWhole(_))
            })
    }
}

/// All words.
#[derive(Debug)]
pub struct Lexicon {
    pub automaton: AhoCorasick,
    /// In the order of the automaton's patterns.
    pub words: Vec<Word>,
    by_text: HashMap<Box<str>, u32>,
    pub periods: Vec<String>,
    pub parts: Vec<String>,
    pub reasons: Vec<&'static str>,
    /// What the asker of "who does this?" wants.
    asked: Vec<(Intent, Intent)>,
    pub ambiguous: HashMap<String, Vec<Intent>>,
    pub signatures: Vec<String>,
    pub prefixes: Vec<String>,
    /// How a name begins or ends that stands under a text.
    pub signers: Vec<String>,
    /// What is meant by a syllable alone, and by a word at the head of a text; see [`super::sound`].
    pub(super) alone: BTreeMap<String, String>,
    pub(super) first: BTreeMap<String, String>,
    pub(super) counted: BTreeMap<String, String>,
    /// Characters that look like each other.
    pub(super) twins: Vec<String>,
    /// What a picture stands for.
    pictures: BTreeMap<char, String>,
    /// Sentences of the intents, with their readings.
    pub reads: Vec<String>,
    /// What animals are counted by that cost more each than any price by weight.
    pub dear: Vec<String>,
    /// In yuan, and the unit of weight.
    pub dearest_weight: (i64, String),
    /// From so many yuan on, pay that says no time is for this one.
    pub monthly: (i64, String),
    /// Verbs of work that take an object, and of moving goods; the longest first.
    pub labour: Vec<String>,
    pub hauls: Vec<String>,
    /// Units that count people too.
    pub heads: Vec<String>,
    /// Of the verbs of work those that are done to people.
    pub care: Vec<String>,
    /// To do it: 打零工, 找点短工做.
    pub does: Vec<String>,
    /// How the names of trades end that no item has.
    pub doers: Vec<String>,
    /// How items join with words around them.
    pub compounds: Compounds,
    /// For each item of the lexicon, what kind of thing it is.
    kinds: Vec<Kind>,
    /// And whether it is given to those in need.
    needed: Vec<bool>,
    /// The simplified form of each character from U+4E00 on; 0 where it is its own.
    simplified: Vec<u16>,
}

const FIRST_HAN: u32 = 0x4e00;
const LAST_HAN: u32 = 0x9fff;

/// What the rules tell items apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    #[default]
    Goods,
    Vehicle,
    Trade,
    Animal,
    Thing,
    Person,
}

impl Lexicon {
    pub fn kind(&self, item: u32) -> Kind {
        self.kinds.get(item as usize).copied().unwrap_or_default()
    }

    /// Clothes, bedding, food: what is given to people in need.
    pub fn needed(&self, item: u32) -> bool {
        self.needed.get(item as usize).copied().unwrap_or_default()
    }

    /// A traditional character in its simplified form, any other as it is.
    pub fn simplify(&self, c: char) -> char {
        simple(&self.simplified, c)
    }

    /// The word that a picture stands for: 🐔.
    pub fn picture(&self, c: char) -> Option<&str> {
        self.pictures.get(&c).map(String::as_str)
    }

    pub fn asked(&self, intent: Intent) -> Option<Intent> {
        self.asked.iter().find(|(i, _)| *i == intent).map(|(_, a)| *a)
    }

    pub fn word(&self, text: &str) -> Option<&Word> {
        self.by_text.get(text).map(|i| &self.words[*i as usize])
    }

    /// All words as they are written, with their numbers.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (&str, u32)> {
        self.by_text.iter().map(|(text, n)| (&**text, *n))
    }

    /// Every word with what it can mean, in no order.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &Word)> {
        self.by_text.iter().map(|(text, i)| (&**text, &self.words[*i as usize]))
    }

    pub(super) fn build(sources: &[Source], items: &Items, units: &Units, errors: &mut Vec<GrammarError>) -> Lexicon {
        let commands: Commands = read(sources, "commands.toml", errors);
        let numbers: Numbers = read(sources, "numbers.toml", errors);
        let dates: Dates = read(sources, "dates.toml", errors);
        let simplified = build::simplified(sources, errors);
        let mut b = build::Builder {
            sources,
            simplified: &simplified,
            errors,
            words: Vec::new(),
            texts: Vec::new(),
            by_text: HashMap::new(),
        };
        for (index, item) in items.iter().enumerate() {
            for word in std::iter::once(&item.name).chain(&item.also) {
                b.add(word, Sense::Item(index as u32), items.file(index), &item.name);
            }
            for word in &item.kin {
                b.add(word, Sense::Kin(index as u32), items.file(index), &item.name);
                b.sign(word, Sign::Own);
            }
            for word in &item.never {
                // Known as a word, so that no shorter one is read inside it; what it is, the lexicon does not say.
                b.reserve(word);
            }
        }
        for (index, unit) in units.iter().enumerate() {
            for word in std::iter::once(&unit.name).chain(&unit.also) {
                b.add(word, Sense::Unit(index as u32), "units.toml", &unit.name);
            }
        }
        b.numbers(&numbers);
        let parts = b.dates(&dates);
        b.commands(&commands);
        let (words, texts, by_text) = (b.words, b.texts, b.by_text);
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&texts)
            .or_else(|_| AhoCorasick::new::<_, &str>([]))
            .unwrap_or_else(|_| unreachable!("an automaton without words always builds"));
        let kinds = items
            .iter()
            .map(|item| {
                let path = items.path(&item.name);
                let below =
                    |kind: &str| commands.kinds.get(kind).is_some_and(|roots| path.iter().any(|p| roots.contains(p)));
                if below("trade") {
                    Kind::Trade
                } else if below("person") {
                    Kind::Person
                } else if below("thing") {
                    Kind::Thing
                } else if below("animal") {
                    Kind::Animal
                } else if below("vehicle") {
                    Kind::Vehicle
                } else {
                    Kind::Goods
                }
            })
            .collect();
        let needs = commands.kinds.get("need").map(Vec::as_slice).unwrap_or_default();
        let needed = items.iter().map(|item| items.path(&item.name).iter().any(|p| needs.contains(p))).collect();
        let reads = commands.intent.iter().flat_map(|i| i.reads.iter().cloned()).collect();
        Lexicon {
            automaton,
            words,
            by_text,
            periods: numbers.periods.keys().cloned().collect(),
            parts,
            // A handful of short names per load of the grammar, kept for good so that readings can carry them.
            reasons: commands.unknown.iter().map(|u| &*u.reason.clone().leak()).collect(),
            asked: commands.intent.iter().filter_map(|i| i.asked.map(|a| (i.name, a))).collect(),
            ambiguous: commands.ambiguous.into_iter().collect(),
            signatures: commands.noise.signatures.iter().map(|s| s.to_lowercase()).collect(),
            signers: commands.noise.signers,
            alone: commands.slips.alone,
            first: commands.slips.first,
            counted: commands.slips.counted,
            twins: commands.slips.twins,
            pictures: commands.noise.pictures,
            prefixes: commands.noise.prefixes.iter().map(|s| s.to_lowercase()).collect(),
            reads,
            dear: numbers.price.dear,
            dearest_weight: (numbers.price.dearest_weight, numbers.price.weight),
            monthly: (numbers.price.monthly_from, numbers.price.monthly),
            labour: longest_first(commands.labour.verbs),
            hauls: longest_first(commands.labour.hauls),
            heads: commands.labour.heads,
            care: commands.labour.care,
            does: commands.labour.does,
            doers: commands.labour.doers,
            compounds: commands.compounds,
            kinds,
            needed,
            simplified,
        }
    }
}

fn longest_first(mut words: Vec<String>) -> Vec<String> {
    words.sort_by_key(|w| std::cmp::Reverse(w.len()));
    words
}

fn simple(simplified: &[u16], c: char) -> char {
    let at = (c as u32).wrapping_sub(FIRST_HAN) as usize;
    match simplified.get(at) {
        Some(s) if *s != 0 => char::from_u32(u32::from(*s)).unwrap_or(c),
        _ => c,
    }
}

/// Which sex a word names.
pub fn sex(word: &Word) -> Option<Sex> {
    if word.has(Sign::Male) {
        Some(Sex::Male)
    } else if word.has(Sign::Female) {
        Some(Sex::Female)
    } else {
        None
    }
}
