//! Says what stands on a screen, and fits it.

use super::draft;
use super::walk::Walk;
use crate::command::Intent;
use crate::grammar::ussd::{HOME, List, SCREEN, SCREEN_GSM, Screen, Step, menu_text};
use crate::market::Post;
use crate::message::alphabet::{gsm_septets, utf16_units};
use crate::reply::{Reply, phrase};
use crate::service::facts::{Draft as Meeting, Facts, OWN, read_posts};
use crate::service::{ask, doubt};
use crate::store::StoreError;
use crate::store::record::{Ask, Question};
use crate::store::session::{At, Draft, Picked};

/// Entries of one page of a list: the digits left of those that page and go back.
const ENTRIES: usize = 7;

/// The first screen.
pub(super) fn home() -> At {
    menu(HOME)
}

pub(super) fn menu(name: &str) -> At {
    At::Menu { name: name.into(), page: 0, picked: Picked::default() }
}

/// What was left unfinished.
pub(super) enum Left {
    Draft(Draft),
    /// A question of ours that a text left open, with the text in it.
    Asked(Question),
}

/// Whether a text fits a screen: by septets where the GSM alphabet has all of it, else by what UCS-2 takes.
pub(super) fn fits(text: &str) -> bool {
    let septets: Option<usize> = text.chars().map(gsm_septets).sum();
    septets.is_some_and(|n| n <= SCREEN_GSM) || utf16_units(text) <= SCREEN
}

/// A text as pages that leave room for what stands below: cut behind a mark where there is one, never within a number.
pub(super) fn pages(text: &str, room: usize) -> Vec<String> {
    let (mut out, mut rest) = (Vec::new(), text);
    while utf16_units(rest) > room {
        let (mut units, mut end, mut good) = (0, 0, 0);
        let mut before = ' ';
        for (at, c) in rest.char_indices() {
            // between two characters that are not one number or word
            if at > 0 && !(before.is_ascii_alphanumeric() && c.is_ascii_alphanumeric()) {
                end = at;
                if matches!(before, ';' | '。' | ',' | '\n' | '!' | '?') {
                    good = at;
                }
            }
            units += c.len_utf16();
            if units > room {
                break;
            }
            before = c;
        }
        let cut = if utf16_units(&rest[..good]) * 2 >= room { good } else { end };
        // one word longer than a screen
        let cut = if cut == 0 { rest.char_indices().nth(room / 2).map_or(rest.len(), |(at, _)| at) } else { cut };
        out.push(rest[..cut].trim().to_string());
        rest = &rest[cut..];
    }
    out.push(rest.trim().to_string());
    out.retain(|p| !p.is_empty());
    out
}

impl Walk<'_> {
    /// What was left, the newest first.
    pub fn left(&self) -> Option<Left> {
        let draft = draft::of(self.env, &self.person).cloned();
        let mut open = self.person.questions.iter().rev().filter(|q| self.env.now < q.until);
        let asked = open.find(|q| matches!(q.ask, Ask::Item { .. } | Ask::Meaning { .. }));
        let asked = asked.filter(|q| draft.as_ref().is_none_or(|d| d.at <= q.asked)).cloned();
        asked.map(Left::Asked).or(draft.map(Left::Draft))
    }

    /// Says what stands where the session is.
    pub fn show(&mut self) -> Result<(), StoreError> {
        let g = self.env.grammar;
        let keys = &g.menus.keys;
        let asking = |step: &Step, options| {
            let skip = step.skip.then_some(&keys.skip);
            menu_text(&step.ask, options, &g.menus.footer(&skip.into_iter().chain([&keys.back]).collect::<Vec<_>>()))
        };
        let text = match self.session.at.clone() {
            At::Offer { .. } => self.left().map(|left| self.offer(&left)),
            At::Menu { name, page, picked } => self.menu_at(&name, usize::from(page), picked)?,
            At::Step { form, picked } => {
                let at = self.active(&form, picked).map_or(0, |d| d.said.len());
                let step = g.menus.get(&form).and_then(|s| s.steps.get(at));
                step.map(|s| asking(s, if at == 0 { &s.options } else { &[] }))
            }
            At::Mend { step } => {
                let form = draft::of(self.env, &self.person).map(|d| draft::form(g, d));
                match form {
                    Some(Some(form)) => form.steps.get(usize::from(step)).map(|s| asking(s, &[])),
                    Some(None) => Some(menu_text(&self.sentence("ussd_again"), &[], &keys.back.label())),
                    None => None,
                }
            }
            At::Which => self.which(),
            At::Confirm => match draft::of(self.env, &self.person).cloned() {
                Some(draft) => Some(self.read_back(&draft)?),
                None => None,
            },
            At::Answer => return Ok(()),
        };
        match text {
            Some(text) => self.set(text),
            // what stood there has gone
            None => return self.go_home(),
        }
        Ok(())
    }

    /// Puts a text on the screen; what has no room below is left away.
    pub fn set(&mut self, text: String) {
        self.session.screen =
            if fits(&text) { text } else { pages(&text, SCREEN).into_iter().next().unwrap_or_default() };
    }

    pub fn go_home(&mut self) -> Result<(), StoreError> {
        self.session.trail.clear();
        self.session.at = home();
        self.show()
    }

    pub fn sentence(&self, name: &'static str) -> String {
        super::sentence(self.env.grammar, name)
    }

    /// The newest draft, where it is what this form is filling.
    pub fn active(&self, form: &str, picked: Picked) -> Option<&Draft> {
        draft::of(self.env, &self.person).filter(|d| d.form == form && d.picked == picked)
    }

    fn offer(&self, left: &Left) -> String {
        let g = self.env.grammar;
        let keys = &g.menus.keys;
        let reply = match left {
            Left::Draft(draft) => {
                let drafted = draft::short(g, draft);
                match draft::next(g, draft) {
                    Some(step) => Reply::new("ussd_left").set("drafted", drafted).set("step", step.short.clone()),
                    None => Reply::new("ussd_left_whole").set("drafted", drafted),
                }
            }
            Left::Asked(Question { ask: Ask::Item { text } | Ask::Meaning { text, .. }, .. }) => {
                Reply::new("ussd_left_text").set("said", phrase::clip(text))
            }
            Left::Asked(_) => Reply::new("ussd_taken"),
        };
        let footer = g.menus.footer(&[&keys.resume, &keys.anew, &keys.home]);
        format!("{}\n{footer}", reply.pack_within(&g.replies, SCREEN - 1 - utf16_units(&footer)).text)
    }

    fn menu_at(&mut self, name: &str, page: usize, picked: Picked) -> Result<Option<String>, StoreError> {
        let g = self.env.grammar;
        if let Some(number) = picked.question {
            return Ok(self.question(number));
        }
        let Some(screen) = g.menus.get(name) else { return Ok(None) };
        if let Some(list) = screen.list {
            return self.list(screen, list, page).map(Some);
        }
        let footer = if name == HOME { String::new() } else { g.menus.keys.back.label() };
        let say = match picked.post {
            Some(id) => match self.view.post(id)?.filter(|p| p.owner == self.session.msisdn) {
                Some(post) => {
                    screen.say.replace("{no}", &phrase::number(id)).replace("{short}", &phrase::short(g, &post))
                }
                None => return Ok(None),
            },
            None => screen.say.clone(),
        };
        Ok(Some(menu_text(&say, &screen.options, &footer)))
    }

    /// Own live posts, the newest first.
    pub fn own(&self) -> Result<Vec<std::sync::Arc<Post>>, StoreError> {
        // who may be another than before is not shown what the one before had
        if doubt::silent(self.env, &self.person) {
            return Ok(Vec::new());
        }
        let posts = read_posts(self.view, self.person.posts.iter().rev().take(OWN))?;
        Ok(posts.into_iter().filter(|p| p.is_live(self.env.now)).collect())
    }

    /// What others wait to hear, the newest first.
    pub fn asked(&self) -> Vec<&Question> {
        let open = self.person.questions.iter().rev().filter(|q| self.env.now < q.until && q.ask.pushed());
        open.filter(|q| q.ask != Ask::Resume && q.ask.by_digit()).collect()
    }

    /// The entries of a list from one on, and how many of them fit its page.
    pub fn entries(&self, screen: &Screen, from: usize) -> Result<(Vec<String>, usize), StoreError> {
        let g = self.env.grammar;
        let mut entries: Vec<String> = match screen.list {
            Some(List::Own) => self.own()?.iter().map(|p| phrase::named_brief(g, p)).collect(),
            _ => self.asked().iter().map(|q| self.label(q)).collect(),
        };
        entries.drain(..from.min(entries.len()));
        let keys = &g.menus.keys;
        let below = utf16_units(&g.menus.footer(&[&keys.more, &keys.back]));
        let (mut units, mut count) = (utf16_units(&screen.say) + 1 + below, 0);
        for entry in entries.iter().take(ENTRIES) {
            // its digit, the bracket and the end of its line
            units += utf16_units(entry) + 3;
            if units > SCREEN && count > 0 {
                break;
            }
            count += 1;
        }
        Ok((entries, count))
    }

    fn list(&mut self, screen: &Screen, list: List, from: usize) -> Result<String, StoreError> {
        let g = self.env.grammar;
        let keys = &g.menus.keys;
        let (entries, shown) = self.entries(screen, from)?;
        if entries.is_empty() {
            let none = if list == List::Own { "ussd_none_own" } else { "ussd_none_asked" };
            return Ok(menu_text(&self.sentence(none), &[], &keys.back.label()));
        }
        let footer = if shown < entries.len() { g.menus.footer(&[&keys.more, &keys.back]) } else { keys.back.label() };
        let lines = entries[..shown].iter().enumerate().map(|(n, e)| format!("{}){e}", n + 1));
        let body: Vec<String> = std::iter::once(screen.say.clone()).chain(lines).chain([footer]).collect();
        Ok(body.join("\n"))
    }

    fn label(&self, q: &Question) -> String {
        let words = self.env.grammar.menus.question(q.ask.kind());
        let words = words.split([':', '?', ',']).next().unwrap_or_default();
        if q.label.is_empty() { words.to_string() } else { q.label.clone() }
    }

    fn question(&self, number: u32) -> Option<String> {
        let menus = &self.env.grammar.menus;
        let q = self.asked().into_iter().find(|q| q.number == number)?;
        let say = [q.label.as_str(), menus.question(q.ask.kind())];
        let say: Vec<&str> = say.into_iter().filter(|s| !s.is_empty()).collect();
        Some(menu_text(&say.join(" "), &[], &menus.keys.back.label()))
    }

    /// The steps of the draft with what was said in each.
    fn which(&self) -> Option<String> {
        let menus = &self.env.grammar.menus;
        let draft = draft::of(self.env, &self.person)?;
        let form = draft::form(self.env.grammar, draft)?;
        let said = |(n, (step, said)): (usize, (&Step, &String))| {
            format!("{}{}{}", n + 1, step.short, if said.is_empty() { String::new() } else { phrase::clip_at(said, 6) })
        };
        let steps: Vec<String> = form.steps.iter().zip(&draft.said).enumerate().map(said).collect();
        Some(menu_text(&steps.join(" "), &[], &menus.keys.back.label()))
    }

    /// What was understood, with every amount.
    fn read_back(&self, draft: &Draft) -> Result<String, StoreError> {
        let g = self.env.grammar;
        let keys = &g.menus.keys;
        let footer = g.menus.footer(&[&keys.yes, &keys.mend, &keys.leave]);
        let room = SCREEN - 1 - utf16_units(&footer);
        let text = draft::text(g, draft, "");
        let (reading, facts) = self.gather(&text)?;
        let new: Vec<&Post> = facts.iter().flat_map(new_posts).map(|d| &d.post).collect();
        let reply = match new.as_slice() {
            // what names a post is for that one
            [one] if reading.post.is_none() => Reply::new("ussd_confirm")
                .set("what", phrase::what(g, one))
                .set("short", phrase::short(g, one))
                .set("place", reading.place.as_ref().map(|p| p.name.clone()).unwrap_or_default())
                .set("remark", one.remark.as_deref().map(phrase::clip).unwrap_or_default()),
            [_] => Reply::new("ussd_confirm_words").set("drafted", phrase::clip_at(&text, room - 1)),
            [] if reading.intent == Intent::Unknown || reading.unsure => {
                Reply::new("ussd_unclear").set("said", phrase::clip(&text))
            }
            [] => Reply::new("ussd_confirm_words").set("drafted", phrase::clip_at(&text, room - 1)),
            many => Reply::new("ussd_confirm_many")
                .set("count", many.len().to_string())
                .list("entry", many.iter().map(|p| phrase::what(g, p)))
                .list("brief", many.iter().map(|p| phrase::short(g, p))),
        };
        Ok(format!("{}\n{footer}", reply.pack_within(&g.replies, room).text))
    }

    /// The words of a question that a text left open.
    pub fn asked_again(&self, q: &Question) -> String {
        let g = self.env.grammar;
        let reply = match &q.ask {
            Ask::Meaning { text, intents } => ask::meaning(g, text, intents),
            Ask::Item { text } => {
                let reading = self.read(text);
                let side = reading.claim.map(|c| c.side);
                let side = side.or_else(|| g.boards.by_intent(reading.intent).map(|(_, s)| s.name.clone()));
                let side = side.unwrap_or_default();
                let word = |table: &str| phrase::word(g, &format!("{table}.{side}")).unwrap_or_default();
                Reply::new("no_item").set("unclear", word("unclear")).set("example", word("example"))
            }
            _ => Reply::new("ussd_taken"),
        };
        reply.pack(&g.replies).text
    }
}

/// Posts that a text would file.
pub(super) fn new_posts(facts: &Facts) -> impl Iterator<Item = &Meeting> {
    let first = facts.next.post;
    facts.drafts.iter().filter(move |d| d.post.id >= first)
}
