//! JSON as `docs/format.md` has it: a struct is an object. serde's derive alone would take an array
//! in its place.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
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
        assert_eq!(from_objects::<Inner>(r#"[{"n": 1}] "#).unwrap(), [Inner { n: 1 }]);
        for refused in ["[[1]]", r#"[{"n": 1}] x"#, r#"{"n": 1}"#] {
            assert!(from_objects::<Inner>(refused).is_err(), "{refused}");
        }
    }
}
