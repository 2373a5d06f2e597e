//! Units and how they convert: `grammar/units.toml`.

use std::collections::HashMap;

use serde::Deserialize;

use super::{GrammarError, Source, under};
use crate::market::Exact;

/// One unit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Standard form.
    pub name: String,
    #[serde(default)]
    pub also: Vec<String>,
    /// What it measures; units convert only within one. A count word (头, 只) has a dimension of its own.
    pub dimension: String,
    /// Its size in the dimension's base unit, `[numerator, denominator]`; absent where it has no fixed size.
    #[serde(default)]
    pub size: Option<(i64, i64)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    unit: Vec<Unit>,
}

/// All units, by standard form.
#[derive(Debug, Default)]
pub struct Units {
    by_name: HashMap<String, Unit>,
}

impl Units {
    pub(super) fn read(sources: &[Source], errors: &mut Vec<GrammarError>) -> Units {
        let mut by_name = HashMap::new();
        for source in under(sources, "units") {
            match source.toml::<File>() {
                Ok(file) => by_name.extend(file.unit.into_iter().map(|u| (u.name.clone(), u))),
                Err(e) => errors.push(e),
            }
        }
        Units { by_name }
    }

    pub fn get(&self, name: &str) -> Option<&Unit> {
        self.by_name.get(name)
    }

    /// How many `to` one `from` is; `None` where they do not convert.
    pub fn ratio(&self, from: &str, to: &str) -> Option<Exact> {
        if from == to {
            return Some(Exact::from_integer(1));
        }
        let (a, b) = (self.by_name.get(from)?, self.by_name.get(to)?);
        if a.dimension != b.dimension {
            return None;
        }
        let (an, ad) = a.size?;
        let (bn, bd) = b.size?;
        Some(Exact::new(an * bd, ad * bn))
    }
}
