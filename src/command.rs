//! What a text asks for. `read(&grammar, now, text)` turns any text into a [`Reading`]; it does no I/O, keeps no
//! state and never fails.

mod account;
mod bulk;
mod called;
mod claim;
mod crews;
mod date;
mod explain;
mod form;
mod intent;
mod json;
mod left;
mod matter;
mod normalize;
mod number;
mod numbered;
mod opinion;
mod partly;
mod phrase;
mod place;
mod price;
mod priced;
mod prove;
mod quantity;
mod scan;
mod share;
mod slip;
mod slots;
mod task;
mod terms;
mod things;
mod told;
mod traits;
mod ways;
mod years;

pub use bulk::Bulk;
pub use explain::explain;
pub use prove::{prove, prove_card};

use crate::clock::Timestamp;
use crate::grammar::Grammar;
use crate::market::{MarketDays, PlaceCode};

pub use crate::grammar::Intent;
use crate::market::{Exact, Place, Price, Quantity, Sex, Terms, Traits, When};

/// So many characters of a text are read, some thirty segments. What comes behind is in the message that is kept, and no
/// villager's request; so what a text costs is bounded, however long it is.
pub const MOST_CHARS: usize = 2_000;
/// The end of what is read goes back so far to a mark or a space, so that no word or number is torn.
const TORN: usize = 64;

/// One text with all that its reading goes by.
struct Scene<'g, 't> {
    grammar: &'g Grammar,
    now: Timestamp,
    /// When the station's market is held.
    market_days: Option<MarketDays>,
    /// The normal form.
    text: &'t str,
    phrases: Vec<phrase::Phrase<'g>>,
    /// What was mended.
    slips: Vec<slip::Slip>,
}

impl Scene<'_, '_> {
    /// A stretch of the normal form in the sender's own words: where a slip was mended, as it was written.
    fn said(&self, at: std::ops::Range<usize>) -> String {
        let mut slips: Vec<&slip::Slip> =
            self.slips.iter().filter(|s| s.at.start < at.end && at.start < s.at.end).collect();
        slips.sort_by_key(|s| s.at.start);
        let (mut out, mut from) = (String::new(), at.start);
        for slip in slips {
            if slip.at.start >= from {
                out.push_str(&self.text[from..slip.at.start]);
                out.push_str(&slip.written);
            }
            from = slip.at.end.min(at.end);
        }
        out.push_str(&self.text[from..at.end]);
        out
    }
}

/// Reads any text. `home` is where the sender or the station is: of places with one name the nearest is meant.
pub fn read(grammar: &Grammar, home: PlaceCode, now: Timestamp, text: &str) -> Reading {
    read_at(grammar, home, None, now, text)
}

/// As [`read`], where the station's market has a calendar.
pub fn read_at(
    grammar: &Grammar,
    home: PlaceCode,
    market_days: Option<MarketDays>,
    now: Timestamp,
    text: &str,
) -> Reading {
    let text = read_of(text);
    let reading = read_once(grammar, home, market_days, now, text);
    // 卖🐔20只: a picture is a word only where no other says what it is.
    if reading.item.is_none()
        && let Some(told) = normalize::in_words(&grammar.lexicon, text)
    {
        let told = read_once(grammar, home, market_days, now, &told);
        if told.intent == reading.intent && told.item.as_ref().is_some_and(|i| i.known) {
            return told;
        }
    }
    reading
}

fn read_once(
    grammar: &Grammar,
    home: PlaceCode,
    market_days: Option<MarketDays>,
    now: Timestamp,
    text: &str,
) -> Reading {
    let normal = normalize::normalize(&grammar.lexicon, text);
    if normal.is_empty() {
        return form::unknown("empty");
    }
    let (text, phrases, slips) = take_in(grammar, home, now, normal);
    let scene = Scene { grammar, now, market_days, text: &text, phrases, slips };
    let (reading, decision) = understand(&scene);
    // a board's own words say for themselves what a text is
    let claimed = claim::claim(&scene, &reading);
    let mut reading = match claimed {
        Some(_) => reading,
        None => opinion::heed(&scene, reading, decision.is_none()),
    };
    let rules = decision.as_ref().filter(|d| d.intent == reading.intent);
    let doubtful = account::account(&scene, &reading, rules).doubtful();
    match claimed.or_else(|| claim::claim(&scene, &reading)) {
        Some(mut claim) => {
            if let Some(board) = grammar.boards.get(&claim.board) {
                terms::heed(&scene, board, &mut claim.reading);
            }
            reading.claim = Some(claim);
        }
        // 改 901 11月30日截止
        None if reading.intent == Intent::Edit => bulk::heed(&scene, &mut reading),
        None => {
            let nodes = reading.item.as_ref().map(|i| grammar.items.path(&i.name)).unwrap_or_default();
            if let Some((board, _)) = grammar.boards.by_reading(reading.intent, &nodes) {
                terms::heed(&scene, board, &mut reading);
            }
        }
    }
    // what it is is clear, but not all that it says: it is read back before it is done
    if doubtful && !reading.unsure && reading.claim.is_none() && reading.post.is_none() && intent::posts(reading.intent)
    {
        reading.unsure = true;
        reading.alternatives = vec![reading.intent];
    }
    reading
}

/// What a text has of the pieces that speak for an intent, by which the second opinion is taught and heard.
pub fn pieces(grammar: &Grammar, home: PlaceCode, now: Timestamp, text: &str) -> Vec<String> {
    let normal = normalize::normalize(&grammar.lexicon, read_of(text));
    let (text, phrases, _) = take_in(grammar, home, now, normal);
    let mut pieces: Vec<String> = opinion::pieces(grammar, &text, &phrases).into_iter().collect();
    pieces.sort_unstable();
    pieces
}

/// The part of a text that is read.
fn read_of(text: &str) -> &str {
    let Some((end, _)) = text.char_indices().nth(MOST_CHARS) else { return text };
    let read = &text[..end];
    let mark = |c: char| !c.is_alphanumeric();
    let whole = read.char_indices().rev().take(TORN).find(|(_, c)| mark(*c));
    whole.map_or(read, |(at, _)| &read[..at])
}

/// Cuts a text into phrases; where that leaves something unread, once more with slips mended. A slip may say what a text
/// is about, not what it asks for: where that would change, and was understood, the text stays as it was written.
fn take_in<'g>(
    grammar: &'g Grammar,
    home: PlaceCode,
    now: Timestamp,
    text: String,
) -> (String, Vec<phrase::Phrase<'g>>, Vec<slip::Slip>) {
    let tokens = scan::scan(grammar, home, &text);
    let phrases = phrase::phrases(grammar, &text, &tokens);
    if !slip::worth_trying(grammar, &text, &phrases, &tokens) {
        return (text, phrases, Vec::new());
    }
    let intent = |text: &str, phrases: &[phrase::Phrase<'g>]| {
        understand(&Scene { grammar, now, market_days: None, text, phrases: phrases.to_vec(), slips: Vec::new() }).0
    };
    let before = intent(&text, &phrases);
    let Some(doubt) = Doubt::of(&before, &phrases) else { return (text, phrases, Vec::new()) };
    let look = slip::Look {
        grammar,
        home,
        text: &text,
        tokens: &tokens,
        intent: before.intent,
        lost: doubt.lost,
        no_item: doubt.no_item,
        describes: matches!(before.intent, Intent::Lost | Intent::Found) && !doubt.no_item,
    };
    let Some(mended) = slip::mend(&look) else { return (text, phrases, Vec::new()) };
    let new_tokens = scan::scan(grammar, home, &mended.text);
    let new_phrases = phrase::phrases(grammar, &mended.text, &new_tokens);
    let after = intent(&mended.text, &new_phrases);
    if doubt.allows(&before, &after, mended.turns) {
        (mended.text, new_phrases, mended.slips)
    } else {
        (text, phrases, Vec::new())
    }
}

/// What a first reading leaves open.
struct Doubt {
    /// What is asked for.
    lost: bool,
    /// What it is about.
    no_item: bool,
}

impl Doubt {
    /// `None` for what is kept in the sender's words, and for texts that are not ours.
    fn of(r: &Reading, phrases: &[phrase::Phrase<'_>]) -> Option<Doubt> {
        use Intent::*;
        let lost = r.unsure || r.intent == Unknown && r.reason == Some("unread");
        let ours = matches!(
            r.intent,
            Sell | Buy | Hire | Seek | Lost | Found | Search | Price | Order | RideOffer | RideNeed | Deal | Withdraw
        );
        let known = r.item.as_ref().is_some_and(|i| i.known);
        // Riders and what is over need no goods.
        let needless = matches!(r.intent, RideOffer | RideNeed | Deal | Withdraw);
        let no_item = !known && !needless && slip::wants_item(phrases);
        (lost || ours && r.post.is_none()).then_some(Doubt { lost, no_item })
    }

    /// Whether the reading of the mended text may stand for that of the text as it was.
    fn allows(&self, before: &Reading, after: &Reading, turns: bool) -> bool {
        // 哪里要小公: what is asked for is clear only with what it is about.
        let looked = self.no_item && before.item.is_none();
        match after.intent {
            Intent::Unknown => false,
            intent => {
                self.lost || turns || intent == before.intent || looked && after.item.as_ref().is_some_and(|i| i.known)
            }
        }
    }
}

/// The reading of a scene, and what was decided where its form did not say it already.
fn understand(scene: &Scene<'_, '_>) -> (Reading, Option<intent::Decision>) {
    if let Some(r) = form::forwarded(scene) {
        return (r, None);
    }
    if let Some(r) = form::not_ours(scene) {
        return (r, None);
    }
    if let Some(r) = form::read(scene) {
        return (r, None);
    }
    let decision = intent::decide(scene.grammar, scene.text, &scene.phrases);
    (slots::settle(scene, &decision), Some(decision))
}

/// An item as it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Canonical name; the sender's own word where the lexicon has none.
    pub name: String,
    /// As written; empty where only its unit says it (两亩出租: land).
    pub said: String,
    /// Whether the lexicon has it.
    pub known: bool,
}

/// One text, understood as far as it could be. A slot that is `None` or empty was not said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub intent: Intent,
    pub item: Option<Item>,
    pub quantity: Option<Quantity>,
    /// Price of goods.
    pub price: Option<Price>,
    /// Wage of work.
    pub wage: Option<Price>,
    pub people: Option<u32>,
    pub place: Option<Place>,
    pub from: Option<Place>,
    pub to: Option<Place>,
    /// Further places of a ride: on the way, or as good as its end. Not printed.
    pub stops: Vec<Place>,
    pub when: Option<When>,
    pub marks: Vec<String>,
    pub sex: Option<Sex>,
    /// Digits, as written in the text.
    pub phone: Option<String>,
    pub name: Option<String>,
    /// Number of the post that the text names.
    pub post: Option<u64>,
    /// 1 to 9.
    pub choice: Option<u8>,
    pub topic: Option<String>,
    /// What was left over, in the sender's words.
    pub remark: Option<String>,
    /// True when the sender should be asked which of `alternatives` is meant.
    pub unsure: bool,
    pub alternatives: Vec<Intent>,
    /// Further items of the same text, each a post of its own.
    pub also: Vec<Reading>,
    /// What it demands of the other side and excludes. Not printed: its words are in the remark.
    pub terms: Terms,
    /// What it says of its thing or person, to be held against what others say. Not printed.
    pub traits: Traits,
    /// What an order says of its least, its days and where it is fetched. Not printed.
    pub bulk: Bulk,
    /// The place is only where the sender works for a time. Not printed.
    pub away: bool,
    /// The board whose own words the text has, and what it is there. Not printed.
    pub claim: Option<Claim>,
    /// Why it is `Unknown`: `empty`, `greeting`, `thanks`, `carrier_notice`, `spam`, `unread` … Only `unread` deserves an answer.
    pub reason: Option<&'static str>,
}

/// A board that takes a text by words of its own, whatever the intent says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub board: String,
    pub side: String,
    /// The text as a post of that side.
    pub reading: Box<Reading>,
}

impl Reading {
    /// What is posted: where a board claims the text, as what it is there.
    pub fn posted(self) -> Reading {
        match self.claim {
            Some(mut claim) => {
                let mut reading = std::mem::replace(&mut *claim.reading, Reading::of(self.intent));
                reading.claim = Some(claim);
                reading
            }
            None => self,
        }
    }

    /// A reading with nothing but an intent.
    pub fn of(intent: Intent) -> Reading {
        Reading {
            intent,
            item: None,
            quantity: None,
            price: None,
            wage: None,
            people: None,
            place: None,
            from: None,
            to: None,
            stops: Vec::new(),
            when: None,
            marks: Vec::new(),
            sex: None,
            phone: None,
            name: None,
            post: None,
            choice: None,
            topic: None,
            remark: None,
            unsure: false,
            alternatives: Vec::new(),
            also: Vec::new(),
            terms: Terms::default(),
            traits: Traits::default(),
            bulk: Bulk::default(),
            away: false,
            claim: None,
            reason: None,
        }
    }

    /// The amount of goods as one number, where one was said.
    pub fn amount(&self) -> Option<Exact> {
        self.quantity.as_ref().map(|q| q.amount)
    }
}
