//! Gathers the words of all files, and refuses one that means two things.

use std::collections::HashMap;

use super::{FIRST_HAN, LAST_HAN, Moment, SIGNS, Sense, Sign, Word};
use crate::grammar::command::{Commands, Dates, Numbers};
use crate::grammar::lexicon::Force;
use crate::grammar::{GrammarError, Source};

/// Reads `traditional.txt`: a traditional character and its simplified form a line.
pub(super) fn simplified(sources: &[Source], errors: &mut Vec<GrammarError>) -> Vec<u16> {
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

pub(super) struct Builder<'a> {
    pub(super) sources: &'a [Source],
    /// Texts are read in simplified characters, so words are kept in them: 菜薹 as 菜苔.
    pub(super) simplified: &'a [u16],
    pub(super) errors: &'a mut Vec<GrammarError>,
    pub(super) words: Vec<Word>,
    pub(super) texts: Vec<String>,
    pub(super) by_text: HashMap<Box<str>, u32>,
}

impl Builder<'_> {
    pub(super) fn reserve(&mut self, text: &str) -> usize {
        let text: String = text.to_lowercase().chars().map(|c| super::simple(self.simplified, c)).collect();
        if let Some(i) = self.by_text.get(text.as_str()) {
            return *i as usize;
        }
        let at = self.words.len();
        self.by_text.insert(text.clone().into_boxed_str(), at as u32);
        self.words.push(Word { chars: text.chars().count().min(255) as u8, ..Word::default() });
        self.texts.push(text);
        at
    }

    pub(super) fn sign(&mut self, text: &str, sign: Sign) {
        let at = self.reserve(text);
        self.words[at].signs |= 1u128 << sign as u8;
    }

    pub(super) fn add(&mut self, text: &str, sense: Sense, file: &str, owner: &str) {
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

    pub(super) fn numbers(&mut self, n: &Numbers) {
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
            (&n.below, Sign::Below),
            (&n.above, Sign::Above),
            (&n.whole, Sign::Whole),
            (&n.between, Sign::Between),
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
    pub(super) fn dates(&mut self, d: &Dates) -> Vec<String> {
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
        for (rel, before) in [
            (None, &none[..]),
            (Some(0), &d.week.this),
            (Some(1), &d.week.next),
            (Some(2), &d.week.after_next),
            (Some(-1), &d.week.last),
        ] {
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
        for (w, n) in &d.later {
            moment(self, w, Moment::Later(*n));
        }
        for (w, n) in &d.market {
            moment(self, w, Moment::Market(*n));
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

    pub(super) fn commands(&mut self, c: &Commands) {
        const FILE: &str = "commands.toml";
        for i in &c.intent {
            for (words, force) in [
                (&i.verbs, Force::Strong),
                (&i.firm, Force::Strong),
                (&i.hints, Force::Hint),
                (&i.head, Force::Head),
                (&i.post, Force::Post),
                (&i.whole, Force::Whole),
            ] {
                for w in words {
                    self.add(w, Sense::Verb(i.name, force), FILE, w);
                }
            }
            for w in &i.firm {
                self.sign(w, Sign::Firm);
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
            for w in &u.traits {
                self.add(w, Sense::StrangerTrait(n as u8), FILE, w);
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
        (Item(_), Item(_)) | (Kin(_), Kin(_)) | (Unit(_), Unit(_)) | (Digit(_), Digit(_)) | (Power(_), Power(_)) => {
            true
        }
        (Money(..), Money(..)) | (Period(_), Period(_)) | (Pay(_), Pay(_)) => true,
        (Moment(_), Moment(_)) | (Stranger(_), Stranger(_)) | (StrangerWhole(_), StrangerWhole(_)) => true,
        (StrangerTrait(_), StrangerTrait(_)) => true,
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
