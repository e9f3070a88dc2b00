//! JSON as `docs/format-keys.md` has it: a struct is an object. serde's derive alone would take an
//! array in its place.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

/// A text that is one object.
pub(crate) fn from_object<T: for<'de> Deserialize<'de>>(json: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(json).map(|Object(value)| value)
}

/// A text that is a list of objects.
pub(crate) fn from_objects<T: for<'de> Deserialize<'de>>(json: &str) -> serde_json::Result<Vec<T>> {
    let mut text = serde_json::Deserializer::from_str(json);
    let list = objects(&mut text)?;
    text.end()?;
    Ok(list)
}

/// For `#[serde(deserialize_with)]`: a list of objects.
pub(crate) fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let objects = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|Object(value)| value).collect())
}

/// For `#[serde(deserialize_with)]`: an object or `null`, which must be there.
pub(crate) fn object_or_null<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let object = Option::<Object<T>>::deserialize(deserializer)?;
    Ok(object.map(|Object(value)| value))
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

/// Any JSON: whether an object in it has a field twice, which `serde_json::Value` doesn't tell.
pub(crate) struct Repeats(pub(crate) bool);

impl<'de> Deserialize<'de> for Repeats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RepeatsVisitor)
    }
}

struct RepeatsVisitor;

impl<'de> Visitor<'de> for RepeatsVisitor {
    type Value = Repeats;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Repeats, E> {
        Ok(Repeats(false))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Repeats, E> {
        Ok(Repeats(false))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Repeats, E> {
        Ok(Repeats(false))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Repeats, E> {
        Ok(Repeats(false))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Repeats, E> {
        Ok(Repeats(false))
    }

    fn visit_str<E>(self, _: &str) -> Result<Repeats, E> {
        Ok(Repeats(false))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Repeats, A::Error> {
        let mut repeats = false;
        while let Some(Repeats(inside)) = items.next_element()? {
            repeats |= inside;
        }
        Ok(Repeats(repeats))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Repeats, A::Error> {
        let (mut names, mut repeats) = (HashSet::new(), false);
        while let Some((name, Repeats(inside))) = fields.next_entry::<String, _>()? {
            repeats |= inside | !names.insert(name);
        }
        Ok(Repeats(repeats))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq, serde::Deserialize)]
    struct Outer {
        #[serde(deserialize_with = "objects")]
        list: Vec<Inner>,
        #[serde(deserialize_with = "object_or_null")]
        maybe: Option<Inner>,
    }

    #[derive(Debug, PartialEq, Eq, serde::Deserialize)]
    struct Inner {
        n: u8,
    }

    #[test]
    fn an_array_is_no_struct() {
        let read = |json: &str| from_object::<Outer>(json.as_bytes()).ok();
        assert_eq!(
            read(r#"{"list": [{"n": 1}], "maybe": {"n": 2}}"#),
            Some(Outer { list: vec![Inner { n: 1 }], maybe: Some(Inner { n: 2 }) })
        );
        assert_eq!(read(r#"{"list": [], "maybe": null}"#), Some(Outer { list: vec![], maybe: None }));
        for refused in [
            r#"[[{"n": 1}], {"n": 2}]"#,
            r#"{"list": [[1]], "maybe": null}"#,
            r#"{"list": [], "maybe": [2]}"#,
            r#"{"list": []}"#,
            r#"{"list": [], "maybe": null} x"#,
        ] {
            assert_eq!(read(refused), None, "{refused}");
        }
        let repeats = |json: &str| serde_json::from_str::<Repeats>(json).unwrap().0;
        assert!(!repeats(r#"{"a": [1, -1, 0.5, null, true, "x"], "b": {"a": 1}}"#));
        assert!(repeats(r#"{"a": [{"b": 1, "c": 2, "b": 3}]}"#));
        assert_eq!(from_objects::<Inner>(r#"[{"n": 1}] "#).unwrap(), [Inner { n: 1 }]);
        for refused in ["[[1]]", r#"[{"n": 1}] x"#, r#"{"n": 1}"#] {
            assert!(from_objects::<Inner>(refused).is_err(), "{refused}");
        }
    }
}
