//! Telephone numbers of subscribers, in one form: E.164.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Sender;

/// A subscriber's number: the digits of E.164 without the plus, 7 to 15 of them.
///
/// `Display` and `Debug` mask it, so that it cannot reach a log by accident; [`Msisdn::e164`] is the way to the carrier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Msisdn(u64);

impl Msisdn {
    /// Reads a number as carriers and people write it: blanks, dashes and brackets are dropped, `00` is `+`, and
    /// without either the country is China (`13800000000`, `8613800000000`).
    pub fn parse(s: &str) -> Option<Msisdn> {
        Msisdn::parse_in(s, phonenumber::country::Id::CN)
    }

    /// As [`Msisdn::parse`], with another home country.
    pub fn parse_in(s: &str, home: phonenumber::country::Id) -> Option<Msisdn> {
        let mut digits = String::with_capacity(16);
        let mut plus = false;
        for c in s.trim().chars() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if digits.is_empty() => plus = true,
                ' ' | '-' | '(' | ')' | '.' | '\u{a0}' => {}
                _ => return None,
            }
        }
        if !plus && let Some(rest) = digits.strip_prefix("00") {
            digits = rest.to_string();
            plus = true;
        }
        // Mainland mobiles are nearly all traffic: their shape is known and needs no library.
        let national = if plus || digits.len() == 13 { digits.strip_prefix("86") } else { Some(digits.as_str()) };
        if let Some(n) = national
            && n.len() == 11
            && n.starts_with('1')
            && matches!(n.as_bytes()[1], b'3'..=b'9')
            && (home == phonenumber::country::Id::CN || digits.len() == 13)
        {
            return format!("86{n}").parse().ok().map(Msisdn);
        }
        if digits.len() < 7 || digits.len() > 15 || (!plus && digits.starts_with("106")) {
            return None;
        }
        let with_plus = if plus { format!("+{digits}") } else { digits };
        let n = phonenumber::parse(Some(home), &with_plus).ok()?;
        if !phonenumber::is_valid(&n) {
            return None;
        }
        format!("{}{}", n.country().code(), n.national()).parse().ok().map(Msisdn)
    }

    /// `+8613800000000`.
    pub fn e164(self) -> String {
        format!("+{}", self.0)
    }

    /// The form a villager dials: mainland numbers without their country code, others as E.164.
    pub fn local(self) -> String {
        let s = self.0.to_string();
        match s.strip_prefix("86") {
            Some(n) if n.len() == 11 => n.to_string(),
            _ => self.e164(),
        }
    }

    /// The digits as a number, for keys.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// Back from [`Msisdn::as_u64`].
    pub fn from_u64(n: u64) -> Msisdn {
        Msisdn(n)
    }
}

impl fmt::Display for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.local();
        let tail = &s[s.len().saturating_sub(4)..];
        write!(f, "{}****{}", &s[..s.len().min(3)], tail)
    }
}

impl fmt::Debug for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Sender {
    /// A subscriber where the number is one, else a service that is never answered.
    pub fn read(s: &str) -> Sender {
        match Msisdn::parse(s) {
            Some(n) => Sender::Phone(n),
            None => Sender::Service(s.trim().to_string()),
        }
    }

    /// As [`Sender::read`], from carriers that always name the country but leave the plus away: `447700900001`.
    pub fn read_whole(s: &str) -> Sender {
        let s = s.trim();
        // Short codes have up to six digits, and no country has a code that begins with 0.
        let whole = s.len() > 6 && !s.starts_with('0') && s.bytes().all(|b| b.is_ascii_digit());
        match whole.then(|| Msisdn::parse(&format!("+{s}"))).flatten() {
            Some(n) => Sender::Phone(n),
            None => Sender::read(s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_form() {
        for s in ["13800000000", "+8613800000000", "8613800000000", "0086 138-0000-0000", " 8613800000000"] {
            assert_eq!(Msisdn::parse(s).map(Msisdn::e164).as_deref(), Some("+8613800000000"), "{s}");
        }
        assert_eq!(Msisdn::parse("+254711082300").map(Msisdn::e164).as_deref(), Some("+254711082300"));
    }

    #[test]
    fn services_are_not_subscribers() {
        for s in ["10086", "1069012345", "106901234567", "JD.com", "", "abc"] {
            assert_eq!(Msisdn::parse(s), None, "{s}");
        }
    }

    #[test]
    fn a_whole_number_without_its_plus_is_one_all_the_same() {
        for (s, whole) in [
            ("447400123456", "+447400123456"),
            ("8613800000000", "+8613800000000"),
            ("13822345678", "+13822345678"),
            ("13800000000", "+8613800000000"),
            ("+254711082300", "+254711082300"),
            ("00254711082300", "+254711082300"),
        ] {
            assert_eq!(Sender::read_whole(s), Sender::Phone(Msisdn::parse(whole).unwrap()), "{s}");
        }
        for s in ["12345", "JD.com", "1069012345", ""] {
            assert_eq!(Sender::read_whole(s), Sender::Service(s.into()), "{s}");
        }
    }

    #[test]
    fn a_number_prints_masked() {
        let n = Msisdn::parse("13812345678").unwrap();
        assert_eq!(format!("{n} {n:?}"), "138****5678 138****5678");
        assert_eq!(n.local(), "13812345678");
    }
}
