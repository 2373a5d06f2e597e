//! What somebody meant who wrote a name that there is not.

/// The sentence for a name that stands for nothing; `what` is what it should have named, `known` what there is.
pub fn no_such(said: &str, what: &str, known: &[&str]) -> String {
    format!("names {said}, which is no {what}; there are: {}{}", known.join(", "), meant(said, known))
}

/// `; did you mean token?`, or nothing where no name is near.
pub fn meant(said: &str, known: &[&str]) -> String {
    nearest(said, known).map_or(String::new(), |name| format!("; did you mean {name}?"))
}

/// The one of these names that a slip or two could have made of `said`.
fn nearest<'a>(said: &str, known: &[&'a str]) -> Option<&'a str> {
    let letters = |s: &str| s.to_lowercase().chars().collect::<Vec<char>>();
    let said = letters(said);
    let near = known.iter().map(|name| (slips(&said, &letters(name)), *name));
    // a third of the letters may be wrong, and of short names one
    near.min_by_key(|(n, _)| *n).filter(|(n, _)| *n <= (said.len() / 3).max(1)).map(|(_, name)| name)
}

/// How many letters were added, left out, changed, or swapped with the next.
fn slips(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_known_and_another_word_is_not() {
        let known = ["trade", "jobs", "friends", "rides"];
        for (said, meant) in [
            ("job", Some("jobs")),
            ("freinds", Some("friends")),
            ("Trade", Some("trade")),
            ("rieds", Some("rides")),
            ("weather", None),
            ("用工", None),
            ("", None),
        ] {
            assert_eq!(nearest(said, &known), meant, "{said}");
        }
        assert_eq!(
            no_such("job", "board", &known[..2]),
            "names job, which is no board; there are: trade, jobs; did you mean jobs?"
        );
    }
}
