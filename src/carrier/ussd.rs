//! USSD: how carriers tell of a session, and how they are answered, in one shape.
//!
//! A session is a dialogue of a minute or two. The carrier calls with each thing that the phone sent and shows what stands
//! in our answer. One carrier sends what was typed last, another all that was typed since the session began; only who
//! keeps the session can turn the one into the other, with [`UssdInput::after`]:
//!
//! ```
//! use xiangxun::carrier::ussd::{Typed, UssdInput};
//!
//! // `*384*1234#` was dialled, 1 chosen, and now 卖牛 typed: so far 1 was known.
//! let told = UssdInput::Path("1*卖牛".into());
//! assert_eq!(told.after(Some("1")), Typed::New { input: "卖牛".into(), path: "1*卖牛".into() });
//! assert_eq!(told.after(Some("1*卖牛")), Typed::Again, "the carrier called twice");
//! ```

use super::{Ack, Arrived, Refusal, Secrets};
use crate::message::Sender;

/// One call of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UssdRequest {
    /// `name` of the carrier in the config.
    pub carrier: String,
    /// The carrier's id of the session.
    pub session: String,
    pub from: Sender,
    /// What was dialled to reach us, as the carrier writes it: `*384*1234#`. Empty where it does not say.
    pub service_code: String,
    pub kind: UssdKind,
    pub input: UssdInput,
    /// Which call of its session it is, where the carrier counts them: a repeat has the same.
    pub order: Option<u64>,
}

/// What a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UssdKind {
    /// The code was dialled. Its input is what was dialled behind it: `1*200` of `*123*1*200#`.
    Begin,
    /// A screen was answered. In a session that is not known it is a beginning with something dialled behind the code:
    /// some carriers do not say which.
    Continue,
    /// The session is over, whoever ended it: nothing can be shown any more.
    Abort,
    /// It is over because nobody answered.
    Timeout,
}

/// What was typed, as the carrier tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UssdInput {
    /// The answer to the last screen.
    Step(String),
    /// Everything since the session began, joined by `*`. An answer may hold a `*` itself.
    Path(String),
}

/// What a call adds to what was known of its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// This was typed; with it the path of the session is that.
    New { input: String, path: String },
    /// The carrier repeats a call: the same screen again.
    Again,
    /// An old call that was overtaken, or one that does not follow from what is known.
    Stray,
}

impl UssdInput {
    /// What was typed, after the path that is known: `None` where the session is not.
    pub fn after(&self, known: Option<&str>) -> Typed {
        match (self, known) {
            (UssdInput::Step(input), Some(known)) if !known.is_empty() => {
                Typed::New { input: input.clone(), path: format!("{known}*{input}") }
            }
            (UssdInput::Path(path), Some(known)) if path == known => Typed::Again,
            (UssdInput::Path(path), Some(known)) if !known.is_empty() => {
                match path.strip_prefix(known).and_then(|rest| rest.strip_prefix('*')) {
                    Some(input) => Typed::New { input: input.to_string(), path: path.clone() },
                    None => Typed::Stray,
                }
            }
            (UssdInput::Step(all) | UssdInput::Path(all), _) => Typed::New { input: all.clone(), path: all.clone() },
        }
    }
}

/// What the phone shows next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UssdScreen {
    pub text: String,
    /// Nothing can be answered: the session ends with it.
    pub ends: bool,
}

/// The USSD side of an account, at `/carriers/{name}/ussd` and below.
pub trait Ussd: Sync {
    /// Proves the call authentic, then reads it.
    fn hear_ussd(&self, call: &Arrived<'_>) -> Result<UssdRequest, Refusal>;
    /// The answer: with a screen for [`UssdKind::Begin`] and [`UssdKind::Continue`], without for a session that is over.
    fn ussd_ack(&self, request: &UssdRequest, screen: Option<&UssdScreen>) -> Ack;
    /// What the operator must enter on the carrier's own page for USSD, one line each.
    fn ussd_setup(&self, public_url: &str, secrets: Secrets) -> Vec<String>;
}

/// What was dialled behind a service code: `1*200` of `*123*1*200#` where the code is `*123#`; empty where that is all.
pub fn dialled_behind<'a>(code: &str, dialled: &'a str) -> &'a str {
    let bare = |s: &'a str| s.trim().trim_end_matches('#').trim_start_matches('*');
    let code = code.trim().trim_end_matches('#').trim_start_matches('*');
    let rest = bare(dialled).strip_prefix(code).unwrap_or_default();
    rest.strip_prefix('*').unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(input: &str, path: &str) -> Typed {
        Typed::New { input: input.into(), path: path.into() }
    }

    #[test]
    fn a_path_tells_what_is_new_in_it() {
        let of = |path: &str, known| UssdInput::Path(path.into()).after(known);
        assert_eq!(of("", None), new("", ""), "dialled");
        assert_eq!(of("1*200", None), new("1*200", "1*200"), "dialled with answers behind the code");
        assert_eq!(of("", Some("")), Typed::Again);
        assert_eq!(of("1", Some("")), new("1", "1"));
        assert_eq!(of("1*2", Some("1")), new("2", "1*2"));
        assert_eq!(of("1*a*b", Some("1")), new("a*b", "1*a*b"), "an answer that holds a star");
        assert_eq!(of("1*", Some("1")), new("", "1*"), "an empty answer");
        assert_eq!(of("1*2", Some("1*2")), Typed::Again);
        assert_eq!(of("1", Some("1*2")), Typed::Stray, "overtaken");
        assert_eq!(of("12", Some("1")), Typed::Stray, "no star between");
        assert_eq!(of("3*4", Some("1")), Typed::Stray);
    }

    #[test]
    fn steps_make_a_path() {
        let of = |step: &str, known| UssdInput::Step(step.into()).after(known);
        assert_eq!(of("", None), new("", ""));
        assert_eq!(of("1", Some("")), new("1", "1"));
        assert_eq!(of("1", Some("1")), new("1", "1*1"), "the same again may be meant: repeats show by their order");
    }

    #[test]
    fn what_is_dialled_behind_the_code_is_found() {
        for (code, dialled, behind) in [
            ("*711*23#", "*711*23#", ""),
            ("711*23", "*711*23*1*200#", "1*200"),
            ("*123#", "*123*1#", "1"),
            ("*123#", "", ""),
            ("*12#", "*123*1#", ""),
            ("", "*123#", ""),
        ] {
            assert_eq!(dialled_behind(code, dialled), behind, "{code} {dialled}");
        }
    }
}
