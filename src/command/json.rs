//! A reading as `xiangxun parse` prints it; the keys are a fixed contract.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Reading;
use crate::market::{Exact, OPEN, Place, PlaceCode, Price, Quantity, Sex, When, decimal};

/// A number with at most three decimals, as JSON.
struct Figure(Exact);

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.0.is_integer() {
            s.serialize_i64(*self.0.numer())
        } else {
            s.serialize_f64(decimal(self.0).parse().unwrap_or(0.0))
        }
    }
}

struct Amount<'a>(&'a Quantity);

impl Serialize for Amount<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let q = self.0;
        let mut m = s.serialize_map(None)?;
        m.serialize_entry("amount", &Figure(q.amount))?;
        put_range(&mut m, q.amount, q.max)?;
        // 秤 807 200: in the unit of the post
        if !q.unit.is_empty() {
            m.serialize_entry("unit", &q.unit)?;
        }
        if q.approx {
            m.serialize_entry("approx", &true)?;
        }
        m.end()
    }
}

/// `min` and `max` of a range; one of them where only a least or a most was said.
fn put_range<M: SerializeMap>(m: &mut M, said: Exact, max: Option<Exact>) -> Result<(), M::Error> {
    let Some(max) = max else { return Ok(()) };
    if max != said {
        m.serialize_entry("min", &Figure(said))?;
    }
    if max == OPEN { Ok(()) } else { m.serialize_entry("max", &Figure(max)) }
}

struct Cost<'a>(&'a Price);

impl Serialize for Cost<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let p = self.0;
        let mut m = s.serialize_map(None)?;
        if *p.yuan.numer() != 0 || !p.negotiable {
            m.serialize_entry("yuan", &Figure(p.yuan))?;
        }
        put_range(&mut m, p.yuan, p.max)?;
        if let Some(per) = &p.per {
            m.serialize_entry("per", per)?;
        }
        if p.negotiable {
            m.serialize_entry("negotiable", &true)?;
        }
        m.end()
    }
}

struct Moment<'a>(&'a When);

impl Serialize for Moment<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut m = s.serialize_map(None)?;
        m.serialize_entry("date", &self.0.date().to_string())?;
        if let Some(part) = &self.0.part {
            m.serialize_entry("part", part)?;
        }
        m.end()
    }
}

fn put_place<M: SerializeMap>(m: &mut M, key: &str, code_key: &str, place: Option<&Place>) -> Result<(), M::Error> {
    let Some(p) = place else { return Ok(()) };
    m.serialize_entry(key, &p.name)?;
    if p.code == PlaceCode::COUNTRY { Ok(()) } else { m.serialize_entry(code_key, &p.code.0.to_string()) }
}

impl Serialize for Reading {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut m = s.serialize_map(None)?;
        m.serialize_entry("intent", &self.intent)?;
        if let Some(item) = &self.item {
            m.serialize_entry("item", &item.name)?;
            if !item.said.is_empty() {
                m.serialize_entry("item_said", &item.said)?;
            }
        }
        if let Some(q) = &self.quantity {
            m.serialize_entry("quantity", &Amount(q))?;
        }
        for (key, price) in [("price", &self.price), ("wage", &self.wage)] {
            if let Some(p) = price {
                m.serialize_entry(key, &Cost(p))?;
            }
        }
        put(&mut m, "people", self.people.as_ref())?;
        put_place(&mut m, "place", "place_code", self.place.as_ref())?;
        put_place(&mut m, "from", "from_code", self.from.as_ref())?;
        put_place(&mut m, "to", "to_code", self.to.as_ref())?;
        if let Some(w) = &self.when {
            m.serialize_entry("when", &Moment(w))?;
        }
        if !self.marks.is_empty() {
            m.serialize_entry("marks", &self.marks)?;
        }
        put(&mut m, "sex", self.sex.map(Sex::as_str).as_ref())?;
        put(&mut m, "phone", self.phone.as_ref())?;
        put(&mut m, "name", self.name.as_ref())?;
        put(&mut m, "post", self.post.as_ref())?;
        put(&mut m, "choice", self.choice.as_ref())?;
        put(&mut m, "topic", self.topic.as_ref())?;
        put(&mut m, "remark", self.remark.as_ref())?;
        if self.unsure {
            m.serialize_entry("unsure", &true)?;
            m.serialize_entry("alternatives", &self.alternatives)?;
        }
        if !self.also.is_empty() {
            let further: Vec<Reading> = self.also.iter().map(|a| without_what_is_shared(self, a)).collect();
            m.serialize_entry("also", &further)?;
        }
        put(&mut m, "reason", self.reason.as_ref())?;
        m.end()
    }
}

/// What was said once for all, where, when and of whom, is printed with the first.
fn without_what_is_shared(first: &Reading, one: &Reading) -> Reading {
    let mut one = one.clone();
    if one.place == first.place {
        one.place = None;
    }
    if one.when == first.when {
        one.when = None;
    }
    if one.phone == first.phone {
        one.phone = None;
    }
    if one.name == first.name {
        one.name = None;
    }
    one
}

fn put<M: SerializeMap, T: Serialize>(m: &mut M, key: &str, value: Option<&T>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |v| m.serialize_entry(key, v))
}
