//! The menus of USSD: `grammar/ussd.toml`. Each screen asks one thing; what is chosen and typed becomes the words of a text.
//!
//! ```toml
//! [[screen]]                      # a menu
//! name = "home"
//! options = [{ key = "1", say = "卖", go = "sell" }, { key = "9", say = "公告", text = "公告" }]
//! [[screen]]                      # a form: its steps make the text 卖 板蓝根 200斤
//! name = "sell"
//! text = "卖"
//! steps = [{ ask = "卖什么?", short = "东西" }, { ask = "多少?", short = "数量", bare = "{}{unit}", skip = true }]
//! ```
//!
//! Checked at start: every screen is reached from `home`, leads somewhere, and fits with the longest values in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::reply::WORDS;
use super::{GrammarError, Source};
use crate::message::alphabet::utf16_units;

/// Units of a screen that holds Chinese: what 160 octets hold in UCS-2.
pub const SCREEN: usize = 80;
/// Characters of a screen in the GSM alphabet: 160 octets in septets.
pub const SCREEN_GSM: usize = 182;

/// A key with what is said of it: `["0", "返回"]`.
#[derive(Debug, Clone, Deserialize)]
pub struct Key(pub String, pub String);

impl Key {
    /// `0返回`.
    pub fn label(&self) -> String {
        format!("{}{}", self.0, self.1)
    }

    pub fn is(&self, input: &str) -> bool {
        self.0 == input
    }
}

/// Keys that mean the same on every screen that has them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    pub back: Key,
    pub home: Key,
    pub more: Key,
    /// The answer as a text.
    pub send: Key,
    /// Nothing is said in a step that need not be answered.
    pub skip: Key,
    pub yes: Key,
    pub mend: Key,
    /// Leaves what is read back as it is.
    pub leave: Key,
    pub resume: Key,
    pub anew: Key,
}

/// A choice of a menu, or beside the question of a first step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub key: String,
    pub say: String,
    /// The screen it leads to.
    #[serde(default)]
    pub go: Option<String>,
    /// Or the text it stands for; `{no}` and `{item}` are those of the post that was picked.
    #[serde(default)]
    pub text: Option<String>,
}

/// One question of a form.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub ask: String,
    /// What it asks for, in a word: `数量`.
    pub short: String,
    /// How a number alone is said: `{}` is the number, `{unit}` what the thing is usually counted in.
    #[serde(default)]
    pub bare: Option<String>,
    /// How any answer is said: `电话{}`.
    #[serde(default)]
    pub say: Option<String>,
    #[serde(default)]
    pub skip: bool,
    #[serde(default)]
    pub options: Vec<Choice>,
}

/// What a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// One's own live posts.
    Own,
    /// What others wait to hear.
    Questions,
}

/// A menu, a list or a form.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    pub name: String,
    /// The first line.
    #[serde(default)]
    pub say: String,
    #[serde(default)]
    pub options: Vec<Choice>,
    #[serde(default)]
    pub list: Option<List>,
    /// Of a list: where what is picked leads.
    #[serde(default)]
    pub go: Option<String>,
    /// Of a form: how its text begins.
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Of a form that files no post: it is read back all the same.
    #[serde(default)]
    pub confirm: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    keys: Keys,
    /// Texts that say 接着填.
    resume: Vec<String>,
    /// The text that brings more of a list.
    more: String,
    screen: Vec<Screen>,
    /// By the kind of question: its words and digits.
    questions: BTreeMap<String, String>,
}

/// All menus.
#[derive(Debug)]
pub struct Menus {
    pub keys: Keys,
    pub resume: Vec<String>,
    pub more: String,
    screens: BTreeMap<String, Screen>,
    questions: BTreeMap<String, String>,
}

/// The screen that a session begins with, and that of who has left by 退订.
pub const HOME: &str = "home";
pub const STOPPED: &str = "stopped";
/// Screens that lead on from lists, beside those that options name.
const QUESTION: &str = "question";

impl Menus {
    pub fn get(&self, name: &str) -> Option<&Screen> {
        self.screens.get(name)
    }

    /// The words of a kind of question.
    pub fn question(&self, kind: &str) -> &str {
        self.questions.get(kind).map_or("", String::as_str)
    }

    pub fn screens(&self) -> impl Iterator<Item = &Screen> {
        self.screens.values()
    }

    /// What may stand below a screen, from the bottom right: its keys in words.
    pub fn footer(&self, keys: &[&Key]) -> String {
        keys.iter().map(|k| k.label()).collect::<Vec<_>>().join(" ")
    }

    /// Reads the menus. `longest` are the longest values of slots. `None` where they cannot be read; the faults are noted.
    pub(super) fn read(
        sources: &[Source],
        longest: &[(&'static str, String)],
        errors: &mut Vec<GrammarError>,
    ) -> Option<Menus> {
        let Some(source) = sources.iter().find(|s| s.file == "ussd.toml") else {
            errors.push(GrammarError {
                file: "ussd.toml".into(),
                line: 1,
                what: "is missing: the menus of USSD".into(),
            });
            return None;
        };
        let file: File = source.toml().map_err(|e| errors.push(e)).ok()?;
        let mut check = Check { source, errors, longest };
        let mut screens = BTreeMap::new();
        for screen in file.screen {
            let name = screen.name.clone();
            if screens.contains_key(&name) {
                check.fault(&name, "is there twice".into());
            }
            screens.insert(name, screen);
        }
        let menus = Menus { keys: file.keys, resume: file.resume, more: file.more, screens, questions: file.questions };
        for screen in menus.screens.values() {
            check.screen(&menus, screen);
        }
        check.reached(&menus);
        Some(menus)
    }
}

struct Check<'a> {
    source: &'a Source,
    errors: &'a mut Vec<GrammarError>,
    longest: &'a [(&'static str, String)],
}

impl Check<'_> {
    fn fault(&mut self, name: &str, what: String) {
        let line = self.source.text.find(&format!("name = \"{name}\"")).map_or(1, |at| self.source.line_at(at));
        self.errors.push(self.source.error(line, format!("screen `{name}` {what}")));
    }

    fn screen(&mut self, menus: &Menus, s: &Screen) {
        let (menu, form) = (!s.options.is_empty() || s.list.is_some(), s.text.is_some());
        if menu == form {
            self.fault(&s.name, "must have either options or a list, or text and steps".into());
        }
        if form && s.steps.is_empty() {
            self.fault(&s.name, "has text but no steps; an option's own text needs no screen".into());
        }
        if s.list.is_some() != s.go.is_some() {
            self.fault(&s.name, "must have list and go together".into());
        }
        let keys = if s.name == HOME { String::new() } else { menus.footer(&[&menus.keys.back]) };
        self.choices(menus, s, &s.options, if s.name == HOME { &[] } else { &["back", "home"] });
        if s.list.is_none() {
            self.fits(s, &menu_text(&s.say, &s.options, &keys));
        }
        for step in &s.steps {
            self.choices(menus, s, &step.options, &["back", "home", "skip"]);
            let skip = step.skip.then_some(&menus.keys.skip);
            let footer = menus.footer(&skip.into_iter().chain([&menus.keys.back]).collect::<Vec<_>>());
            self.fits(s, &menu_text(&step.ask, &step.options, &footer));
            if step.short.is_empty() || step.ask.is_empty() {
                self.fault(&s.name, "has a step without ask or short".into());
            }
            if step.bare.as_ref().or(step.say.as_ref()).is_some_and(|b| !b.contains("{}")) {
                self.fault(&s.name, format!("has a step `{}` whose bare or say holds no {{}}", step.short));
            }
        }
    }

    fn choices(&mut self, menus: &Menus, s: &Screen, options: &[Choice], taken: &[&str]) {
        let mut seen = BTreeSet::new();
        for o in options {
            let bound = |k: &&&str| match **k {
                "back" => menus.keys.back.is(&o.key),
                "home" => menus.keys.home.is(&o.key),
                _ => menus.keys.skip.is(&o.key),
            };
            if o.key.len() != 1 || !o.key.bytes().all(|b| b.is_ascii_digit()) {
                self.fault(&s.name, format!("has the key `{}`, which is no digit", o.key));
            } else if !seen.insert(o.key.clone()) || taken.iter().any(|k| bound(&k)) {
                self.fault(&s.name, format!("has two things on the key {}", o.key));
            }
            match (&o.go, &o.text) {
                (Some(go), None) if menus.screens.contains_key(go) => {}
                (Some(go), None) => self.fault(&s.name, format!("leads to `{go}`, which is no screen")),
                (None, Some(_)) => {}
                _ => self.fault(&s.name, format!("must have either go or text on the key {}", o.key)),
            }
        }
    }

    fn fits(&mut self, s: &Screen, text: &str) {
        let mut text = text.to_string();
        for (slot, value) in self.longest {
            text = text.replace(&format!("{{{slot}}}"), value);
        }
        text = text.replace("{no}", "1234567号").replace("{said}", &"字".repeat(WORDS + 1));
        let units = utf16_units(&text);
        if units > SCREEN {
            self.fault(&s.name, format!("takes {units} units with the longest values, more than {SCREEN}: {text:?}"));
        }
    }

    /// Whatever no way leads to is a mistake.
    fn reached(&mut self, menus: &Menus) {
        for needed in [HOME, STOPPED] {
            if !menus.screens.contains_key(needed) {
                self.fault(needed, "is missing".into());
            }
        }
        let (mut seen, mut open) = (BTreeSet::new(), vec![HOME, STOPPED]);
        while let Some(name) = open.pop() {
            let Some(s) = menus.screens.get(name).filter(|_| seen.insert(name)) else { continue };
            let options = s.options.iter().chain(s.steps.iter().flat_map(|step| &step.options));
            open.extend(options.filter_map(|o| o.go.as_deref()).chain(s.go.as_deref().filter(|g| *g != QUESTION)));
            if s.go.as_deref().is_some_and(|g| g != QUESTION && !menus.screens.contains_key(g)) {
                self.fault(name, format!("leads to `{}`, which is no screen", s.go.as_deref().unwrap_or_default()));
            }
        }
        for s in menus.screens.keys().filter(|s| !seen.contains(s.as_str())) {
            self.fault(s, "is not reached from home".into());
        }
        for (kind, words) in &menus.questions {
            let units = utf16_units(words) + utf16_units("1234567号过秤 ") + 10;
            if words.is_empty() || units > SCREEN {
                let line = self.source.text.find(&format!("\n{kind} = ")).map_or(1, |at| self.source.line_at(at + 1));
                self.errors.push(self.source.error(line, format!("question `{kind}` says nothing, or too much")));
            }
        }
    }
}

/// A menu in words: its line, its choices, the keys below.
pub fn menu_text(say: &str, options: &[Choice], footer: &str) -> String {
    let choices: Vec<String> = options.iter().map(|o| format!("{}{}", o.key, o.say)).collect();
    let below = [choices.join(" "), footer.to_string()];
    let below: Vec<&str> = below.iter().map(String::as_str).filter(|s| !s.is_empty()).collect();
    let lines = [say.to_string(), below.join(" ")];
    lines.iter().filter(|l| !l.is_empty()).map(String::as_str).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let built_in = include_str!("../../grammar/ussd.toml");
        let keys = &built_in[built_in.find("[keys]").unwrap()..built_in.find("[questions]").unwrap()];
        let text = format!("resume = []\nmore = \"更多\"\n[questions]\nshift = \"1去 2不去\"\n{keys}\n{text}");
        let mut errors = Vec::new();
        Menus::read(&[Source { file: "ussd.toml".into(), text }], &[], &mut errors);
        errors.iter().map(|e| e.what.clone()).collect()
    }

    #[test]
    fn a_menu_that_leads_nowhere_or_cannot_fit_is_refused() {
        let stopped = "[[screen]]\nname = \"stopped\"\noptions = [{ key = \"1\", say = \"开通\", text = \"开通\" }]\n";
        let home = |options: &str| format!("{stopped}[[screen]]\nname = \"home\"\noptions = [{options}]\n");
        let sell = "{ key = \"1\", say = \"卖\", text = \"卖\" }";
        assert_eq!(faults(&home(sell)), Vec::<String>::new());
        for (text, wanted) in [
            (home("{ key = \"1\", say = \"卖\", go = \"sell\" }"), "leads to `sell`"),
            (home(&format!("{sell}, {sell}")), "two things on the key 1"),
            (home("{ key = \"x\", say = \"卖\", text = \"卖\" }"), "no digit"),
            (home("{ key = \"1\", say = \"卖\" }"), "either go or text"),
            (home(&format!("{{ key = \"1\", say = \"{}\", text = \"卖\" }}", "长".repeat(80))), "takes 81 units"),
            (
                home(sell) + "[[screen]]\nname = \"far\"\noptions = [{ key = \"1\", say = \"卖\", text = \"卖\" }]\n",
                "not reached",
            ),
            (home(sell) + "[[screen]]\nname = \"both\"\ntext = \"卖\"\n", "no steps"),
        ] {
            let all = faults(&text);
            assert!(all.iter().any(|f| f.contains(wanted)), "{wanted}: {all:?}");
        }
    }
}
