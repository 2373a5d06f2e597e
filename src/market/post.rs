//! A post: one thing that one villager offers or looks for.

use serde::{Deserialize, Serialize};

use super::{Place, PlaceCode, Price, Quantity, Ring, Sex, When};
use crate::clock::Timestamp;
use crate::message::{MoSeq, Msisdn};

/// A post's number, the one villagers text: `807`. Numbers begin at 101, so that one digit is always an answer.
pub type PostId = u64;

/// The first number given to a post.
pub const FIRST_POST: PostId = 101;

/// Where a post stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PostState {
    Live,
    /// 撤: the owner took it back.
    Withdrawn,
    /// 成: the owner says that it came to a deal, or that the ox is back.
    Done,
    /// Its days ran out.
    Expired,
}

/// One thing that one villager offers or looks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    pub id: PostId,
    /// `name` of its board in `grammar/boards/`.
    pub board: String,
    /// `name` of its side.
    pub side: String,
    pub owner: Msisdn,
    /// Key of the station in the config whose short code it was sent to.
    pub station: String,
    /// The MO that made it.
    pub cause: MoSeq,
    /// Canonical name; `None` where the board lets the item be left out and it was.
    pub item: Option<String>,
    /// The item as the villager wrote it.
    pub item_said: Option<String>,
    /// The item and the categories above it, nearest first, as the grammar had them when the post was filed.
    pub nodes: Vec<String>,
    pub quantity: Option<Quantity>,
    /// Price of goods, or wage of work.
    pub price: Option<Price>,
    /// Hands wanted.
    pub people: Option<u32>,
    /// Where it is; the owner's own place, else the station's, when the text named none.
    pub place: Place,
    /// How far it is to be heard.
    pub reach: Ring,
    pub when: Option<When>,
    /// Marks of what was lost or found, in the sender's words.
    pub marks: Vec<String>,
    pub sex: Option<Sex>,
    pub remark: Option<String>,
    pub created: Timestamp,
    /// Live until then.
    pub until: Timestamp,
    pub state: PostState,
}

/// One list of the index: the posts of one side of a board under one node of the item tree in one division.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RingKey {
    pub board: String,
    pub side: String,
    pub node: Node,
    pub place: PlaceCode,
}

/// Which posts a list holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Posts whose item is exactly this; empty: posts that name no item.
    Exactly(String),
    /// Posts whose item is this or a kind of it; empty: all posts.
    Under(String),
}

impl Post {
    /// Whether others may be told of it at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.state == PostState::Live && now < self.until
    }

    /// The divisions that hold its place, from its own up to its reach.
    pub fn rings(&self) -> impl Iterator<Item = PlaceCode> + '_ {
        Ring::ALL.into_iter().skip(1).filter(|r| *r <= self.reach).filter_map(|r| self.place.code.up_to(r))
    }

    /// Every list of the index that names this post while it is live.
    pub fn ring_keys(&self) -> Vec<RingKey> {
        let mut nodes = vec![Node::Exactly(self.item.clone().unwrap_or_default())];
        nodes.extend(self.nodes.iter().cloned().map(Node::Under));
        nodes.push(Node::Under(String::new()));
        let mut keys = Vec::with_capacity(nodes.len() * 5);
        for place in self.rings() {
            for node in &nodes {
                keys.push(RingKey { board: self.board.clone(), side: self.side.clone(), node: node.clone(), place });
            }
        }
        keys
    }
}
