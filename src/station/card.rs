//! The pocket cue card of a station: two sides of A6 for print, one HTML file that needs no network.
//!
//! What is printed is `grammar/card.toml`. Each example is read by the very grammar that will read it when it is texted, and
//! a card with one that would be read otherwise is not made.

use std::fmt::Write as _;

use crate::command::prove_card;
use crate::config::Station;
use crate::grammar::card::Line;
use crate::grammar::{Grammar, GrammarError};

const HTML: &str = include_str!("card/card.html");
const CSS: &str = include_str!("card/card.css");

/// Why there is no card.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    #[error("the grammar has no card.toml")]
    NoCard,
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Misread(Vec<GrammarError>),
    #[error("station.{0} has no short_codes, so there is no number to print")]
    NoNumber(String),
}

/// What is dialled for the menu, and its first screen: `*123#`, `1卖`, `2买` …
#[derive(Debug, Clone, Default)]
pub struct Dial {
    pub code: String,
    pub choices: Vec<(String, String)>,
}

/// The card as a page.
///
/// # Errors
/// [`CardError`].
pub fn page(grammar: &Grammar, station: &Station, dial: Option<&Dial>) -> Result<String, CardError> {
    let card = &grammar.card;
    if card.sides.is_empty() {
        return Err(CardError::NoCard);
    }
    let wrong = prove_card(grammar, station.place);
    if !wrong.is_empty() {
        return Err(CardError::Misread(wrong));
    }
    let number = station.short_codes.first().ok_or_else(|| CardError::NoNumber(station.key.clone()))?;
    let mut sides = String::new();
    let last = card.sides.len() - 1;
    for (at, (title, lines)) in card.for_place(grammar, station.place).into_iter().enumerate() {
        let _ = writeln!(sides, "<section class=\"side {}\">", if at == 0 { "front" } else { "back" });
        if at == 0 {
            head(&mut sides, grammar, station, number, dial);
        } else {
            let _ = writeln!(
                sides,
                "<header class=\"brief\"><h2>{}</h2><p>{} <b>{}</b></p></header>",
                escape(title),
                escape(&card.words.send_to),
                escape(number)
            );
        }
        if at == 0 {
            let _ = writeln!(sides, "<h2>{}<small>{}</small></h2>", escape(title), escape(&card.words.fold));
        }
        let _ = writeln!(sides, "<dl>");
        lines.iter().for_each(|line| row(&mut sides, line));
        let _ = writeln!(sides, "</dl>");
        if at == last {
            foot(&mut sides, grammar, station, dial);
        }
        let _ = writeln!(sides, "</section>");
    }
    let title = format!("{} {number}", station.name);
    Ok(HTML.replace("{{css}}", CSS).replace("{{title}}", &escape(&title)).replace("{{sides}}", &sides))
}

fn head(out: &mut String, grammar: &Grammar, station: &Station, number: &str, dial: Option<&Dial>) {
    let words = &grammar.card.words;
    // long numbers are set smaller, never broken
    let wide = if number.len() > 12 { " long" } else { "" };
    let _ = writeln!(
        out,
        "<header class=\"head\"><h1>{}</h1><p class=\"motto\">{}</p>\n<p class=\"send\"><span>{}</span><b class=\"number{wide}\">{}</b></p>",
        escape(&station.name),
        escape(&words.motto),
        escape(&words.send_to),
        escape(number)
    );
    if let Some(dial) = dial {
        let _ = writeln!(
            out,
            "<p class=\"dial\"><span>{}</span><b>{}</b><span>{}</span></p>",
            escape(&words.dial),
            escape(&dial.code),
            escape(&words.dial_hint)
        );
    }
    let _ = writeln!(out, "</header>");
}

fn row(out: &mut String, line: &Line) {
    let _ = writeln!(
        out,
        "<div><dt>{}</dt><dd><b>{}</b><small>{}</small></dd></div>",
        escape(&line.goal),
        escape(&line.text),
        escape(&line.note)
    );
}

/// The menu's digits where there is one, and whose card it is.
fn foot(out: &mut String, grammar: &Grammar, station: &Station, dial: Option<&Dial>) {
    let words = &grammar.card.words;
    if let Some(dial) = dial.filter(|d| !d.choices.is_empty()) {
        let _ =
            write!(out, "<p class=\"menu\"><span>{} <b>{}</b></span>", escape(&words.dial_back), escape(&dial.code));
        for (key, say) in &dial.choices {
            let _ = write!(out, "<span><b>{}</b>{}</span>", escape(key), escape(say));
        }
        let _ = writeln!(out, "</p>");
    }
    let _ =
        writeln!(out, "<footer><span>{}</span><span>{}</span></footer>", escape(&words.keep), escape(&station.name));
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
