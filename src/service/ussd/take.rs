//! Does with what was typed what the shown screen asks for.

use super::draft;
use super::show::{self, Left};
use super::walk::Walk;
use crate::grammar::ussd::{Choice, HOME, Keys, List, STOPPED};
use crate::reply::phrase;
use crate::store::StoreError;
use crate::store::record::{Ask, Question};
use crate::store::session::{At, Draft, Picked};

/// Screens that 返回 finds again.
const TRAIL: usize = 8;

/// The digit that is all of an input.
pub(super) fn digit(input: &str) -> Option<u8> {
    input.parse::<u8>().ok().filter(|n| *n <= 9 && input.len() == 1)
}

impl Walk<'_> {
    fn keys(&self) -> Keys {
        self.env.grammar.menus.keys.clone()
    }

    /// Takes what was typed on the shown screen, and shows the next.
    pub fn take(&mut self, input: &str) -> Result<(), StoreError> {
        let input = input.trim();
        let keys = self.keys();
        let at = self.session.at.clone();
        if keys.home.is(input) && at != show::menu(STOPPED) {
            return self.go_home();
        }
        if input.is_empty() {
            return self.show();
        }
        // where nothing else is asked, who says so goes on with what he left
        let menu = matches!(&at, At::Menu { .. } | At::Answer) && at != show::menu(STOPPED);
        if menu && draft::says_resume(self.env.grammar, input) && self.left().is_some() {
            return self.offered(&keys.resume.0, "");
        }
        match at {
            At::Offer { form } => self.offered(input, &form),
            At::Menu { name, page, picked } => self.chosen(input, &name, page, picked),
            At::Step { form, picked } => self.step(input, &form, picked),
            At::Mend { step } => self.mended(input, usize::from(step)),
            At::Which => self.which_step(input),
            At::Confirm if keys.yes.is(input) => {
                let Some(draft) = draft::of(self.env, &self.person).cloned() else { return self.go_home() };
                let text = draft::text(self.env.grammar, &draft, "");
                draft::done(self.env, &mut self.person);
                self.perform(&text, true)
            }
            At::Confirm if keys.mend.is(input) => {
                let whole =
                    draft::of(self.env, &self.person).is_some_and(|d| draft::form(self.env.grammar, d).is_none());
                self.session.at = if whole { At::Mend { step: 0 } } else { At::Which };
                self.show()
            }
            // it stays as a draft
            At::Confirm if keys.leave.is(input) => self.go_home(),
            At::Confirm => self.show(),
            At::Answer => self.after_answer(input),
        }
    }

    fn go(&mut self, at: At) -> Result<(), StoreError> {
        let from = std::mem::replace(&mut self.session.at, at);
        self.session.trail.push(from);
        let extra = self.session.trail.len().saturating_sub(TRAIL);
        self.session.trail.drain(..extra);
        self.show()
    }

    pub(super) fn back(&mut self) -> Result<(), StoreError> {
        match self.session.trail.pop() {
            Some(at) => {
                self.session.at = at;
                self.show()
            }
            None => self.go_home(),
        }
    }

    fn offered(&mut self, input: &str, form: &str) -> Result<(), StoreError> {
        let keys = self.keys();
        let Some(left) = self.left() else { return self.go_home() };
        if keys.resume.is(input) || draft::says_resume(self.env.grammar, input) {
            return match left {
                Left::Draft(draft) => self.resume(&draft),
                Left::Asked(q) => {
                    let text = self.asked_again(&q);
                    self.ask_again(text);
                    Ok(())
                }
            };
        }
        if keys.anew.is(input) {
            let own = match left {
                Left::Draft(draft) => {
                    draft::done(self.env, &mut self.person);
                    draft.form
                }
                Left::Asked(q) => {
                    self.person.questions.retain(|other| *other != q);
                    String::new()
                }
            };
            let form = if form.is_empty() { own } else { form.to_string() };
            // below it lies another of the same form
            let again = self.active(&form, Picked::default()).is_some();
            return match self.env.grammar.menus.get(&form) {
                Some(_) if again => {
                    self.session.at = At::Offer { form };
                    self.show()
                }
                Some(_) => {
                    self.session.at = At::Step { form, picked: Picked::default() };
                    self.show()
                }
                None => self.go_home(),
            };
        }
        if keys.back.is(input) {
            return self.go_home();
        }
        self.words_or_again(input)
    }

    /// Goes on with a draft where it stands.
    fn resume(&mut self, draft: &Draft) -> Result<(), StoreError> {
        self.session.at = match draft::next(self.env.grammar, draft) {
            Some(_) => At::Step { form: draft.form.clone(), picked: draft.picked },
            None => At::Confirm,
        };
        self.show()
    }

    fn chosen(&mut self, input: &str, name: &str, page: u16, picked: Picked) -> Result<(), StoreError> {
        let keys = self.keys();
        if keys.back.is(input) && name != HOME {
            if name == STOPPED {
                self.session.over = true;
                return self.show();
            }
            return self.back();
        }
        if let Some(number) = picked.question {
            return self.answer_question(input, number);
        }
        let Some(screen) = self.env.grammar.menus.get(name) else { return self.go_home() };
        if let Some(list) = screen.list {
            let from = usize::from(page);
            let (entries, shown) = self.entries(screen, from)?;
            if keys.more.is(input) {
                if shown < entries.len() {
                    let page = u16::try_from(from + shown).unwrap_or(0);
                    self.session.at = At::Menu { name: name.into(), page, picked };
                }
                return self.show();
            }
            let nth = digit(input).map(usize::from).filter(|n| (1..=shown).contains(n));
            let Some(nth) = nth.map(|n| from + n - 1) else { return self.words_or_again(input) };
            let picked = match list {
                List::Own => Picked { post: self.own()?.get(nth).map(|p| p.id), question: None },
                List::Questions => Picked { post: None, question: self.asked().get(nth).map(|q| q.number) },
            };
            let go = screen.go.clone().unwrap_or_default();
            return self.go(At::Menu { name: go, page: 0, picked });
        }
        match screen.options.iter().find(|o| o.key == input) {
            Some(option) => self.option(option, picked),
            // who has left by 退订 may only come back
            None if name == STOPPED => self.show(),
            None => self.words_or_again(input),
        }
    }

    fn option(&mut self, option: &Choice, picked: Picked) -> Result<(), StoreError> {
        if let Some(text) = &option.text {
            let mut text = text.clone();
            if let Some(post) = picked.post {
                text = text.replace("{no}", &phrase::number(post));
                let item = self.view.post(post)?.and_then(|p| p.item.clone()).unwrap_or_default();
                text = text.replace("{item}", &item);
            }
            return self.perform(&text, false);
        }
        let name = option.go.clone().unwrap_or_default();
        let is_form = self.env.grammar.menus.get(&name).is_some_and(|s| s.text.is_some());
        if !is_form {
            return self.go(At::Menu { name, page: 0, picked });
        }
        // one of this form was left: rather that one
        if self.active(&name, picked).is_some() {
            return self.go(At::Offer { form: name });
        }
        self.go(At::Step { form: name, picked })
    }

    /// Words typed on a menu are a text; a digit that nothing stands on changes nothing.
    fn words_or_again(&mut self, input: &str) -> Result<(), StoreError> {
        if digit(input).is_some() || self.keys().skip.is(input) {
            return self.show();
        }
        self.perform(input, false)
    }

    fn step(&mut self, input: &str, form: &str, picked: Picked) -> Result<(), StoreError> {
        let keys = self.keys();
        let g = self.env.grammar;
        let Some(screen) = g.menus.get(form) else { return self.go_home() };
        let begun = self.active(form, picked).cloned();
        let at = begun.as_ref().map_or(0, |d| d.said.len());
        let Some(step) = screen.steps.get(at) else { return self.go_home() };
        if keys.back.is(input) {
            return match at.checked_sub(1) {
                // what was answered stays until it is answered anew
                Some(before) => {
                    self.session.at = At::Mend { step: u16::try_from(before).unwrap_or(0) };
                    self.show()
                }
                None => self.back(),
            };
        }
        if at == 0
            && let Some(option) = step.options.iter().find(|o| o.key == input)
        {
            return self.option(option, picked);
        }
        if keys.skip.is(input) && !step.skip {
            return self.show();
        }
        let empty = Draft { form: form.into(), picked, said: Vec::new(), at: self.env.now, until: self.env.now };
        let new = begun.is_none();
        let mut draft = begun.unwrap_or(empty);
        let said = if keys.skip.is(input) { String::new() } else { draft::dressed(g, &draft, step, input) };
        draft.said.push(said);
        if draft.said.len() < screen.steps.len() {
            draft::keep(self.env, &mut self.person, draft, new);
            return self.show();
        }
        let text = draft::text(g, &draft, "");
        if screen.confirm || self.files(&text)? {
            draft::keep(self.env, &mut self.person, draft, new);
            self.session.at = At::Confirm;
            return self.show();
        }
        // what files no post is done at once
        if !new {
            draft::done(self.env, &mut self.person);
        }
        self.perform(&text, true)
    }

    fn mended(&mut self, input: &str, step: usize) -> Result<(), StoreError> {
        let (keys, g) = (self.keys(), self.env.grammar);
        let Some(mut draft) = draft::of(self.env, &self.person).cloned() else { return self.go_home() };
        let asked = draft::form(g, &draft).and_then(|f| f.steps.get(step));
        if keys.back.is(input) {
            if draft::next(g, &draft).is_none() {
                self.session.at = At::Confirm;
                return self.show();
            }
            return self.go_home();
        }
        let said = match asked {
            Some(step) if keys.skip.is(input) && step.skip => String::new(),
            Some(_) if keys.skip.is(input) => return self.show(),
            Some(step) => draft::dressed(g, &draft, step, input),
            None => input.to_string(),
        };
        match draft.said.get_mut(step) {
            Some(old) => *old = said,
            None => return self.go_home(),
        }
        draft::keep(self.env, &mut self.person, draft.clone(), false);
        self.resume(&draft)
    }

    fn which_step(&mut self, input: &str) -> Result<(), StoreError> {
        let steps = draft::of(self.env, &self.person).map_or(0, |d| d.said.len());
        let nth = digit(input).filter(|n| (1..=steps).contains(&usize::from(*n)));
        self.session.at = match nth {
            Some(nth) => At::Mend { step: u16::from(nth - 1) },
            None if self.keys().back.is(input) => At::Confirm,
            None => At::Which,
        };
        self.show()
    }

    /// A digit for what another waits to hear.
    fn answer_question(&mut self, input: &str, number: u32) -> Result<(), StoreError> {
        let Some(q) = self.asked().into_iter().find(|q| q.number == number).cloned() else { return self.back() };
        let choice = digit(input).filter(|n| (1..=q.ask.offers()).contains(n));
        let Some(choice) = choice else { return self.words_or_again(input) };
        // as if it had been asked which question the digit is for
        let (asked, until, to) = (self.env.now, q.until, self.to.clone());
        let ask = Ask::Clarify { choice, questions: vec![q.number] };
        self.person.ask(Question { asked, until, ask, to, label: String::new(), number: 0 });
        self.perform("1", true)
    }

    fn after_answer(&mut self, input: &str) -> Result<(), StoreError> {
        let keys = self.keys();
        let digit = digit(input);
        if let (Some(digit), Some(q)) = (digit, self.offered_now())
            && (1..=q.ask.offers()).contains(&digit)
        {
            return self.perform(input, false);
        }
        if keys.more.is(input) && !self.session.pages.is_empty() {
            let page = self.session.pages.remove(0);
            self.page(page);
            return Ok(());
        }
        if keys.more.is(input) && self.has_more() {
            let word = self.env.grammar.menus.more.clone();
            return self.perform(&word, true);
        }
        if keys.send.is(input) && !self.session.answer.is_empty() {
            self.send();
            self.session.answer.clear();
            let text = self.sentence("ussd_sent");
            self.page(text);
            return Ok(());
        }
        if keys.back.is(input) {
            return self.back();
        }
        // a digit that nothing stands on: the same again
        if digit.is_some() || keys.skip.is(input) {
            return Ok(());
        }
        self.perform(input, false)
    }
}
