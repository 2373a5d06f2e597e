//! Texts with placeholders, as the config of a `generic` carrier writes requests and signatures:
//! `{"mobile":"{to}","content":"{text}"}`.
//!
//! A placeholder is a word in braces (`{to}`, `{header.x-time}`); any other brace stands for itself, so JSON needs no escapes.

/// A text cut at its placeholders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Slot(String),
}

impl Template {
    /// Cuts `text`. A placeholder that is not `known` is an error that says what is; a known name that ends in a dot
    /// stands for all that begin with it.
    pub fn parse(text: &str, known: &[&str]) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            literal.push_str(&rest[..open]);
            rest = &rest[open..];
            match slot(rest) {
                Some(name) => {
                    if !known.iter().any(|k| *k == name || k.ends_with('.') && name.starts_with(k)) {
                        let all: Vec<String> = known.iter().map(|k| format!("{{{k}}}")).collect();
                        return Err(format!("has the placeholder {{{name}}}; there are: {}", all.join(" ")));
                    }
                    if !literal.is_empty() {
                        pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                    }
                    pieces.push(Piece::Slot(name.to_string()));
                    rest = &rest[name.len() + 2..];
                }
                None => {
                    literal.push('{');
                    rest = &rest[1..];
                }
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Template(pieces))
    }

    /// Whether a placeholder that begins with `start` stands in it.
    pub fn holds(&self, start: &str) -> bool {
        self.0.iter().any(|p| matches!(p, Piece::Slot(name) if name.starts_with(start)))
    }

    /// Writes literals through `literal` and each placeholder through `value`.
    pub fn fill<O>(&self, out: &mut O, literal: impl Fn(&str, &mut O), mut value: impl FnMut(&str, &mut O)) {
        for piece in &self.0 {
            match piece {
                Piece::Literal(s) => literal(s, out),
                Piece::Slot(name) => value(name, out),
            }
        }
    }

    /// The text with each placeholder replaced by what `value` writes.
    pub fn text(&self, value: impl FnMut(&str, &mut String)) -> String {
        let mut out = String::new();
        self.fill(&mut out, |s, out| out.push_str(s), value);
        out
    }

    /// As [`Template::text`], in bytes.
    pub fn bytes(&self, value: impl FnMut(&str, &mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        self.fill(&mut out, |s, out| out.extend_from_slice(s.as_bytes()), value);
        out
    }
}

/// The name of the placeholder that `text` begins with.
fn slot(text: &str) -> Option<&str> {
    let name = &text[1..text.find('}')?];
    let first = name.bytes().next()?;
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    (plain && first.is_ascii_lowercase()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_braces_stand_for_themselves() {
        let t = Template::parse(r#"{"to":"{to}","a":{},"t":"{text}{"}"#, &["to", "text"]).unwrap();
        assert_eq!(t.text(|name, out| out.push_str(&name.to_uppercase())), r#"{"to":"TO","a":{},"t":"TEXT{"}"#);
        assert!(t.holds("text") && !t.holds("from"));
    }

    #[test]
    fn an_unknown_placeholder_names_the_known_ones() {
        let error = Template::parse("a={tto}", &["to", "header."]).unwrap_err();
        assert_eq!(error, "has the placeholder {tto}; there are: {to} {header.}");
        assert!(Template::parse("{header.x-time}", &["to", "header."]).is_ok());
    }
}
