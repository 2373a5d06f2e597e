//! Texts on routes that take none freely: an approved template's id, and variables that are filled in.
//!
//! ```toml
//! [carrier.template]             # approved as: 乡讯提醒:${a} ${b}
//! id = "SMS_154950909"
//! variables = ["a", "b"]         # filled in this order; the text is cut between words where there are several
//! max_len = 35                   # characters that one variable may hold
//! banned = ["彩票", "贷款"]       # words the carrier refuses
//! ```
//!
//! What would be refused is refused here, before it is sent, with its reason, so that another route can take it: no carrier takes an empty variable, a link or
//! the brackets of a signature in one. Whole numbers, prices and telephone numbers are never cut in two.

use super::SendError;
use crate::config::carrier::Settings;

/// What no carrier of China takes inside a variable: links, and the brackets that mark a signature.
const NEVER: &[&str] = &["http://", "https://", "www.", "【", "】"];

/// One approved template that any text can be put into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub id: String,
    pub variables: Vec<String>,
    /// Characters in one variable.
    pub max_len: usize,
    pub banned: Vec<String>,
}

impl Template {
    /// Reads `[carrier.template]`; `max_len` is what the carrier allows where the config says nothing.
    pub fn read(s: &mut Settings<'_>, max_len: i64) -> Template {
        let id = s.required("id", "as the carrier named it when it approved the template");
        let variables = s.list("variables");
        if variables.is_empty() && s.is_sound("variables") {
            s.fault("variables", "is missing; add variables = [\"…\"] (the template's variables, in their order)");
        }
        let mut sorted = variables.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() < variables.len() {
            s.fault("variables", "must each have a name of its own");
        }
        let max_len = s.integer("max_len", 1..=500).unwrap_or(max_len);
        let banned = s.list("banned");
        Template { id, variables, max_len: usize::try_from(max_len).unwrap_or(1), banned }
    }

    /// The values of the variables for `text`, in their order.
    pub fn fill(&self, text: &str) -> Result<Vec<String>, SendError> {
        let refuse = |why: String| Err(SendError::Unfit(format!("template {}: {why}", self.id)));
        // Carriers squeeze or refuse line ends in a variable.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let lower = text.to_lowercase();
        if let Some(word) = NEVER.iter().copied().find(|w| lower.contains(w)) {
            return refuse(format!("{word} must not stand in a variable"));
        }
        if let Some(word) = self.banned.iter().find(|w| text.contains(w.as_str())) {
            return refuse(format!("the word {word} is banned"));
        }
        let chars: Vec<char> = text.chars().collect();
        let count = self.variables.len();
        if chars.len() < count {
            return refuse(format!("{} characters cannot fill {count} variables", chars.len()));
        }
        if chars.len() > count * self.max_len {
            return refuse(format!("{} characters are more than {count} times {}", chars.len(), self.max_len));
        }
        match cut(&chars, count, self.max_len) {
            Some(parts) => Ok(parts),
            None => refuse(format!("the text cannot be cut into {count} times {} without a word in two", self.max_len)),
        }
    }

    /// What the operator must know of such a route.
    pub fn setup(&self) -> String {
        let (id, variables, most) = (&self.id, self.variables.join(" + "), self.max_len);
        format!(
            "warning: template-only route: every text goes as template {id} with {variables} of at most {most} characters each; what is longer, or holds a link or a banned word, is not sent, and carriers may refuse telephone numbers in variables"
        )
    }
}

/// `text` in `count` pieces of 1 to `max` characters, as even as may be: cut after a sentence, a blank or a mark where one is
/// near, else between any two characters that are not of one number or word of letters.
fn cut(text: &[char], count: usize, max: usize) -> Option<Vec<String>> {
    let mut parts = Vec::with_capacity(count);
    let mut rest = text;
    for left in (1..count).rev() {
        // The pieces to come need a character each, and cannot hold more than they can.
        let least = rest.len().saturating_sub(left * max).max(1);
        let most = max.min(rest.len() - left);
        let even = rest.len().div_ceil(left + 1).clamp(least, most);
        let best = (least..=most).filter(|at| splits(rest, *at)).min_by_key(|at| {
            let loss = match rest[at - 1] {
                '。' | ';' | '\u{ff1b}' | '\u{ff01}' | '\u{ff1f}' => 0,
                mark if is_mark(mark) || rest[*at] == ' ' => max / 6,
                _ => max / 3,
            };
            (at.abs_diff(even) + loss, *at)
        })?;
        parts.push(piece(&rest[..best])?);
        rest = &rest[best..];
    }
    parts.push(piece(rest)?);
    Some(parts)
}

/// A piece without blanks at its ends; `None` where nothing else is in it.
fn piece(chars: &[char]) -> Option<String> {
    let text: String = chars.iter().collect();
    Some(text.trim().to_string()).filter(|t| !t.is_empty())
}

/// Whether the text may be cut before its character `at`.
fn splits(text: &[char], at: usize) -> bool {
    let (before, after) = (text[at - 1], text[at]);
    let joins = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '/' | ':' | '%' | '+' | '*');
    // 200斤 and 807号 belong together as well
    let counted = before.is_ascii_digit() && !is_mark(after) && after != ' ';
    !(joins(before) && joins(after) || counted || is_mark(after) || is_joined(after))
}

fn is_mark(c: char) -> bool {
    let wide = matches!(c, '\u{ff0c}' | '\u{ff1b}' | '\u{ff01}' | '\u{ff1f}' | '\u{ff1a}' | '\u{ff09}');
    wide || matches!(c, ' ' | ',' | ';' | '!' | '?' | ')' | '。' | '、' | '」')
}

/// Signs that belong to the character before them: the second half of an emoji, its colour, its presentation.
fn is_joined(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(count: usize, max_len: usize) -> Template {
        let variables = (0..count).map(|n| format!("v{n}")).collect();
        Template { id: "T1".into(), variables, max_len, banned: vec!["彩票".into()] }
    }

    #[test]
    fn one_variable_takes_the_whole_text() {
        let text = "已登记807号 卖板蓝根200斤";
        assert_eq!(template(1, 35).fill(text), Ok(vec![text.to_string()]));
        assert_eq!(template(1, 35).fill("a\n b"), Ok(vec!["a b".to_string()]));
    }

    #[test]
    fn several_take_pieces_that_keep_numbers_whole() {
        let text = "已登记807号 卖板蓝根200斤 栽麻镇 15天。2家在收:612号丰登要1000斤3.2元;640号王80公斤3元。";
        for count in 2..=5 {
            let parts = template(count, 35).fill(text).unwrap();
            assert_eq!(parts.len(), count);
            assert!(parts.iter().all(|p| !p.is_empty() && p.chars().count() <= 35), "{parts:?}");
            for whole in ["807号", "200斤", "612号", "1000斤", "3.2元", "640号", "80公", "3元"] {
                assert!(parts.iter().any(|p| p.contains(whole)), "{whole} in {parts:?}");
            }
            let same = |s: &str| s.replace(' ', "");
            assert_eq!(same(&parts.concat()), same(text), "nothing is lost");
        }
        assert_eq!(template(2, 35).fill("好的"), Ok(vec!["好".to_string(), "的".to_string()]));
    }

    #[test]
    fn what_a_carrier_would_refuse_is_refused_with_its_reason() {
        for (count, max_len, text, why) in [
            (1, 5, "一二三四五六", "template T1: 6 characters are more than 1 times 5"),
            (2, 5, "好", "template T1: 1 characters cannot fill 2 variables"),
            (1, 5, "", "template T1: 0 characters cannot fill 1 variables"),
            (1, 50, "看 HTTPS://x.cn", "template T1: https:// must not stand in a variable"),
            (1, 50, "【乡讯】好", "template T1: 【 must not stand in a variable"),
            (1, 50, "买彩票", "template T1: the word 彩票 is banned"),
            (2, 6, "13800000000", "template T1: the text cannot be cut into 2 times 6 without a word in two"),
        ] {
            assert_eq!(template(count, max_len).fill(text), Err(SendError::Unfit(why.into())), "{text}");
        }
    }
}
