//! The tree of things that can be sold, done, lost: `grammar/lexicon/*.toml`.

use std::collections::HashMap;

use serde::Deserialize;

use super::unit::Units;
use super::{GrammarError, Source, under};
use crate::market::Ring;

/// One item or category.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Canonical name.
    pub name: String,
    /// Other words for the same thing, by region.
    #[serde(default)]
    pub also: Vec<String>,
    /// The item or category above it.
    #[serde(default)]
    pub category: Option<String>,
    /// The unit it is usually counted in.
    #[serde(default)]
    pub unit: Option<String>,
    /// How far posts of it are heard, where not as its board says.
    #[serde(default)]
    pub reach: Option<Ring>,
    /// Words that name a person by whose he is: 我爸.
    #[serde(default)]
    pub kin: Vec<String>,
    /// Longer words that contain a word of this item and are something else.
    #[serde(default)]
    pub never: Vec<String>,
    /// Sentences with the reading they must have; see [`super::example`].
    #[serde(default)]
    pub reads: Vec<String>,
}

/// Where an item is named in its file.
fn line_of(source: &Source, name: &str) -> usize {
    let quoted = format!("\"{name}\"");
    let named = source.text.match_indices(&quoted).find(|(at, _)| source.text[..*at].trim_end().ends_with("name ="));
    let at = named.or_else(|| source.text.match_indices(&quoted).next()).map(|(at, _)| at);
    at.map_or(1, |at| source.line_at(at))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    item: Vec<Item>,
}

/// All items, in the order of their files.
#[derive(Debug, Default)]
pub struct Items {
    items: Vec<Item>,
    /// The file of each.
    files: Vec<String>,
    by_name: HashMap<String, u32>,
    /// Every word, canonical or not.
    by_word: HashMap<String, u32>,
}

impl Items {
    pub(super) fn read(sources: &[Source], errors: &mut Vec<GrammarError>) -> Items {
        let mut all = Items::default();
        for source in under(sources, "lexicon/") {
            match source.toml::<File>() {
                Ok(file) => file.item.into_iter().for_each(|item| all.add(item, source, errors)),
                Err(e) => errors.push(e),
            }
        }
        all.check_categories(sources, errors);
        all
    }

    fn add(&mut self, item: Item, source: &Source, errors: &mut Vec<GrammarError>) {
        if let Some(there) = self.by_name.get(&item.name) {
            let first = &self.files[*there as usize];
            let what = format!("item `{}` is there already, in {first}; put the words of both together", item.name);
            let line = source.text.rfind(&format!("\"{}\"", item.name)).map_or(1, |at| source.line_at(at));
            errors.push(source.error(line, what));
            return;
        }
        self.by_name.insert(item.name.clone(), self.items.len() as u32);
        for word in std::iter::once(&item.name).chain(&item.also) {
            self.by_word.entry(word.clone()).or_insert(self.items.len() as u32);
        }
        self.files.push(source.file.clone());
        self.items.push(item);
    }

    /// A category must be an item of its own, else nobody who asks for it is told.
    fn check_categories(&self, sources: &[Source], errors: &mut Vec<GrammarError>) {
        for (item, file) in self.items.iter().zip(&self.files) {
            let Some(up) = item.category.as_deref().filter(|c| !self.by_name.contains_key(*c)) else { continue };
            if let Some(source) = sources.iter().find(|s| s.file == *file) {
                let line = line_of(source, &item.name);
                errors.push(
                    source.error(line, format!("`{}` is filed under `{up}`, which no file has as an item", item.name)),
                );
            }
        }
    }

    /// What goods are counted in must be a unit, else no amount of them is known for one.
    pub(super) fn check_units(&self, units: &Units, sources: &[Source], errors: &mut Vec<GrammarError>) {
        for (item, file) in self.items.iter().zip(&self.files) {
            let Some(unit) = item.unit.as_deref().filter(|u| units.get(u).is_none()) else { continue };
            if let Some(source) = sources.iter().find(|s| s.file == *file) {
                let line = line_of(source, &item.name);
                let what =
                    format!("`{}` is counted in `{unit}`, which is no unit by its own name in units.toml", item.name);
                errors.push(source.error(line, what));
            }
        }
    }

    pub fn get(&self, name: &str) -> Option<&Item> {
        self.by_name.get(name).map(|i| &self.items[*i as usize])
    }

    /// All items; their place in this order is their index.
    pub fn iter(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// The index of the item that a word means.
    pub fn word(&self, word: &str) -> Option<u32> {
        self.by_word.get(word).copied()
    }

    /// The item of an index.
    pub fn at(&self, index: u32) -> Option<&Item> {
        self.items.get(index as usize)
    }

    /// The file that the item of an index stands in.
    pub fn file(&self, index: usize) -> &str {
        self.files.get(index).map_or("", String::as_str)
    }

    /// The item and the categories above it, nearest first. An unknown item stands alone.
    pub fn path(&self, name: &str) -> Vec<String> {
        let mut path = vec![name.to_string()];
        while let Some(up) = self.get(&path[path.len() - 1]).and_then(|i| i.category.clone()) {
            if path.contains(&up) {
                break;
            }
            path.push(up);
        }
        path
    }

    /// The nearest reach said on the way up from the item.
    pub fn reach(&self, name: &str) -> Option<Ring> {
        self.path(name).iter().find_map(|n| self.get(n).and_then(|i| i.reach))
    }
}
