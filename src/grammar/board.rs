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
    /// The board is for these items, categories, and what is below them; the board of an intent without any takes the rest.
    #[serde(default)]
    pub items: Vec<String>,
    /// What posts are looked up by.
    #[serde(default)]
    pub key: Key,
    /// Whether a post that names a day ends with it.
    #[serde(default)]
    pub ends_with_day: bool,
    /// How its people are put in touch.
    #[serde(default)]
    pub touch: Touch,
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
    /// The sides it meets: of this board `side`, of another `board/side`. Who is met meets back.
    pub meets: Vec<String>,
    /// Whether its posts are only shown once the manager vouched for them or for who wrote them.
    #[serde(default)]
    pub vouch: bool,
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

/// What posts of a board are looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Key {
    /// The thing named, in the tree of items.
    #[default]
    Item,
    /// Where the ride ends, in the tree of places.
    Route,
}

/// How the people of a board are put in touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Touch {
    /// By each other's numbers, where neither keeps his private.
    #[default]
    Numbers,
    /// Only by words passed on.
    Relay,
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
    /// Whether two known sexes must differ.
    pub other_sex: bool,
    /// Whether two known days must be the same.
    pub same_day: bool,
    /// Whether both must go the same way.
    pub same_way: bool,
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
        meet_back(&boards, sources, errors);
        Boards { boards }
    }

    pub fn get(&self, name: &str) -> Option<&Board> {
        self.boards.iter().find(|b| b.name == name)
    }

    /// The board and side that a text with `intent` posts to, whatever it is about.
    pub fn by_intent(&self, intent: Intent) -> Option<(&Board, &Side)> {
        self.by_reading(intent, &[])
    }

    /// The board and side that a text with `intent` about a thing with these nodes posts to: the board for such things, else
    /// the one for all.
    pub fn by_reading(&self, intent: Intent, nodes: &[String]) -> Option<(&Board, &Side)> {
        let takes = |b: &Board| b.items.iter().any(|i| nodes.contains(i));
        let own = self.boards.iter().filter(|b| takes(b));
        let rest = self.boards.iter().filter(|b| b.items.is_empty());
        own.chain(rest).find_map(|b| b.side.iter().find(|s| s.intent == intent).map(|s| (b, s)))
    }

    /// Sides that a side meets: board, side.
    pub fn met_by<'b>(&'b self, board: &'b Board, side: &'b Side) -> Vec<(&'b str, &'b str)> {
        side.meets.iter().map(|m| m.split_once('/').unwrap_or((board.name.as_str(), m))).collect()
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
        let rival = earlier.iter().find(|b| {
            let shares =
                b.items.iter().any(|i| board.items.contains(i)) || b.items.is_empty() && board.items.is_empty();
            shares && b.side.iter().any(|s| s.intent == side.intent)
        });
        if let Some(other) = rival {
            let what = format!("side `{}` takes an intent that board `{}` has already", side.name, other.name);
            errors.push(source.error(line_of(&side.name), what));
        }
    }
}

/// Every side that is named as met must be there and meet back, for whoever comes second must find who came first.
fn meet_back(boards: &[Board], sources: &[Source], errors: &mut Vec<GrammarError>) {
    let named = |board: &Board, side: &str| -> Option<(usize, String)> {
        let (b, s) = side.split_once('/').unwrap_or((board.name.as_str(), side));
        let at = boards.iter().position(|x| x.name == b)?;
        boards[at].side(s).map(|s| (at, s.name.clone()))
    };
    for (board, source) in boards.iter().zip(under(sources, "boards/")) {
        for side in &board.side {
            for meets in &side.meets {
                let line = source.text.find(meets.as_str()).map_or(1, |at| source.line_at(at));
                let Some((at, other)) = named(board, meets) else {
                    let what = format!("side `{}` meets `{meets}`, which no board has", side.name);
                    errors.push(source.error(line, what));
                    continue;
                };
                let back = boards[at].side(&other).into_iter().flat_map(|s| &s.meets);
                let meets_back = back.filter_map(|m| named(&boards[at], m));
                if !meets_back.into_iter().any(|(b, s)| boards[b].name == board.name && s == side.name) {
                    let what = format!("side `{}` meets `{meets}`, which does not meet it", side.name);
                    errors.push(source.error(line, what));
                }
            }
        }
    }
}
