//! Ids of messages that come back in another dress: SMSCs give them in hex and report them in decimal, or the other way round,
//! with zeros in front, in capitals or not (SMPP 3.4 leaves it open, and gateways pass it on).
//!
//! ```
//! assert!(xiangxun::carrier::refs::hex_or_decimal("0004D2").contains(&"1234".to_string()));
//! assert!(xiangxun::carrier::refs::hex_or_decimal("1234").contains(&"4d2".to_string()));
//! ```

/// The id as it stands, without its zeros, in small letters, and as the same number in the other base.
pub fn hex_or_decimal(id: &str) -> Vec<String> {
    let small = id.trim().to_ascii_lowercase();
    let bare = small.trim_start_matches("0x").trim_start_matches('0').to_string();
    let mut out = vec![id.to_string(), id.trim().to_string(), small, bare.clone()];
    if let Ok(n) = bare.parse::<u128>() {
        out.push(format!("{n:x}"));
    }
    if let Ok(n) = u128::from_str_radix(&bare, 16) {
        out.push(n.to_string());
    }
    let with_zeros: Vec<String> = out.iter().flat_map(|o| [format!("{o:0>8}"), format!("{o:0>10}")]).collect();
    let capitals: Vec<String> = out.iter().map(|o| o.to_ascii_uppercase()).collect();
    out.extend(with_zeros.iter().map(|o| o.to_ascii_uppercase()).collect::<Vec<_>>());
    out.extend(with_zeros);
    out.extend(capitals);
    let mut seen = std::collections::HashSet::new();
    out.retain(|o| !o.is_empty() && seen.insert(o.clone()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_meet_whichever_wrote_how() {
        for (given, reported) in [
            ("4d2", "1234"),
            ("1234", "4D2"),
            ("000004D2", "1234"),
            ("1234", "0000001234"),
            ("4D2", "4d2"),
            ("1234", "000004d2"),
        ] {
            let (a, b) = (hex_or_decimal(given), hex_or_decimal(reported));
            assert_eq!(a[0], given);
            assert!(b.iter().any(|form| form == given) || a.iter().any(|form| form == reported), "{given} {reported}");
            assert!(b.contains(&given.to_string()), "a report in the form {reported} finds {given}: {b:?}");
        }
        assert!(hex_or_decimal("550e8400-e29b-41d4").len() < 12);
    }
}
