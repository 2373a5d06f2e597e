//! What a text can ask for.

/// What the sender wants. Names are those of `xiangxun parse` (snake case there). Open
/// questions keep it by its place in this list: add new ones before nothing, at the very end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    Sell,
    Buy,
    Hire,
    Seek,
    Lost,
    Found,
    RideOffer,
    RideNeed,
    AidNeed,
    AidGive,
    Friend,
    Order,
    Fill,
    Contact,
    Relay,
    Mine,
    View,
    Withdraw,
    Renew,
    Edit,
    Choose,
    Deal,
    Rate,
    Report,
    More,
    Search,
    Price,
    Notice,
    Guide,
    Ask,
    Errand,
    Register,
    Subscribe,
    Unsubscribe,
    Stop,
    Start,
    DeleteMe,
    Broadcast,
    Help,
    Sighting,
    Weigh,
    Todo,
    Origin,
    Unknown,
    Fraud,
    Correct,
    Block,
    Private,
    Public,
    Alias,
    Info,
    Roster,
    Bail,
    Learn,
}

impl Intent {
    /// Its name in `xiangxun parse`, in the store and in figures.
    pub fn as_str(self) -> &'static str {
        match self {
            Intent::Sell => "sell",
            Intent::Buy => "buy",
            Intent::Hire => "hire",
            Intent::Seek => "seek",
            Intent::Lost => "lost",
            Intent::Found => "found",
            Intent::RideOffer => "ride_offer",
            Intent::RideNeed => "ride_need",
            Intent::AidNeed => "aid_need",
            Intent::AidGive => "aid_give",
            Intent::Friend => "friend",
            Intent::Order => "order",
            Intent::Fill => "fill",
            Intent::Contact => "contact",
            Intent::Relay => "relay",
            Intent::Mine => "mine",
            Intent::View => "view",
            Intent::Withdraw => "withdraw",
            Intent::Renew => "renew",
            Intent::Edit => "edit",
            Intent::Choose => "choose",
            Intent::Deal => "deal",
            Intent::Rate => "rate",
            Intent::Report => "report",
            Intent::More => "more",
            Intent::Search => "search",
            Intent::Price => "price",
            Intent::Notice => "notice",
            Intent::Guide => "guide",
            Intent::Ask => "ask",
            Intent::Errand => "errand",
            Intent::Register => "register",
            Intent::Subscribe => "subscribe",
            Intent::Unsubscribe => "unsubscribe",
            Intent::Stop => "stop",
            Intent::Start => "start",
            Intent::DeleteMe => "delete_me",
            Intent::Broadcast => "broadcast",
            Intent::Help => "help",
            Intent::Sighting => "sighting",
            Intent::Weigh => "weigh",
            Intent::Todo => "todo",
            Intent::Origin => "origin",
            Intent::Unknown => "unknown",
            Intent::Fraud => "fraud",
            Intent::Correct => "correct",
            Intent::Block => "block",
            Intent::Private => "private",
            Intent::Public => "public",
            Intent::Alias => "alias",
            Intent::Info => "info",
            Intent::Roster => "roster",
            Intent::Bail => "bail",
            Intent::Learn => "learn",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_serialised_one() {
        for intent in [Intent::Sell, Intent::RideOffer, Intent::AidGive, Intent::DeleteMe, Intent::Unknown] {
            assert_eq!(serde_json::to_value(intent).unwrap(), intent.as_str());
        }
    }
}
