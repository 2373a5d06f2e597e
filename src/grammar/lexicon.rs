//! Every word of the language in one automaton, with what each can mean.
//!
//! A word may play several roles: 车 is a unit, a thing and the head of a ride. Within one role it may mean one thing
//! only; a grammar in which it means two is refused, naming both places.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};

use super::command::{Commands, Dates, Numbers, read};
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
    LunarMark,
    LunarFirst,
    MonthStart,
    MonthMiddle,
    MonthEnd,
    MonthName,
    DayName,
    YearName,
    Ambiguous,
}

const SIGNS: [(&str, Sign); 30] = [
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
}

/// One thing that a word can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    Item(u32),
    Unit(u32),
    Verb(Intent, Force),
    Digit(u8),
    Power(i64),
    Money(i64, i64),
    Period(u8),
    Pay(Option<u8>),
    Moment(Moment),
    /// A text with this word is not for us; and one that is nothing but it.
    Stranger(u8),
    StrangerWhole(u8),
}

/// A word and its meanings.
#[derive(Debug, Clone, Default)]
pub struct Word {
    pub senses: Box<[Sense]>,
    signs: u64,
    pub chars: u8,
}

impl Word {
    pub fn has(&self, sign: Sign) -> bool {
        self.signs & (1 << sign as u8) != 0
    }

    pub fn item(&self) -> Option<u32> {
        self.senses.iter().find_map(|s| if let Sense::Item(i) = s { Some(*i) } else { None })
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
    /// For each item of the lexicon, what kind of thing it is.
    kinds: Vec<Kind>,
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
    Trade,
    Animal,
    Thing,
    Person,
}

impl Lexicon {
    pub fn kind(&self, item: u32) -> Kind {
        self.kinds.get(item as usize).copied().unwrap_or_default()
    }

    /// A traditional character in its simplified form, any other as it is.
    pub fn simplify(&self, c: char) -> char {
        let at = (c as u32).wrapping_sub(FIRST_HAN) as usize;
        match self.simplified.get(at) {
            Some(s) if *s != 0 => char::from_u32(u32::from(*s)).unwrap_or(c),
            _ => c,
        }
    }

    pub fn asked(&self, intent: Intent) -> Option<Intent> {
        self.asked.iter().find(|(i, _)| *i == intent).map(|(_, a)| *a)
    }

    pub fn word(&self, text: &str) -> Option<&Word> {
        self.by_text.get(text).map(|i| &self.words[*i as usize])
    }

    pub(super) fn build(sources: &[Source], items: &Items, units: &Units, errors: &mut Vec<GrammarError>) -> Lexicon {
        let commands: Commands = read(sources, "commands.toml", errors);
        let numbers: Numbers = read(sources, "numbers.toml", errors);
        let dates: Dates = read(sources, "dates.toml", errors);
        let mut b = Builder { sources, errors, words: Vec::new(), texts: Vec::new(), by_text: HashMap::new() };
        for (index, item) in items.iter().enumerate() {
            for word in std::iter::once(&item.name).chain(&item.also) {
                b.add(word, Sense::Item(index as u32), items.file(index), &item.name);
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
                } else {
                    Kind::Goods
                }
            })
            .collect();
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
            prefixes: commands.noise.prefixes.iter().map(|s| s.to_lowercase()).collect(),
            kinds,
            simplified: simplified(sources, errors),
        }
    }
}

/// Reads `traditional.txt`: a traditional character and its simplified form a line.
fn simplified(sources: &[Source], errors: &mut Vec<GrammarError>) -> Vec<u16> {
    let mut table = vec![0u16; (LAST_HAN - FIRST_HAN + 1) as usize];
    let Some(source) = sources.iter().find(|s| s.file == "traditional.txt") else { return table };
    for (n, line) in source.text.lines().enumerate().filter(|(_, l)| !l.is_empty() && !l.starts_with('#')) {
        let mut chars = line.chars().map(u32::from);
        match (chars.next(), chars.next(), chars.next()) {
            (Some(t @ FIRST_HAN..=LAST_HAN), Some(s @ FIRST_HAN..=LAST_HAN), None) => {
                table[(t - FIRST_HAN) as usize] = s as u16;
            }
            _ => errors.push(source.error(n + 1, "a line is a traditional character and its simplified form")),
        }
    }
    table
}

struct Builder<'a> {
    sources: &'a [Source],
    errors: &'a mut Vec<GrammarError>,
    words: Vec<Word>,
    texts: Vec<String>,
    by_text: HashMap<Box<str>, u32>,
}

impl Builder<'_> {
    fn reserve(&mut self, text: &str) -> usize {
        let text = text.to_lowercase();
        if let Some(i) = self.by_text.get(text.as_str()) {
            return *i as usize;
        }
        let at = self.words.len();
        self.by_text.insert(text.clone().into_boxed_str(), at as u32);
        self.words.push(Word { chars: text.chars().count().min(255) as u8, ..Word::default() });
        self.texts.push(text);
        at
    }

    fn sign(&mut self, text: &str, sign: Sign) {
        let at = self.reserve(text);
        self.words[at].signs |= 1 << sign as u8;
    }

    fn add(&mut self, text: &str, sense: Sense, file: &str, owner: &str) {
        if text.trim().is_empty() {
            let line = self.line_of(file, owner);
            self.fault(file, line, "a word here is empty");
            return;
        }
        let at = self.reserve(text);
        if self.words[at].senses.contains(&sense) {
            return;
        }
        if let Some(other) = self.words[at].senses.iter().find(|s| clash(**s, sense)).copied() {
            let line = self.line_of(file, text);
            let also = self.where_else(file, line, text);
            let what =
                format!("`{text}` means two things: {} and {}{also}; leave it in one place", name(other), name(sense));
            self.fault(file, line, &what);
            return;
        }
        let mut senses = std::mem::take(&mut self.words[at].senses).into_vec();
        senses.push(sense);
        self.words[at].senses = senses.into_boxed_slice();
    }

    fn fault(&mut self, file: &str, line: usize, what: &str) {
        self.errors.push(GrammarError { file: file.to_string(), line, what: what.to_string() });
    }

    /// The last line of `file` that has `"text"`.
    fn line_of(&self, file: &str, text: &str) -> usize {
        let quoted = format!("\"{text}\"");
        let source = self.sources.iter().find(|s| s.file == file);
        source.and_then(|s| s.text.rfind(&quoted).map(|at| s.line_at(at))).unwrap_or(1)
    }

    /// The first other place that has `"text"`.
    fn where_else(&self, file: &str, line: usize, text: &str) -> String {
        let quoted = format!("\"{text}\"");
        for source in self.sources.iter().filter(|s| s.file.ends_with(".toml")) {
            for (at, _) in source.text.match_indices(&quoted) {
                let there = source.line_at(at);
                if source.file != file || there != line {
                    return format!(" (also {}:{there})", source.file);
                }
            }
        }
        String::new()
    }

    fn numbers(&mut self, n: &Numbers) {
        for (words, sign) in [
            (&n.half, Sign::Half),
            (&n.few, Sign::Few),
            (&n.more, Sign::More),
            (&n.point, Sign::Point),
            (&n.to, Sign::To),
            (&n.about, Sign::About),
            (&n.around, Sign::Around),
            (&n.each, Sign::Each),
            (&n.total, Sign::Total),
            (&n.at_least, Sign::AtLeast),
            (&n.at_most, Sign::AtMost),
            (&n.price.cues, Sign::PriceCue),
            (&n.price.sign, Sign::Yuan),
            (&n.price.negotiable, Sign::Negotiable),
        ] {
            for w in words {
                self.sign(w, sign);
            }
        }
        for (w, v) in &n.digits {
            self.add(w, Sense::Digit(*v), "numbers.toml", w);
        }
        for (w, v) in &n.powers {
            self.add(w, Sense::Power(*v), "numbers.toml", w);
        }
        for (w, (num, den)) in &n.money {
            self.add(w, Sense::Money(*num, (*den).max(1)), "numbers.toml", w);
        }
        for (i, (name, words)) in n.periods.iter().enumerate() {
            for w in words {
                self.add(w, Sense::Period(i as u8), "numbers.toml", name);
            }
        }
        for (period, words) in &n.pay {
            let of = n.periods.keys().position(|p| p == period).map(|p| p as u8);
            if of.is_none() && !period.is_empty() {
                let line = self.line_of("numbers.toml", period);
                self.fault("numbers.toml", line, &format!("`{period}` is not one of the periods above"));
            }
            for w in words {
                self.add(w, Sense::Pay(of), "numbers.toml", w);
            }
        }
    }

    /// Adds the words of dates; gives the names of the parts of a day.
    fn dates(&mut self, d: &Dates) -> Vec<String> {
        const FILE: &str = "dates.toml";
        let parts: Vec<String> = d.parts.keys().cloned().collect();
        let moment = |b: &mut Self, w: &str, m: Moment| b.add(w, Sense::Moment(m), FILE, w);
        for (w, n) in &d.days {
            moment(self, w, Moment::Day(*n));
        }
        for (w, (n, part)) in &d.day_parts {
            match parts.iter().position(|p| p == part) {
                Some(p) => moment(self, w, Moment::DayPart(*n, p as u8)),
                None => {
                    let line = self.line_of(FILE, w);
                    self.fault(FILE, line, &format!("`{part}` is not one of the parts below"));
                }
            }
        }
        for (p, words) in d.parts.values().enumerate() {
            for w in words {
                moment(self, w, Moment::Part(p as u8));
            }
        }
        let none = [String::new()];
        for (rel, before) in
            [(None, &none[..]), (Some(0), &d.week.this), (Some(1), &d.week.next), (Some(-1), &d.week.last)]
        {
            for b in before {
                for name in &d.week.names {
                    for (day, n) in &d.week.days {
                        moment(self, &format!("{b}{name}{day}"), Moment::Weekday(rel, *n));
                    }
                }
            }
        }
        for (n, words) in [(0, &d.month.this), (1, &d.month.next), (-1, &d.month.last)] {
            for w in words {
                moment(self, w, Moment::Month(n));
            }
        }
        for (w, n) in &d.lunar.months {
            moment(self, w, Moment::LunarMonth(*n));
        }
        for (w, (m, day)) in &d.feasts {
            moment(self, w, Moment::Feast(*m, *day));
        }
        for (w, (m, day)) in &d.lunar_feasts {
            moment(self, w, Moment::LunarFeast(*m, *day));
        }
        for (words, sign) in [
            (&d.lunar.marks, Sign::LunarMark),
            (&d.lunar.first, Sign::LunarFirst),
            (&d.month.start, Sign::MonthStart),
            (&d.month.middle, Sign::MonthMiddle),
            (&d.month.end, Sign::MonthEnd),
            (&d.month.names, Sign::MonthName),
            (&d.month.day, Sign::DayName),
            (&d.month.year, Sign::YearName),
        ] {
            for w in words {
                self.sign(w, sign);
            }
        }
        parts
    }

    fn commands(&mut self, c: &Commands) {
        const FILE: &str = "commands.toml";
        for i in &c.intent {
            for (words, force) in [
                (&i.verbs, Force::Strong),
                (&i.hints, Force::Hint),
                (&i.head, Force::Head),
                (&i.post, Force::Post),
                (&i.whole, Force::Whole),
            ] {
                for w in words {
                    self.add(w, Sense::Verb(i.name, force), FILE, w);
                }
            }
            for w in &i.naming {
                self.sign(w, Sign::Naming);
            }
            for w in &i.topics {
                self.sign(w, Sign::GuideTopic);
            }
        }
        for (key, words) in &c.signs {
            match SIGNS.iter().find(|(k, _)| k == key) {
                Some((_, sign)) => words.iter().for_each(|w| self.sign(w, *sign)),
                None => {
                    let source = self.sources.iter().find(|s| s.file == FILE);
                    let line = source.and_then(|s| s.text.find(&format!("\n{key} =")).map(|at| s.line_at(at + 1)));
                    self.fault(FILE, line.unwrap_or(1), &format!("no rule asks for signs called `{key}`"));
                }
            }
        }
        for (n, u) in c.unknown.iter().enumerate() {
            for w in &u.words {
                self.add(w, Sense::Stranger(n as u8), FILE, w);
            }
            for w in &u.whole {
                self.add(w, Sense::StrangerWhole(n as u8), FILE, w);
            }
        }
        for w in &c.compounds.makes {
            self.sign(w, Sign::Makes);
        }
        for w in &c.compounds.modifiers {
            self.sign(w, Sign::Modifier);
        }
        for w in c.ambiguous.keys() {
            self.sign(w, Sign::Ambiguous);
        }
    }
}

/// Whether a word may not mean both.
fn clash(a: Sense, b: Sense) -> bool {
    use Sense::*;
    match (a, b) {
        (Verb(i, f), Verb(j, g)) => {
            i != j && f == g && matches!(f, Force::Strong | Force::Head | Force::Whole | Force::Post)
        }
        (Item(_), Item(_)) | (Unit(_), Unit(_)) | (Digit(_), Digit(_)) | (Power(_), Power(_)) => true,
        (Money(..), Money(..)) | (Period(_), Period(_)) | (Pay(_), Pay(_)) => true,
        (Moment(_), Moment(_)) | (Stranger(_), Stranger(_)) | (StrangerWhole(_), StrangerWhole(_)) => true,
        _ => false,
    }
}

fn name(s: Sense) -> String {
    match s {
        Sense::Item(_) => "one item".into(),
        Sense::Unit(_) => "one unit".into(),
        Sense::Verb(i, f) => format!("{} ({})", format!("{i:?}").to_lowercase(), format!("{f:?}").to_lowercase()),
        other => format!("{other:?}").to_lowercase(),
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
