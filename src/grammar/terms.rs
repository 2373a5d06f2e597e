//! The words in which posts demand, exclude and describe: `grammar/terms.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{GrammarError, Source, command};
use crate::market::Ring;

/// `terms.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermWords {
    pub terms: Demands,
    pub people: People,
    pub parts: Parts,
    pub made: Made,
    pub posts: PostWords,
    pub ways: WayWords,
    #[serde(default, rename = "trait")]
    pub traits: Vec<Group>,
}

/// What a text demands and excludes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demands {
    pub refuse_after: Vec<String>,
    pub refuse_before: Vec<String>,
    pub refuse_nothing: Vec<String>,
    pub except: Vec<String>,
    pub except_end: Vec<String>,
    pub purpose: Vec<String>,
    /// Behind a bare number of a buyer: the most he pays.
    pub at_most: Vec<String>,
    /// 缺, 没有: what stands behind is lacking; but not where it begins with these.
    pub lacks: Vec<String>,
    pub lacks_nothing: Vec<String>,
    /// 只找未婚的, 手续必须齐: what else the clause says is demanded.
    pub demand: Vec<String>,
    pub least_after: Vec<String>,
    pub least_before: Vec<String>,
    pub firm: Vec<String>,
    pub whole: Vec<String>,
    pub seller_brings: Vec<String>,
    pub buyer_fetches: Vec<String>,
    pub within: BTreeMap<Ring, Vec<String>>,
    pub order: OrderWords,
}

/// What an order says of its days, its place and its households.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderWords {
    /// Behind a day, or before it: until then one can pledge.
    pub deadline_after: Vec<String>,
    pub deadline_before: Vec<String>,
    /// A clause with one of these says where and how it is fetched.
    pub pickup: Vec<String>,
    /// Words left over in it that say nothing.
    pub pickup_not: Vec<String>,
    /// Behind so many days: piece-work is brought back by then.
    pub back_after: Vec<String>,
    /// An amount behind these is one household's.
    pub each: Vec<String>,
    /// Units in which households of an order are numbered: 秤 901 3户 200斤.
    pub household: Vec<String>,
    /// Said of an order by one who pledged: he takes it back. 901不应了.
    pub leave: Vec<String>,
}

/// What stands before the number of a post.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostWords {
    /// 编号, 信息: whatever the number.
    pub named: Vec<String>,
    /// 第: where 号 or the like follows.
    pub ranked: Vec<String>,
    /// 那个: behind a verb of posts.
    pub pointed: Vec<String>,
}

/// Of the way somebody goes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WayWords {
    /// 落南宁: to go, right before a place where a car is spoken of.
    pub go: Vec<String>,
    /// 三江高铁站: what larger places have.
    pub stations: Vec<String>,
    /// 捎俩人: who says so has room for them.
    pub takes: Vec<String>,
    /// 还在卖: behind the number of a post it goes on.
    pub still: Vec<String>,
}

/// How people are spoken of.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    pub male: Vec<String>,
    pub female: Vec<String>,
    pub both: Vec<String>,
    pub wants_female: Vec<String>,
    pub wants_male: Vec<String>,
    pub looks: Vec<String>,
    /// 只租给, 只带: what is said of whom one would have.
    pub only: Vec<String>,
    pub away: Vec<String>,
    #[serde(rename = "self")]
    pub own: Vec<String>,
    pub papers: Vec<String>,
    pub named: Vec<String>,
    pub contact: Vec<String>,
    pub older: Vec<String>,
    pub younger: Vec<String>,
    pub surnames: String,
    /// 欧阳, 上官.
    pub double_surnames: Vec<String>,
    /// What the bearer of a surname is called by: 刘老板, 张姐.
    pub titles: Vec<String>,
    /// 老王, 小李.
    pub before_surname: Vec<String>,
    /// Between a name and its telephone number: 电话, 联系.
    pub reach: Vec<String>,
    /// Before a name that has its number behind it: 找, 联系人.
    pub leads: Vec<String>,
    /// Before a name, whatever it is: 联系人, 我叫.
    pub called: Vec<String>,
    /// Before what somebody is called by: 找李老师.
    pub asked: Vec<String>,
}

/// What a colour, a side or a flaw is said of.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    pub names: Vec<String>,
    pub owned: Vec<String>,
    /// Numerals behind which 头 counts beasts.
    pub counts: String,
    pub none: Vec<String>,
    pub not: Vec<String>,
    pub left: Vec<String>,
    pub right: Vec<String>,
    pub flaws: BTreeMap<String, Vec<String>>,
    /// 好好的: the part has no flaw.
    pub whole: Vec<String>,
}

/// Values that contradict each other.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub key: String,
    pub boards: Vec<String>,
    /// Longer words in which those of the values mean something else.
    #[serde(default)]
    pub not: Vec<String>,
    /// Said of a part of the thing, it is that part's.
    #[serde(default)]
    pub parts: bool,
    /// Whether two values contradict each other; else they only answer what others refuse.
    #[serde(default = "yes")]
    pub opposed: bool,
    /// Where this value is said, the others are not meant: who looks for a wife and likes to sing looks for a wife.
    #[serde(default)]
    pub first: Option<String>,
    pub value: Vec<Value>,
}

/// How the year is said in which a thing was made.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    pub boards: Vec<String>,
    /// Behind the number: 18年, 2018款.
    pub behind: Vec<String>,
    /// Behind that: 18年以后.
    pub since: Vec<String>,
    pub until: Vec<String>,
}

fn yes() -> bool {
    true
}

/// One value, or several that a word may stand for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    pub is: Vec<String>,
    pub words: Vec<String>,
}

impl TermWords {
    pub(super) fn read(sources: &[Source], errors: &mut Vec<GrammarError>) -> TermWords {
        command::read(sources, "terms.toml", errors)
    }
}
