//! Where a currency's sign stands, and which it is: CLDR's standard patterns, for the languages and currencies that are
//! most used. ICU's Rust libraries have no stable formatter of money yet.

/// Without a space it would break from its number.
const SPACE: char = '\u{a0}';

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Money {
    pub before: String,
    pub after: String,
    pub decimals: i64,
}

impl Money {
    /// `currency` is of ISO 4217; another text stands as it is.
    pub fn of(currency: &str, lang: &str, region: Option<&str>) -> Self {
        let sign = sign(currency, lang, region);
        let decimals = match currency {
            "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "PYG" | "UGX" | "XAF" | "XOF" => 0,
            "KWD" | "BHD" | "OMR" | "JOD" | "TND" | "IQD" | "LYD" => 3,
            _ => 2,
        };
        match (place(lang, region), sign.ends_with(char::is_alphabetic)) {
            (Place::After, _) => Self { before: String::new(), after: format!("{SPACE}{sign}"), decimals },
            (Place::Before, false) => Self { before: sign, after: String::new(), decimals },
            (Place::Before | Place::Apart, _) => {
                Self { before: format!("{sign}{SPACE}"), after: String::new(), decimals }
            }
        }
    }
}

enum Place {
    Before,
    /// Before the number, with a space.
    Apart,
    After,
}

fn place(lang: &str, region: Option<&str>) -> Place {
    match (lang, region) {
        ("en" | "zh" | "ja" | "ko" | "hi" | "th" | "tr" | "id" | "ms", _) => Place::Before,
        ("es", Some("MX" | "US" | "CO" | "PE" | "CL" | "AR")) => Place::Before,
        ("nl", _) | ("pt", Some("BR")) | ("de", Some("AT" | "CH" | "LI")) | ("it" | "fr", Some("CH")) => Place::Apart,
        _ => Place::After,
    }
}

fn sign(currency: &str, lang: &str, region: Option<&str>) -> String {
    let sign = match (currency, lang) {
        ("EUR", _) => "\u{20ac}",
        ("GBP", _) => "\u{a3}",
        ("JPY", _) => "\u{a5}",
        ("INR", _) => "\u{20b9}",
        ("ILS", _) => "\u{20aa}",
        ("KRW", "ko" | "en") => "\u{20a9}",
        ("TRY", "tr" | "en") => "\u{20ba}",
        ("BRL", _) => "R$",
        ("PLN", "pl") => "z\u{142}",
        ("SEK", "sv") | ("NOK", "nb" | "nn" | "no") => "kr",
        ("DKK", "da") => "kr.",
        ("CZK", "cs") => "K\u{10d}",
        ("HUF", "hu") => "Ft",
        ("USD", "fr") => "$US",
        // Other countries have dollars and pesos of their own.
        ("USD", _) => match region {
            None | Some("US" | "GB" | "DE" | "IT" | "NL" | "AT" | "IE") if lang != "es" && lang != "pt" => "$",
            Some("US") => "$",
            _ => "US$",
        },
        _ => currency,
    };
    sign.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_stand_where_the_language_puts_them() {
        for (currency, lang, region, before, after, decimals) in [
            ("EUR", "en", None, "\u{20ac}", "", 2),
            ("EUR", "de", None, "", "\u{a0}\u{20ac}", 2),
            ("CHF", "de", Some("CH"), "CHF\u{a0}", "", 2),
            ("CHF", "en", None, "CHF\u{a0}", "", 2),
            ("JPY", "ja", None, "\u{a5}", "", 0),
            ("USD", "en", Some("CA"), "US$", "", 2),
            ("EUR", "nl", None, "\u{20ac}\u{a0}", "", 2),
            ("points", "fr", None, "", "\u{a0}points", 2),
        ] {
            let money = Money { before: before.to_owned(), after: after.to_owned(), decimals };
            assert_eq!(Money::of(currency, lang, region), money, "{currency} {lang}");
        }
    }
}
