//! Reading other people's answers: numbers where texts should be, null where nothing should be.

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

use crate::Amount;

/// A text, or the text of a number.
pub(crate) struct TextOrNumber(pub String);

impl<'de> Deserialize<'de> for TextOrNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = TextOrNumber;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a number")
            }

            fn visit_str<E>(self, text: &str) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(text.to_owned()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(number.to_string()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(number.to_string()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(number.to_string()))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

/// A text; a number's text; null as empty.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(opt_text(deserializer)?.unwrap_or_default())
}

/// As [`text`], null as none.
pub(crate) fn opt_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(Option::<TextOrNumber>::deserialize(deserializer)?.map(|text| text.0))
}

/// A whole number, or a text that is one; null as zero.
pub(crate) fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match Option::<TextOrNumber>::deserialize(deserializer)? {
        None => Ok(0),
        Some(TextOrNumber(text)) => text.trim().parse().map_err(de::Error::custom),
    }
}

/// Money, or none for null and for an object without a value.
pub(crate) fn amount<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Amount>, D::Error> {
    let wire = serde_json::Value::deserialize(deserializer)?;
    let has_value = wire.get("value").is_some_and(|value| !value.is_null());
    if has_value {
        serde_json::from_value(wire)
            .map(Some)
            .map_err(de::Error::custom)
    } else {
        Ok(None)
    }
}

/// A list; null as empty.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// An object; anything else, such as PHP's `[]` for an empty one, as none.
pub(crate) fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: de::DeserializeOwned,
{
    let value = serde_json::Value::deserialize(deserializer)?;
    if value.is_object() {
        serde_json::from_value(value)
            .map(Some)
            .map_err(de::Error::custom)
    } else {
        Ok(None)
    }
}

/// As [`object`], none as the default.
pub(crate) fn object_or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: de::DeserializeOwned + Default,
{
    Ok(object(deserializer)?.unwrap_or_default())
}
