//! One form a character: full-width to ASCII, traditional to simplified, one kind of each mark, no pictures.
//!
//! `賣　板藍根２００斤！！` → `卖 板蓝根200斤,`. What stands in brackets at either end (`【微信】`) is a signature and goes.

use unicode_normalization::UnicodeNormalization;

use crate::grammar::lexicon::{Lexicon, Sense};

/// The text in normal form: lower case, with `,` `?` `/` `-` `.` `:` and single spaces as its only marks.
pub fn normalize(lexicon: &Lexicon, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' | 'a'..='z' => out.push(c),
            '\u{4e00}'..='\u{9fff}' => out.push(lexicon.simplify(c)),
            _ => odd(lexicon, c, &mut out),
        }
    }
    let out = numerals(lexicon, &out);
    let out = strip(lexicon, &out);
    let mut out = spaced_out(out);
    out.truncate(out.trim_end_matches([' ', ',', '.', ':', '-']).len());
    let lead = out.len() - out.trim_start_matches([' ', ',', '.', ':', '-']).len();
    out.drain(..lead);
    out
}

/// The text with its pictures in words: 卖🐔20只; `None` where it has none that says anything.
pub fn in_words(lexicon: &Lexicon, text: &str) -> Option<String> {
    text.chars().any(|c| lexicon.picture(c).is_some()).then(|| {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match lexicon.picture(c) {
                Some(word) => out.push_str(word),
                None => out.push(c),
            }
        }
        out
    })
}

/// Anything that is neither a digit, a small letter nor a common character.
fn odd(lexicon: &Lexicon, c: char, out: &mut String) {
    match c {
        'A'..='Z' => out.push(c.to_ascii_lowercase()),
        ' ' | '\t' | '\u{a0}' | '\u{3000}' | '_' | '"' | '\'' | '“' | '”' | '‘' | '’' | '「' | '」' | '《' | '》' => {
            space(out)
        }
        ',' | ';' | '!' | '\n' | '\r' | '，' | '；' | '！' | '。' | '、' | '…' | '｡' | '．' | '|' | '(' | ')'
        | '（' | '）' | '·' | '•' => match c {
            '。' | '．' => out.push('.'),
            '、' => out.push('、'),
            _ => mark(out, ','),
        },
        // *100#, 12345*#*: keys; else it parts words
        '*' if out.is_empty() || out.ends_with(|d: char| d.is_ascii_digit() || d == '#' || d == '*') => out.push('*'),
        '*' => space(out),
        '?' | '？' => mark(out, '?'),
        ':' | '：' => mark(out, ':'),
        '-' | '—' | '–' | '－' | '~' | '～' | '〜' | '─' | '→' | '➡' | '➔' | '⇒' | '>' => {
            mark(out, '-')
        }
        '.' => out.push('.'),
        '/' | '／' => mark(out, '/'),
        '[' | '【' | '［' | '〔' => out.push('【'),
        ']' | '】' | '］' | '〕' => out.push('】'),
        '￥' | '¥' => out.push('¥'),
        '$' | '+' | '#' | '&' | '=' | '%' => out.push(c),
        '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{ad}' => {}
        c if c.is_control() || c == '\u{fffd}' => space(out),
        '\u{3007}' => out.push('〇'),
        _ => compat(lexicon, c, out),
    }
}

/// Letters of other forms become plain ones; pictures and the like part words.
fn compat(lexicon: &Lexicon, c: char, out: &mut String) {
    let mut any = false;
    for d in std::iter::once(c).nfkc().flat_map(char::to_lowercase) {
        match d {
            '\u{4e00}'..='\u{9fff}' => out.push(lexicon.simplify(d)),
            '0'..='9' | 'a'..='z' => out.push(d),
            d if d.is_alphanumeric() => out.push(d),
            _ => continue,
        }
        any = true;
    }
    if !any {
        space(out);
    }
}

fn space(out: &mut String) {
    if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
}

/// Adds a mark, once.
fn mark(out: &mut String, c: char) {
    if !out.ends_with(c) {
        out.push(c);
    }
}

/// Points and commas within numbers: `3。5` is 3.5, `1,000` is 1000; elsewhere a point is a comma.
fn numerals(lexicon: &Lexicon, text: &str) -> String {
    if !text.contains(['.', ',', 'o']) {
        return text.to_string();
    }
    let mut out = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    for (i, c) in text.char_indices() {
        let before = i > 0 && digit(i - 1);
        match c {
            '.' if before && digit(i + 1) => out.push('.'),
            // 3oo斤
            'o' if out.ends_with(|d: char| d.is_ascii_digit())
                && !bytes[i..].iter().find(|b| **b != b'o').is_some_and(u8::is_ascii_alphabetic) =>
            {
                out.push('0');
            }
            // An address of the net keeps its points, so that it is known for one.
            '.' if i > 0
                && bytes[i - 1].is_ascii_alphabetic()
                && bytes.get(i + 1).is_some_and(u8::is_ascii_alphabetic) =>
            {
                out.push('.');
            }
            '.' => mark(&mut out, ','),
            ',' if before
                && digit(i + 1)
                && digit(i + 2)
                && digit(i + 3)
                && !digit(i + 4)
                && !(i > 3 && digit(i - 4))
                && !(i > 2 && digit(i - 2) && digit(i - 3) && !counted(lexicon, &text[i + 4..])) => {}
            ',' => mark(&mut out, ','),
            c => out.push(c),
        }
    }
    out
}

/// Whether what follows is counted: 100,000元; 101,102 are two posts.
fn counted(lexicon: &Lexicon, rest: &str) -> bool {
    let Some(c) = rest.chars().next() else { return false };
    let mut b = [0; 4];
    lexicon
        .word(c.encode_utf8(&mut b))
        .is_some_and(|w| w.unit().is_some() || w.money().is_some() || w.power().is_some())
}

/// Takes off signatures and what gateways put before a text.
fn strip<'a>(lexicon: &Lexicon, text: &'a str) -> &'a str {
    let mut text = text.trim();
    while let Some(p) = lexicon.prefixes.iter().find(|p| text.starts_with(p.as_str())) {
        text = text[p.len()..].trim_start();
    }
    for s in &lexicon.signatures {
        if let Some(rest) = text.strip_suffix(s.as_str()) {
            text = rest.trim_end();
        }
    }
    // A bracketed name of at most 12 characters, where other words stand beside it.
    if let Some(rest) = text.strip_prefix('【')
        && let Some(end) = rest.find('】')
        && rest[..end].chars().count() <= 12
        && !rest[end + '】'.len_utf8()..].trim().is_empty()
        && !machine(lexicon, &rest[..end])
        && !polite(&rest[end..])
    {
        text = rest[end + '】'.len_utf8()..].trim_start();
    }
    if let Some(rest) = text.strip_suffix('】')
        && let Some(start) = rest.rfind('【')
        && rest[start..].chars().count() <= 13
        && start > 0
        && !polite(&rest[..start])
    {
        text = rest[..start].trim_end();
    }
    text
}

/// 【京东】您购买的…: who signs and writes so politely is a machine, and its signature tells that.
fn polite(rest: &str) -> bool {
    rest.match_indices('您').any(|(i, _)| !rest[i + '您'.len_utf8()..].starts_with('好'))
}

/// Whether a signature is that of a machine, which tells more than it hides.
fn machine(lexicon: &Lexicon, name: &str) -> bool {
    lexicon.word(name).is_some_and(|w| w.senses.iter().any(|s| matches!(s, Sense::Stranger(_))))
}

/// `卖 板 蓝 根` typed with a space after every character becomes one word again.
fn spaced_out(text: &str) -> String {
    let one = |w: &str| w.chars().count() == 1 && w.chars().all(|c| is_han(c) || c.is_ascii_digit());
    let singles = || text.split(' ').filter(|w| one(w));
    let words = text.split(' ').filter(|w| !w.is_empty()).count();
    if words < 4 || singles().count() * 4 < words * 3 || !text.chars().any(is_han) {
        return text.to_string();
    }
    let mut out = String::with_capacity(text.len());
    let mut last_single = false;
    for w in text.split(' ').filter(|w| !w.is_empty()) {
        let single = one(w);
        if !(out.is_empty() || single && last_single) {
            out.push(' ');
        }
        out.push_str(w);
        last_single = single;
    }
    out
}

/// Whether a character belongs to Chinese words.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{323af}' | '〇')
}
