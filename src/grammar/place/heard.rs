//! Places by their sound: 去开里 is 去凯里.

use super::{Found, Places, better, near_ring};
use crate::grammar::sound::{Key, Like, merged, syllable};
use crate::market::{PlaceCode, Ring};

impl Places {
    /// Files every short name, or the whole where it has none, under its sound.
    pub(super) fn listen(&mut self) {
        let mut heard: Vec<(u32, u32)> = Vec::with_capacity(self.by_name.len());
        for i in &self.by_name {
            let row = self.rows[*i as usize];
            let name = self.full(row);
            let name = if row.stem > 0 { &name[..row.stem as usize] } else { name };
            if let Some(key) = of_name(name) {
                heard.push((key, *i));
            }
        }
        heard.sort_unstable();
        self.heard = heard;
    }

    /// The name of a place near `home`, in its short form, that sounds like `syllables`, or nearly so. The towns of one's
    /// own city may be meant, the counties of one's own province, any city.
    pub fn heard(&self, syllables: &[&str], home: PlaceCode) -> Option<&str> {
        let key = of_syllables(syllables.iter().copied());
        let from = self.heard.partition_point(|(k, _)| *k < key);
        let mut best: Option<(bool, Found, u32)> = None;
        for (_, i) in self.heard[from..].iter().take_while(|(k, _)| *k == key) {
            let row = self.rows[*i as usize];
            let code = PlaceCode(row.code);
            let ring = near_ring(code, home);
            let within = match code.ring() {
                r if r < Ring::County => home != PlaceCode::COUNTRY && ring <= Ring::City,
                Ring::County => home != PlaceCode::COUNTRY && ring <= Ring::Province,
                _ => true,
            };
            let sounds = || self.short(*i).chars().filter_map(syllable).zip(syllables);
            let exact = sounds().all(|(a, b)| a == *b);
            let near = || sounds().all(|(a, b)| merged(a) == merged(b));
            if !within || sounds().count() != syllables.len() || !(exact || near()) {
                continue;
            }
            let found = Found { code, len: 0, full: false, ring, shared: false, seat: None };
            best = match best {
                Some((true, ..)) if !exact => best,
                Some((was, b, n)) if was == exact => {
                    let won = better(b, found);
                    Some((exact, won, if won.code == code { *i } else { n }))
                }
                _ => Some((exact, found, *i)),
            };
        }
        let (_, found, i) = best?;
        (!found.shared).then(|| self.short(i))
    }

    fn short(&self, i: u32) -> &str {
        let row = self.rows[i as usize];
        let name = self.full(row);
        if row.stem > 0 { &name[..row.stem as usize] } else { name }
    }

    /// The last characters of the names of places: 镇, 县.
    pub fn is_suffix(&self, c: char) -> bool {
        self.suffixes.contains(&c)
    }
}

fn of_name(name: &str) -> Option<u32> {
    let key = name.chars().try_fold(Key::new(Like::Near), |k, c| Some(k.syllable(syllable(c)?)))?;
    Some(key.short())
}

fn of_syllables<'a>(syllables: impl Iterator<Item = &'a str>) -> u32 {
    syllables.fold(Key::new(Like::Near), |k, s| k.syllable(s)).short()
}
