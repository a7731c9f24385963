//! Phone numbers with a country code: `+49 30 12345678` is `030 12345678` within its country.

/// Countries with a code of two digits (ITU-T E.164, list of assigned codes). Those of 1 and 7 have one digit, all others
/// three.
const TWO_DIGITS: [u8; 43] = [
    20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61, 62,
    63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 98,
];
/// Codes of countries where nothing is put in front of a number within the country; most others put a 0.
const WITHOUT_PREFIX: [&str; 7] = ["1", "30", "34", "39", "45", "47", "48"];
/// The digits of a number with its country code (E.164 allows 15).
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// The number within its country, of the digits after a `+`: as it is dialled, and without the 0 in front.
pub(super) fn national(digits: &str) -> Option<Vec<String>> {
    if !DIGITS.contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let two = digits[..2].parse().is_ok_and(|code| TWO_DIGITS.contains(&code));
    let length = match &digits[..1] {
        "0" => return None,
        "1" | "7" => 1,
        _ if two => 2,
        _ => 3,
    };
    let (code, rest) = digits.split_at(length);
    if WITHOUT_PREFIX.contains(&code) {
        return Some(vec![rest.to_owned()]);
    }
    // `+49 (0)30` has both.
    let rest = rest.strip_prefix('0').unwrap_or(rest);
    Some(vec![format!("0{rest}"), rest.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_within_its_country() {
        for (digits, expected) in [
            ("493012345678", &["03012345678", "3012345678"][..]),
            ("4903012345678", &["03012345678", "3012345678"]),
            ("33298123456", &["0298123456", "298123456"]),
            ("3906698123", &["06698123"]),
            ("12125550100", &["2125550100"]),
            ("358912345678", &["0912345678", "912345678"]),
            ("493012", &[]),
            ("00493012345678", &[]),
            ("4930123456789012", &[]),
            ("49é12345678", &[]),
        ] {
            assert_eq!(national(digits).unwrap_or_default(), expected, "{digits}");
        }
    }
}
