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

/// All units.
#[derive(Debug, Default)]
pub struct Units {
    units: Vec<Unit>,
    by_name: HashMap<String, u32>,
}

impl Units {
    pub(super) fn read(sources: &[Source], errors: &mut Vec<GrammarError>) -> Units {
        let mut all = Units::default();
        for source in under(sources, "units") {
            match source.toml::<File>() {
                Ok(file) => file.unit.into_iter().for_each(|u| all.add(u, source, errors)),
                Err(e) => errors.push(e),
            }
        }
        all
    }

    fn add(&mut self, unit: Unit, source: &Source, errors: &mut Vec<GrammarError>) {
        let line = source.text.rfind(&format!("name = \"{}\"", unit.name)).map_or(1, |at| source.line_at(at));
        if self.by_name.contains_key(&unit.name) {
            errors.push(source.error(line, format!("unit `{}` is there already", unit.name)));
            return;
        }
        if unit.size.is_some_and(|(n, d)| n <= 0 || d <= 0) {
            errors.push(source.error(line, format!("the size of `{}` must be two numbers above zero", unit.name)));
            return;
        }
        self.by_name.insert(unit.name.clone(), self.units.len() as u32);
        self.units.push(unit);
    }

    /// All units; their place in this order is their index.
    pub fn iter(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter()
    }

    /// The unit of an index.
    pub fn at(&self, index: u32) -> Option<&Unit> {
        self.units.get(index as usize)
    }

    pub fn get(&self, name: &str) -> Option<&Unit> {
        self.by_name.get(name).map(|i| &self.units[*i as usize])
    }

    /// How many `to` one `from` is; `None` where they do not convert.
    pub fn ratio(&self, from: &str, to: &str) -> Option<Exact> {
        if from == to {
            return Some(Exact::from_integer(1));
        }
        let (a, b) = (self.get(from)?, self.get(to)?);
        if a.dimension != b.dimension {
            return None;
        }
        let (an, ad) = a.size?;
        let (bn, bd) = b.size?;
        Some(Exact::new(an.checked_mul(bd)?, ad.checked_mul(bn)?))
    }
}
