//! Boards: what kinds of posts there are, which side meets which, and by what rules. `grammar/boards/*.toml`.

use serde::Deserialize;

use super::{GrammarError, Intent, Source, under};
use crate::market::Ring;

/// One board.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Short name in English, as posts carry it: `trade`.
    pub name: String,
    /// What villagers call it.
    pub title: String,
    /// Days a post lives.
    pub days: u32,
    /// How far a post is heard where its item does not say otherwise.
    pub reach: Ring,
    /// Whether a post must name an item.
    pub item: Need,
    /// How the items of two posts must be related.
    pub kin: Kin,
    /// The sentence in which the owner of a post hears of another that meets it.
    pub news: String,
    pub side: Vec<Side>,
    #[serde(default)]
    pub rules: Rules,
}

/// One side of a board.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    pub name: String,
    /// The intent that makes such a post.
    pub intent: Intent,
    /// The side it meets.
    pub meets: String,
    /// Whether it has the thing or wants it: an offer may be a kind of what is wanted, not the other way about.
    pub role: Role,
    /// The word that read-backs begin with: `卖`.
    pub verb: String,
    /// What is said of such a post to the other side: `在卖`.
    pub doing: String,
    /// Other words for posts about some kinds of things.
    #[serde(default)]
    pub about: Vec<About>,
}

/// How posts about one node of the item tree are spoken of: nobody picks up an old man.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// An item or a category.
    pub node: String,
    pub verb: String,
    pub doing: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    Required,
    Optional,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kin {
    /// What is offered must be what is wanted or a kind of it.
    KindOf,
    /// Either may be a kind of the other: a finder says 牛 where the owner says 黄牛.
    Either,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Offer,
    Want,
}

/// What else must agree. A slot that one side left out never excludes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Percent by which the asked price may exceed the offered one.
    pub price_slack: u32,
    /// Whether two known sexes must be the same.
    pub same_sex: bool,
    /// Whether two known days must be the same.
    pub same_day: bool,
    /// Whether a find cannot be older than the loss by more than a day.
    pub not_before: bool,
}

/// All boards.
#[derive(Debug, Default)]
pub struct Boards {
    boards: Vec<Board>,
}

impl Boards {
    pub(super) fn read(sources: &[Source], errors: &mut Vec<GrammarError>) -> Boards {
        let mut boards: Vec<Board> = Vec::new();
        for source in under(sources, "boards/") {
            match source.toml::<Board>() {
                Ok(board) => {
                    check(&board, &boards, source, errors);
                    boards.push(board);
                }
                Err(e) => errors.push(e),
            }
        }
        Boards { boards }
    }

    pub fn get(&self, name: &str) -> Option<&Board> {
        self.boards.iter().find(|b| b.name == name)
    }

    /// The board and side that a text with `intent` posts to.
    pub fn by_intent(&self, intent: Intent) -> Option<(&Board, &Side)> {
        self.boards.iter().find_map(|b| b.side.iter().find(|s| s.intent == intent).map(|s| (b, s)))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Board> {
        self.boards.iter()
    }
}

impl Side {
    /// The word that read-backs begin with, for a post with these nodes.
    pub fn verb_for(&self, nodes: &[String]) -> &str {
        self.about(nodes).map_or(&self.verb, |a| &a.verb)
    }

    /// What is said of such a post to the other side.
    pub fn doing_for(&self, nodes: &[String]) -> &str {
        self.about(nodes).map_or(&self.doing, |a| &a.doing)
    }

    fn about(&self, nodes: &[String]) -> Option<&About> {
        self.about.iter().find(|a| nodes.contains(&a.node))
    }
}

impl Board {
    pub fn side(&self, name: &str) -> Option<&Side> {
        self.side.iter().find(|s| s.name == name)
    }
}

fn check(board: &Board, earlier: &[Board], source: &Source, errors: &mut Vec<GrammarError>) {
    let line_of = |needle: &str| source.text.find(needle).map_or(1, |at| source.line_at(at));
    if earlier.iter().any(|b| b.name == board.name) {
        errors.push(
            source.error(line_of("name"), format!("board `{}` is there already; choose another name", board.name)),
        );
    }
    for side in &board.side {
        if board.side(&side.meets).is_none() {
            let what = format!("side `{}` meets `{}`, which this board does not have", side.name, side.meets);
            errors.push(source.error(line_of(&format!("meets = \"{}\"", side.meets)), what));
        }
        if let Some(other) = earlier.iter().find(|b| b.side.iter().any(|s| s.intent == side.intent)) {
            let what = format!("side `{}` takes an intent that board `{}` has already", side.name, other.name);
            errors.push(source.error(line_of(&side.name), what));
        }
    }
}
