//! Whether a text has the words of a pattern: `找*拉` is 找 and, some characters behind it in the same clause, 拉; `有**要拉` the
//! same across clauses.

/// So many characters may stand in a gap: a thing with its amount and kind, not another thought.
const GAP: usize = 9;
/// And so many in a gap that goes over clauses.
const WIDE: usize = 24;
/// What ends a clause; a gap does not go over it.
const ENDS: [char; 8] = [' ', ',', '。', ';', '!', '?', '、', ':'];

/// How many characters of the pattern were said, gaps not counted; `None` where it was not. What is weighed by length is
/// weighed by what was said of it.
pub fn said(text: &str, pattern: &str) -> Option<usize> {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    if rest.is_empty() {
        return text.contains(first).then(|| first.chars().count());
    }
    let starts = text.match_indices(first).map(|(at, _)| at + first.len());
    let whole = starts.into_iter().any(|at| follows(&text[at..], &rest));
    whole.then(|| pattern.chars().filter(|c| *c != '*').count())
}

/// Whether each part stands behind the one before it, with no more than a gap between.
fn follows(text: &str, parts: &[&str]) -> bool {
    let (mut text, mut wide) = (text, false);
    for part in parts {
        if part.is_empty() {
            wide = true;
            continue;
        }
        let far = part.chars().count() + if wide { WIDE } else { GAP };
        let reach = text.char_indices().nth(far).map_or(text.len(), |(at, _)| at);
        // looked for no farther than the gap goes: a text may have no mark at all
        let reach = if wide { reach } else { text[..reach].find(ENDS).unwrap_or(reach) };
        let Some(at) = text[..reach].find(part) else { return false };
        (text, wide) = (&text[at + part.len()..], false);
    }
    true
}

/// The longest that was said of several.
pub fn longest(text: &str, patterns: &[String]) -> Option<usize> {
    patterns.iter().filter_map(|p| said(text, p)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_holds_a_thing_and_no_other_clause() {
        assert_eq!(said("找车拉砖", "找车"), Some(2));
        assert_eq!(said("要个车从平永拉回乐里", "要*车*拉回"), Some(4));
        assert_eq!(said("要车 明天拉回乐里", "要*拉回"), None);
        assert_eq!(said("要车 明天拉回乐里", "要**拉回"), Some(3));
        assert_eq!(said("要一二三四五六七八九十拉", "要*拉"), None);
    }
}
