//! Numbers in messages, and those beyond the bounds of their types.

pub(super) const WHOLE: [&str; 12] =
    ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize"];
/// What a caller says is needed, of a number written as a text that is beyond its type.
pub(crate) const SMALLER: &str = "a smaller whole number";
pub(crate) const LARGER: &str = "a larger whole number";
const NEGATIVE: &str = "is too small: the number can't be negative";
const TOO_SMALL: &str = "is too small";
const TOO_LARGE: &str = "is too large";

/// How a whole number is beyond the bounds of its type. The field has others, which its own check tells.
pub(super) fn beyond(found: &str, expected: &str) -> Option<&'static str> {
    match expected {
        SMALLER => return Some(TOO_LARGE),
        LARGER => return Some(TOO_SMALL),
        _ => {}
    }
    let number = found.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && WHOLE.contains(&expected))?;
    Some(match number > 0.0 {
        true => TOO_LARGE,
        false if expected.starts_with('u') => NEGATIVE,
        false => TOO_SMALL,
    })
}

/// Whether a message says that a number is beyond its type, and not what its field allows.
#[must_use]
pub fn is_beyond(message: &str) -> bool {
    [TOO_LARGE, TOO_SMALL, NEGATIVE].iter().any(|end| message.ends_with(end))
}

/// As [`beyond`], of a text; the message does not say which type is needed.
pub(super) fn out_of_type(message: &str, value: &str) -> Option<&'static str> {
    let is_negative = || value.trim_matches('"').parse::<i128>().is_ok_and(|number| number < 0);
    match message {
        "invalid digit found in string" if is_negative() => Some(NEGATIVE),
        "number too large to fit in target type" | "number out of range" => Some(TOO_LARGE),
        "number too small to fit in target type" => Some(TOO_SMALL),
        _ => None,
    }
}

/// A number in as few digits as tell it. A larger one than single precision has was read as infinite.
#[must_use]
pub fn number(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "more than 3e38" } else { "less than -3e38" }.to_owned();
    }
    match number != 0.0 && !(1e-6..1e15).contains(&number.abs()) {
        true => format!("{number:e}"),
        false => number.to_string(),
    }
}
