//! Which of our own sentences a route could not carry: found before anything is sent, by writing each at its fullest and letting
//! the carrier's own file build the request.

use crate::carrier::{Carrier, SendError};
use crate::clock::{HOUR, Timestamp};
use crate::config::CarrierConfig;
use crate::grammar::Grammar;
use crate::message::{Msisdn, Mt, MtClass, MtState};

/// A warning where some sentences do not fit the account; `None` where all do.
pub fn unfit(grammar: &Grammar, config: &CarrierConfig, carrier: &dyn Carrier) -> Option<String> {
    let mut names = Vec::new();
    let mut why = String::new();
    let mut all = 0;
    for (name, text) in grammar.replies.fullest() {
        all += 1;
        let banned = config.usage.bans.words.iter().find(|w| text.contains(w.as_str()));
        let refused = match banned {
            Some(word) => Some(format!("{word} is banned")),
            None => match carrier.outgoing(&sample(&config.name, text)) {
                Err(SendError::Unfit(why) | SendError::Permanent(why)) => Some(why),
                _ => None,
            },
        };
        if let Some(cause) = refused {
            why = cause;
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| {
        let (count, shown) = (names.len(), names[..names.len().min(5)].join(", "));
        format!(
            "{count} of {all} sentences may not fit this route when they are full ({shown} …: {why}); give the station another route for them"
        )
    })
}

fn sample(carrier: &str, text: String) -> Mt {
    Mt {
        id: 1,
        carrier: carrier.to_string(),
        from: "1069012345".into(),
        to: Msisdn::from_u64(8_613_800_000_000),
        text,
        class: MtClass::Answer,
        cause: None,
        created: Timestamp(0),
        due: Timestamp(0),
        until: Timestamp(HOUR),
        attempts: 1,
        state: MtState::Queued,
        carrier_ref: None,
        travel: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::build_carrier;

    fn warning(toml: &str) -> Option<String> {
        let mut config = CarrierConfig::new("c", "kannel", toml.parse().unwrap());
        config.usage.bans.words = vec!["已登着".into()];
        let carrier = build_carrier(&config).unwrap();
        unfit(&Grammar::built_in().unwrap(), &config, carrier.as_ref())
    }

    #[test]
    fn a_banned_word_of_our_own_is_found_before_it_is_sent() {
        let told =
            warning("token = \"t\"\nsend_url = \"http://127.0.0.1/\"\nusername = \"u\"\npassword = \"p\"").unwrap();
        assert!(told.contains("already") && told.contains("is banned") && told.starts_with("1 of "), "{told}");
    }

    #[test]
    fn a_small_template_is_told_of_and_a_large_one_is_not() {
        let grammar = Grammar::built_in().unwrap();
        let of = |max: usize, variables: &str| {
            let toml = format!(
                "token = \"t\"\naccess_key_id = \"id\"\naccess_key_secret = \"secret\"\nsign_name = \"乡讯\"\n[template]\nid = \"SMS_1\"\nvariables = [{variables}]\nmax_len = {max}\n"
            );
            let config = CarrierConfig::new("ali", "aliyun", toml.parse().unwrap());
            let carrier = build_carrier(&config).unwrap_or_else(|e| panic!("{e:?}"));
            unfit(&grammar, &config, carrier.as_ref())
        };
        assert!(of(35, "\"a\"").is_some_and(|w| w.contains("may not fit")), "half a text");
        assert_eq!(of(35, "\"a\", \"b\", \"c\""), None);
    }
}
