//! What a post says of its thing or its person, in a form that can be held against another's.

use serde::{Deserialize, Serialize};

use super::Sex;

/// What is said of a thing or a person. What was not said is empty, and contradicts nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Traits {
    /// `key:value`, as in `grammar/terms.toml`; of a part of the thing `key/part:value`. A word that may mean several values
    /// stands with all of them.
    pub said: Vec<String>,
    /// Whether it is a man or a woman.
    pub sex: Option<Sex>,
    /// Years, from and to.
    pub age: Option<(u16, u16)>,
    /// The year it was made in.
    pub year: Option<u16>,
    /// What stands on a lost paper: a name, or a surname alone.
    pub name: Option<String>,
    /// Numbers that tell one thing from all others: a plate, the end of a card's number.
    pub numbers: Vec<String>,
}

/// Two posts that speak of different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contradiction;

/// Years by which a stranger's age may be misjudged, besides a quarter of it.
const AGE_SLACK: u16 = 3;

impl Traits {
    /// How much two have in common: so many agreements, or that they contradict each other.
    ///
    /// # Errors
    /// [`Contradiction`] where one value of a key excludes the other.
    pub fn compare(&self, other: &Traits) -> Result<Agreement, Contradiction> {
        let mut found = Agreement::default();
        let key = |s: &str| s.split_once(':').map(|(k, _)| k.to_string()).unwrap_or_default();
        let mut keys: Vec<String> = self.said.iter().map(|s| key(s)).collect();
        keys.sort();
        keys.dedup();
        for k in keys.iter().filter(|k| !k.starts_with('~')) {
            let of = |t: &Traits| t.said.iter().filter(|s| key(s) == *k).cloned().collect::<Vec<_>>();
            let (mine, theirs) = (of(self), of(other));
            if theirs.is_empty() {
                continue;
            }
            if !mine.iter().any(|m| theirs.contains(m)) {
                return Err(Contradiction);
            }
            found.marks += 1;
        }
        if let (Some(a), Some(b)) = (&self.name, &other.name) {
            if !(a.starts_with(b.as_str()) || b.starts_with(a.as_str())) {
                return Err(Contradiction);
            }
            found.name = a == b;
        }
        if !self.numbers.is_empty() && !other.numbers.is_empty() {
            let same = |a: &String, b: &String| a.ends_with(b.as_str()) || b.ends_with(a.as_str());
            if !self.numbers.iter().any(|a| other.numbers.iter().any(|b| same(a, b))) {
                return Err(Contradiction);
            }
            found.number = true;
        }
        Ok(found)
    }

    /// Whether two who are spoken of as people can be one and the same.
    pub fn same_person(&self, other: &Traits) -> bool {
        let sexes = matches!((self.sex, other.sex), (Some(a), Some(b)) if a != b);
        let ages = match (self.age, other.age) {
            (Some((a, b)), Some((c, d))) => {
                let slack = AGE_SLACK.max(b.max(d) / 4);
                a > d.saturating_add(slack) || c > b.saturating_add(slack)
            }
            _ => false,
        };
        !sexes && !ages
    }
}

/// What two have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agreement {
    pub marks: i32,
    pub name: bool,
    pub number: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str]) -> Traits {
        Traits { said: words.iter().map(ToString::to_string).collect(), ..Traits::default() }
    }

    #[test]
    fn values_of_one_key_exclude_each_other_and_silence_does_not() {
        let (black, white) = (said(&["colour:黑"]), said(&["colour:白"]));
        assert_eq!(black.compare(&white), Err(Contradiction));
        assert_eq!(black.compare(&Traits::default()), Ok(Agreement::default()));
        assert_eq!(black.compare(&said(&["colour/额:白"])), Ok(Agreement::default()), "a white brow on a black ox");
        assert_eq!(black.compare(&said(&["colour:棕", "colour:黑"])).map(|a| a.marks), Ok(1));
        assert_eq!(said(&["~wed:离异"]).compare(&said(&["~wed:丧偶"])), Ok(Agreement::default()));
    }

    #[test]
    fn names_and_numbers_tell_papers_apart() {
        let named = |n: &str| Traits { name: Some(n.into()), ..Traits::default() };
        assert!(named("石光明").compare(&named("杨光明")).is_err());
        assert!(named("石").compare(&named("石光明")).is_ok(), "a surname fits all who bear it");
        let numbered = |n: &str| Traits { numbers: vec![n.into()], ..Traits::default() };
        assert!(numbered("6688").compare(&numbered("62284012346688")).is_ok_and(|a| a.number));
        assert!(numbered("6688").compare(&numbered("1234")).is_err());
    }

    #[test]
    fn ages_are_guessed() {
        let aged = |a, b| Traits { age: Some((a, b)), ..Traits::default() };
        assert!(aged(75, 75).same_person(&aged(65, 69)));
        assert!(!aged(75, 75).same_person(&aged(40, 40)));
        assert!(aged(6, 6).same_person(&aged(5, 8)));
        assert!(!aged(5, 5).same_person(&aged(12, 12)));
    }
}
