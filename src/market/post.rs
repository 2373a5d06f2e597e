//! A post: one thing that one villager offers or looks for.

use serde::{Deserialize, Serialize};

use super::{Exact, OPEN, Place, PlaceCode, Price, Quantity, Ring, Sex, Traits, When};
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
    /// It stands in nobody's sight until somebody has looked at it or confirmed it; [`Post::held`] says why.
    Held,
}

/// Why a post is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Held {
    /// 举报: several people reported it, each for himself; the manager looks.
    Reported,
    /// What is only shown once the manager vouched for it: appeals for help, big orders of unknown buyers.
    Unvouched,
    /// 代发: written for a neighbour whose own phone has not confirmed it yet.
    Unconfirmed,
    /// 拼单: all of it is promised to an order; it stands again where that comes to nothing.
    Pooled,
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
    /// Where a ride begins and ends.
    #[serde(default)]
    pub from: Option<Place>,
    #[serde(default)]
    pub to: Option<Place>,
    /// Further places that a ride serves.
    #[serde(default)]
    pub stops: Vec<Place>,
    /// A telephone number and a name in the text: whom to call, or what stands on a lost paper.
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    /// What the text demands and excludes.
    #[serde(default)]
    pub terms: Terms,
    /// What it says of its thing or person, to be held against another's.
    #[serde(default)]
    pub traits: Traits,
    /// So much of it is gone: sold, pledged, places filled; in the unit of the quantity, or people.
    #[serde(default)]
    pub taken: Exact,
    /// Why it is held, while its state is [`PostState::Held`].
    #[serde(default)]
    pub held: Option<Held>,
    /// Who reported it, each counted once.
    #[serde(default)]
    pub reporters: Vec<Msisdn>,
    /// Who wrote it for its owner.
    #[serde(default)]
    pub by: Option<Msisdn>,
    /// The owner was reminded that its days run out.
    #[serde(default)]
    pub reminded: bool,
    /// What a bulk order says beside what every post says.
    #[serde(default)]
    pub order: Option<Order>,
    /// How far the asking has come, of jobs that are filled in waves and of losses that are told in rings.
    #[serde(default)]
    pub wave: u32,
    /// Phones that were told of a loss.
    #[serde(default)]
    pub heard: u32,
}

/// What a text demands of the other side and what it excludes. What was not said is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// The least amount that is worth it: 500公斤起收.
    pub least: Option<Quantity>,
    /// Items and categories that are not meant: 除了板蓝根都要.
    pub except: Vec<String>,
    /// Words that the other side's post may not have: 饲料鸡不要.
    pub refuses: Vec<String>,
    /// Words that it must not contradict: 要散养的.
    pub demands: Vec<String>,
    /// Only as a whole: 不拆开.
    pub whole: bool,
    /// Only from within this division of the post's own place: 只在县里.
    pub within: Option<Ring>,
    /// The other side brings it, or fetches it: 自己送来, 自提.
    pub transport: Option<Transport>,
    /// The price said is the last one: 200以上.
    pub firm: bool,
    /// Only made in these years, from and to.
    pub made: Option<(u16, u16)>,
    /// Only men, or only women.
    pub sex: Option<Sex>,
    /// Only of these years, from and to.
    pub age: Option<(u16, u16)>,
}

/// Who carries the goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Transport {
    /// The seller brings them: 送货上门.
    Seller,
    /// The buyer fetches them: 上门收, 自提.
    Buyer,
}

/// The terms of an order that many fill together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Order {
    /// Below this total it is not carried out; none: any amount helps.
    pub least: Option<Exact>,
    /// Last moment to pledge; what has not come together by then is released.
    pub deadline: Option<Timestamp>,
    /// Where and when it is fetched, in the buyer's or the manager's words.
    pub pickup: Option<String>,
    /// The deadline has been decided upon.
    pub settled: bool,
    /// What was pledged and what was brought, by unit; that of the post's own quantity first.
    pub sums: Vec<Sum>,
    /// The same in the post's own unit, by township.
    pub towns: Vec<TownSum>,
    /// Households whose pledges stand.
    pub households: u32,
    /// The last number given to a household of this order.
    pub seats: u32,
    /// Over-full at its deadline: the most that one household brings, and how many of the first to pledge one unit more.
    pub cap: Option<Exact>,
    pub extra: u32,
    /// Piece-work is brought back so many days after it was taken.
    pub days: Option<u32>,
    /// Its owner was told that the least has come together, and the whole.
    pub least_told: bool,
    pub full_told: bool,
    /// It is over, and those who pledged hear of it.
    pub closed: bool,
}

/// What was pledged to an order in one unit, and what of it was brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    pub unit: String,
    pub pledged: Exact,
    pub brought: Exact,
}

/// The same of one township.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TownSum {
    /// The township; [`PlaceCode::COUNTRY`] for all beyond those that have a sum of their own.
    pub place: Place,
    pub households: u32,
    pub pledged: Exact,
    pub brought: Exact,
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
    /// It is looked up by where it goes, not by what it is.
    #[serde(default)]
    pub by_route: bool,
    /// What it is is no matter of the tree of items; it stands among all of its side.
    #[serde(default)]
    pub unsorted: bool,
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
    /// A post that says nothing yet but its number, whose it is and when it was made.
    pub fn new(id: PostId, owner: Msisdn, now: Timestamp) -> Post {
        Post {
            id,
            board: String::new(),
            side: String::new(),
            shelf: Shelf::default(),
            owner,
            station: String::new(),
            cause: 0,
            item: None,
            item_said: None,
            nodes: Vec::new(),
            quantity: None,
            price: None,
            people: None,
            place: Place { code: PlaceCode::COUNTRY, name: String::new() },
            reach: Ring::Country,
            when: None,
            marks: Vec::new(),
            sex: None,
            remark: None,
            created: now,
            until: now,
            state: PostState::Live,
            from: None,
            to: None,
            stops: Vec::new(),
            phone: None,
            name: None,
            terms: Terms::default(),
            traits: Traits::default(),
            taken: Exact::default(),
            held: None,
            reporters: Vec::new(),
            by: None,
            reminded: false,
            order: None,
            wave: 0,
            heard: 0,
        }
    }

    /// What is still to be had of the amount, where one was said.
    pub fn left(&self) -> Option<Exact> {
        let whole = self.quantity.as_ref().map(|q| q.most());
        let whole = whole.or_else(|| self.people.map(|n| Exact::from_integer(i64::from(n))));
        whole.map(|w| (w - self.taken).max(Exact::default()))
    }

    /// The amount as it is told: what is still to be had of it. An order tells its whole, with the rest apart.
    pub fn rest(&self) -> Option<Quantity> {
        let whole = self.quantity.clone()?;
        if self.order.is_some() || self.held == Some(Held::Pooled) || *self.taken.numer() == 0 {
            return Some(whole);
        }
        let less = |n: Exact| if n == OPEN { n } else { (n - self.taken).max(Exact::default()) };
        Some(Quantity { amount: less(whole.amount), max: whole.max.map(less), ..whole })
    }

    /// Hands and seats that are still wanted or free.
    pub fn hands(&self) -> Option<u32> {
        let taken = if self.order.is_none() && self.quantity.is_none() { self.taken } else { Exact::default() };
        self.people.map(|n| n.saturating_sub(u32::try_from(taken.to_integer()).unwrap_or(0)))
    }

    /// Whether others may be told of it at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.state == PostState::Live && now < self.until
    }

    /// What it is looked up by: its item, or where it goes.
    pub fn key(&self) -> Option<&str> {
        match self.shelf {
            Shelf { by_route: true, .. } => self.nodes.first().map(String::as_str),
            Shelf { unsorted: true, .. } => None,
            _ => self.item.as_deref(),
        }
    }

    /// The nodes under which it stands in the index.
    pub fn shelved(&self) -> &[String] {
        if self.shelf.unsorted { &[] } else { &self.nodes }
    }

    /// The nodes of a place in the tree of places, nearest first, as posts that are looked up by route have them.
    pub fn route_nodes(to: &Place) -> Vec<String> {
        if to.code == PlaceCode::COUNTRY {
            return vec![format!("@{}", to.name)];
        }
        let mut codes: Vec<PlaceCode> = [Ring::Village, Ring::Town, Ring::County, Ring::City]
            .into_iter()
            .filter_map(|ring| to.code.up_to(ring))
            .collect();
        codes.dedup();
        codes.iter().map(|c| format!("@{}", c.0)).collect()
    }

    /// Every list of the index that names this post while it is live: just those in which a counterpart looks, since each
    /// costs a write. In its town it stands under its own item; in its county, and in the widest division it is to be
    /// heard in, also under what that is a kind of.
    pub fn ring_keys(&self) -> Vec<RingKey> {
        // nobody can join any more
        if self.order.as_ref().is_some_and(|o| o.settled) {
            return Vec::new();
        }
        let own = self.key().unwrap_or_default().to_string();
        let mut nodes = Vec::new();
        if self.shelf.offers || self.shelf.either_kin {
            nodes.extend(self.shelved().iter().cloned().map(Node::Under));
        }
        if !self.shelf.offers || self.shelf.either_kin || own.is_empty() {
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
