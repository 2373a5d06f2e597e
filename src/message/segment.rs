//! How many segments a text costs, and where it is cut.
//!
//! Cutting itself is the carrier's work; we count, so that a reply fits and a broadcast's price is known before it goes.

use super::alphabet::Alphabet;

/// Segments that `text` is billed as; an empty text is one.
pub fn segments(text: &str) -> usize {
    parts(text).len()
}

/// The text of each segment. Neither a surrogate pair nor an escaped character is cut in two.
pub fn parts(text: &str) -> Vec<&str> {
    let alphabet = Alphabet::of(text);
    let total: usize = text.chars().map(|c| alphabet.cost(c)).sum();
    if total <= alphabet.single() {
        return vec![text];
    }
    let mut out = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (at, c) in text.char_indices() {
        let cost = alphabet.cost(c);
        if used + cost > alphabet.part() {
            out.push(&text[start..at]);
            (start, used) = (at, 0);
        }
        used += cost;
    }
    out.push(&text[start..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_seventy_then_sixty_seven() {
        assert_eq!(segments(&"卖".repeat(70)), 1);
        assert_eq!(segments(&"卖".repeat(71)), 2);
        assert_eq!(segments(&"卖".repeat(134)), 2);
        assert_eq!(segments(&"卖".repeat(135)), 3);
    }

    #[test]
    fn latin_is_a_hundred_and_sixty_and_escapes_count_twice() {
        assert_eq!(segments(&"a".repeat(160)), 1);
        assert_eq!(segments(&"a".repeat(161)), 2);
        assert_eq!(segments(&"€".repeat(80)), 1);
        assert_eq!(segments(&"€".repeat(81)), 2);
        // one foreign character makes all of it UCS-2
        assert_eq!(segments(&format!("{}ê", "a".repeat(70))), 2);
    }

    #[test]
    fn pairs_stay_whole_and_nothing_is_lost() {
        let text = format!("{}{}", "卖".repeat(66), "🐂".repeat(40));
        let cut = parts(&text);
        assert_eq!(cut.concat(), text);
        assert!(cut.iter().all(|p| crate::message::alphabet::utf16_units(p) <= 67));
        assert_eq!(cut[0].chars().count(), 66, "a pair that would straddle the border starts the next part");
    }
}
