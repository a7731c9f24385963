//! Finds a name that an object in JSON has twice: a reader would take one of its values, and say nothing.

use std::{cell::RefCell, collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::Invalid;

/// Text that is no JSON passes: its reader says what is wrong.
///
/// # Errors
/// Names the field by its path.
pub fn check(json: &str) -> Result<(), Invalid> {
    let found = RefCell::new(None);
    let _ = serde_json::Deserializer::from_str(json).deserialize_any(Walk { at: Place::Root, found: &found });
    match found.into_inner() {
        Some(path) => Err(Invalid::new(path, "is there twice: send it once")),
        None => Ok(()),
    }
}

#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Field(&'a Self, &'a str),
    Item(&'a Self, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(place, name) => write!(f, "{place}.{name}"),
            Self::Item(place, index) => write!(f, "{place}[{index}]"),
        }
    }
}

struct Walk<'a> {
    at: Place<'a>,
    found: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0;
        while items.next_element_seed(Walk { at: Place::Item(&self.at, index), found: self.found })?.is_some() {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            if seen.contains(&name) {
                *self.found.borrow_mut() = Some(Place::Field(&self.at, &name).to_string());
                return Err(A::Error::custom("found"));
            }
            fields.next_value_seed(Walk { at: Place::Field(&self.at, &name), found: self.found })?;
            seen.insert(name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_there_twice_is_told_by_its_path() {
        for (json, path) in [
            (r#"{"a":1,"a":2}"#, Some("a")),
            (r#"{"a":{"b":[{"c":1},{"c":1,"d":2,"c":3}]}}"#, Some("a.b[1].c")),
            (r#"[{"x":null,"x":true}]"#, Some("[0].x")),
            (r#"{"a":1,"\u0061":2}"#, Some("a")),
            (r#"{"a":{"a":{"a":-1.5}},"b":["a","a"],"c":18446744073709551615}"#, None),
            ("{\"a\":1,", None),
            ("nonsense", None),
        ] {
            let found = check(json).err();
            assert_eq!(found.as_ref().map(|invalid| invalid.param.as_str()), path, "{json}");
            assert!(found.is_none_or(|invalid| invalid.message == "is there twice: send it once"));
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(check(&deep), Ok(()));
    }
}
