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
    pub shelf: Shelf,
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

/// How others look for a post: what its board said of its side when it was filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shelf {
    /// It has the thing; else it wants it.
    pub offers: bool,
    /// Posts of the board may name no item, and then take any.
    pub any_item: bool,
    /// Either side's item may be a kind of the other's.
    pub either_kin: bool,
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

    /// Every list of the index that names this post while it is live: just those in which a counterpart looks, since each
    /// costs a write. In its town it stands under its own item; in its county, and in the widest division it is to be
    /// heard in, also under what that is a kind of.
    pub fn ring_keys(&self) -> Vec<RingKey> {
        let own = self.item.clone().unwrap_or_default();
        let mut nodes = Vec::new();
        if self.shelf.offers || self.shelf.either_kin {
            nodes.extend(self.nodes.iter().cloned().map(Node::Under));
        }
        if !self.shelf.offers || self.shelf.either_kin || self.item.is_none() {
            nodes.insert(0, Node::Exactly(own));
        }
        if self.shelf.any_item {
            nodes.push(Node::Under(String::new()));
        }
        let key = |node: &Node, place| RingKey {
            board: self.board.clone(),
            side: self.side.clone(),
            node: node.clone(),
            place,
        };
        let mut keys = Vec::with_capacity(2 * nodes.len() + 2);
        if let Some(town) = self.place.code.up_to(Ring::Town) {
            let own = if self.shelf.either_kin { nodes.len().min(2) } else { 1 };
            keys.extend(nodes.iter().take(own).map(|n| key(n, town)));
        }
        for place in self.wide_rings() {
            keys.extend(nodes.iter().map(|n| key(n, place)));
        }
        // what is new in the county, whatever it is
        if !self.shelf.any_item {
            keys.extend(self.wide_rings().take(1).map(|county| key(&Node::Under(String::new()), county)));
        }
        keys
    }

    /// Its county, or its own division where that is larger, and the widest division it is to be heard in.
    fn wide_rings(&self) -> impl Iterator<Item = PlaceCode> {
        let code = self.place.code;
        let home = code.up_to(Ring::County).unwrap_or(code);
        let widest = code.up_to(self.reach).filter(|w| self.reach > Ring::County && *w != home);
        std::iter::once(home).chain(widest)
    }
}
