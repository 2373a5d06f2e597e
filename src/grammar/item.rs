//! The tree of things that can be sold, done, lost: `grammar/lexicon/*.toml`.

use std::collections::HashMap;

use serde::Deserialize;

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
    /// Longer words that contain a word of this item and are something else.
    #[serde(default)]
    pub never: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    item: Vec<Item>,
}

/// All items, by canonical name.
#[derive(Debug, Default)]
pub struct Items {
    by_name: HashMap<String, Item>,
}

impl Items {
    pub(super) fn read(sources: &[Source], errors: &mut Vec<GrammarError>) -> Items {
        let mut by_name = HashMap::new();
        for source in under(sources, "lexicon/") {
            match source.toml::<File>() {
                Ok(file) => by_name.extend(file.item.into_iter().map(|i| (i.name.clone(), i))),
                Err(e) => errors.push(e),
            }
        }
        Items { by_name }
    }

    pub fn get(&self, name: &str) -> Option<&Item> {
        self.by_name.get(name)
    }

    /// The item and the categories above it, nearest first. An unknown item stands alone.
    pub fn path(&self, name: &str) -> Vec<String> {
        let mut path = vec![name.to_string()];
        while let Some(up) = self.by_name.get(&path[path.len() - 1]).and_then(|i| i.category.clone()) {
            if path.contains(&up) {
                break;
            }
            path.push(up);
        }
        path
    }

    /// The nearest reach said on the way up from the item.
    pub fn reach(&self, name: &str) -> Option<Ring> {
        self.path(name).iter().find_map(|n| self.by_name.get(n).and_then(|i| i.reach))
    }
}
