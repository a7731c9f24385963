//! Bytes in JSON: base64 (RFC 4648, section 4), with padding or without.

use std::{borrow::Cow, fmt};

use base64::{
    DecodeError, Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Clone, Default, PartialEq, Eq)]
pub struct Base64(pub Vec<u8>);

impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&ENGINE.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        ENGINE.decode(text.as_bytes()).map(Self).map_err(|error| de::Error::custom(wrong(&text, &error)))
    }
}

fn wrong(text: &str, error: &DecodeError) -> String {
    let what = match error {
        DecodeError::InvalidByte(at, _) => {
            let character = text.get(*at..).and_then(|rest| rest.chars().next()).unwrap_or('?');
            format!("{character:?} (byte {at}) is none of its characters")
        }
        _ => "it is cut off, or padded wrongly".to_owned(),
    };
    format!("is no base64: {what}; write A-Z, a-z, 0-9, + and /, without line breaks (RFC 4648, section 4)")
}

impl JsonSchema for Base64 {
    fn schema_name() -> Cow<'static, str> {
        "Base64".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "contentEncoding": "base64" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_with_padding_or_without() {
        assert_eq!(serde_json::to_string(&Base64(b"hi".to_vec())).expect("JSON"), "\"aGk=\"");
        for text in ["\"aGk=\"", "\"aGk\""] {
            assert_eq!(serde_json::from_str::<Base64>(text).expect("bytes"), Base64(b"hi".to_vec()));
        }
        for (text, told) in [
            ("\"a*\"", "is no base64: '*' (byte 1) is none of"),
            ("\"aé==\"", "is no base64: 'é' (byte 1) is none of"),
            ("\"aGk=\\n\"", "is no base64: "),
            ("\"a\"", "is no base64: it is cut off"),
        ] {
            let error = serde_json::from_str::<Base64>(text).expect_err(text).to_string();
            assert!(error.starts_with(told), "{error}");
        }
    }
}
