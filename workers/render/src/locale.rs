//! Writes numbers, money and dates as a language does, by Unicode's CLDR.

mod money;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use icu_datetime::{
    DateTimeFormatter,
    fieldsets::YMD,
    input::{Date, DateTime, Time},
};
use icu_decimal::{DecimalFormatter, input::Decimal};
use icu_locale_core::{Locale, locale};
use serde_json::{Map, Value as Json};
use typst::foundations::{Array, Dict, IntoValue};

/// The most dates of a document's data that are written in its language.
const DATES: usize = 20_000;
/// The deepest data that is searched for dates.
const DEEP: usize = 32;
/// The longest text that can be a date and time, in bytes.
const LONGEST: usize = 40;

#[derive(Debug, Clone)]
pub struct Local {
    locale: Locale,
    lang: String,
    region: Option<String>,
}

impl Local {
    /// `lang` is of ISO 639 and `region` of ISO 3166; English if CLDR can't read them.
    #[must_use]
    pub fn new(lang: &str, region: Option<&str>) -> Self {
        let tag = region.map_or_else(|| lang.to_owned(), |region| format!("{lang}-{region}"));
        let locale = Locale::try_from_str(&tag).unwrap_or(locale!("en"));
        Self { locale, lang: lang.to_owned(), region: region.map(str::to_owned) }
    }

    /// A date in full: "9 March 2026".
    #[must_use]
    pub fn date(&self, date: NaiveDate) -> Option<String> {
        let formatter = DateTimeFormatter::try_new((&self.locale).into(), YMD::long()).ok()?;
        let (year, month, day) = parts(date)?;
        Some(formatter.format(&Date::try_new_gregorian(year, month, day).ok()?).to_string())
    }

    /// A text that is a date, or a date and time of RFC 3339, in this language. The time stays in its own zone.
    #[must_use]
    pub fn moment(&self, text: &str) -> Option<String> {
        if text.len() > LONGEST || !text.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        if let Ok(date) = text.parse::<NaiveDate>() {
            return self.date(date);
        }
        let zoned = chrono::DateTime::parse_from_rfc3339(text).map(|moment| moment.naive_local());
        let moment = zoned.or_else(|_| text.replace(' ', "T").parse::<NaiveDateTime>()).ok()?;
        let formatter = DateTimeFormatter::try_new((&self.locale).into(), YMD::long().with_time_hm()).ok()?;
        let part = |part: u32| u8::try_from(part).ok();
        let time = Time::try_new(part(moment.hour())?, part(moment.minute())?, 0, 0).ok()?;
        let (year, month, day) = parts(moment.date())?;
        let date = Date::try_new_gregorian(year, month, day).ok()?;
        Some(formatter.format(&DateTime { date, time }).to_string())
    }

    /// For ruche.typ: how numbers and the currency are written, and the dates of the data.
    #[must_use]
    pub fn dict(&self, data: &Map<String, Json>) -> Dict {
        let mut dates = Dict::new();
        data.values().for_each(|value| self.add_dates(value, 0, &mut dates));
        let mut dict = self.numbers().unwrap_or_default();
        let currency = data.get("currency").and_then(Json::as_str).unwrap_or("EUR");
        let money = money::Money::of(currency, &self.lang, self.region.as_deref());
        dict.insert("before".into(), money.before.into_value());
        dict.insert("after".into(), money.after.into_value());
        dict.insert("decimals".into(), money.decimals.into_value());
        dict.insert("dates".into(), dates.into_value());
        dict
    }

    fn add_dates(&self, data: &Json, depth: usize, dates: &mut Dict) {
        if depth > DEEP || dates.len() >= DATES {
            return;
        }
        match data {
            Json::String(text) => {
                if let Some(moment) = self.moment(text) {
                    dates.insert(text.as_str().into(), moment.into_value());
                }
            }
            Json::Array(values) => values.iter().for_each(|value| self.add_dates(value, depth + 1, dates)),
            Json::Object(fields) => fields.values().for_each(|value| self.add_dates(value, depth + 1, dates)),
            _ => {}
        }
    }

    /// Separators, sizes of groups, the minus sign and digits, read from written numbers.
    fn numbers(&self) -> Option<Dict> {
        let formatter = DecimalFormatter::try_new((&self.locale).into(), Default::default()).ok()?;
        let written = |number: Decimal| formatter.format(&number).to_string();
        let sample = written("12345678.9".parse().ok()?);
        let mut parts = Vec::new();
        let mut digits = 0_i64;
        for c in sample.chars() {
            if c.is_numeric() {
                digits += 1;
            } else {
                parts.push((c.to_string(), std::mem::take(&mut digits)));
            }
        }
        let (decimal, primary) = parts.pop()?;
        let group = parts.last().map_or_else(String::new, |(group, _)| group.clone());
        let secondary = parts.get(1).map_or(primary, |(_, size)| *size);
        let minus: String = written(Decimal::from(-1)).chars().take_while(|c| !c.is_numeric()).collect();
        let short = written(Decimal::from(1234)).chars().filter(|c| c.is_numeric()).count();
        let is_short_grouped = short < written(Decimal::from(1234)).chars().count();
        let mut dict = Dict::new();
        dict.insert("decimal".into(), decimal.into_value());
        dict.insert("group".into(), group.into_value());
        dict.insert(
            "sizes".into(),
            [primary, secondary].map(IntoValue::into_value).into_iter().collect::<Array>().into_value(),
        );
        dict.insert("longest-plain".into(), if is_short_grouped { 3_i64 } else { 4 }.into_value());
        dict.insert("minus".into(), minus.into_value());
        let digits = (0..10_u32).map(|digit| written(Decimal::from(digit)).into_value());
        dict.insert("digits".into(), digits.collect::<Array>().into_value());
        Some(dict)
    }
}

/// Year, month, day.
fn parts(date: NaiveDate) -> Option<(i32, u8, u8)> {
    Some((date.year(), u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(tag: &str) -> Local {
        let (lang, region) = tag.split_once('-').map_or((tag, None), |(lang, region)| (lang, Some(region)));
        Local::new(lang, region)
    }

    #[test]
    fn dates_are_written_in_the_language() {
        let date = NaiveDate::from_ymd_opt(2026, 3, 9).expect("a date");
        for (tag, text) in [
            ("en-US", "March 9, 2026"),
            ("en-GB", "9 March 2026"),
            ("de", "9. M\u{e4}rz 2026"),
            ("fr", "9 mars 2026"),
            ("es", "9 de marzo de 2026"),
            ("ja", "2026\u{5e74}3\u{6708}9\u{65e5}"),
        ] {
            assert_eq!(local(tag).date(date).as_deref(), Some(text), "{tag}");
        }
        let moment = |text: &str| local("de").moment(text);
        assert_eq!(moment("2026-03-09T09:05:00+05:30").as_deref(), Some("9. M\u{e4}rz 2026 um 09:05"));
        assert_eq!(moment("2026-03-09").as_deref(), Some("9. M\u{e4}rz 2026"));
        for text in ["", "10:02", "26 December 2026", "2026", "2026-13-09", "2026-017"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_from_cldr() {
        let numbers = |tag: &str| {
            let dict = local(tag).dict(&Map::new());
            let text = |name: &str| {
                dict.get(name).ok().and_then(|value| value.clone().cast::<String>().ok()).unwrap_or_default()
            };
            (text("group"), text("decimal"), text("minus"))
        };
        let of = |group: &str, decimal: &str, minus: &str| (group.to_owned(), decimal.to_owned(), minus.to_owned());
        assert_eq!(numbers("en"), of(",", ".", "-"));
        assert_eq!(numbers("de"), of(".", ",", "-"));
        assert_eq!(numbers("fr"), of("\u{202f}", ",", "-"));
        assert_eq!(numbers("sv").2, "\u{2212}");
    }
}
