//! Readers of what came over the wire. A reader takes a value and gives what it stands for, or
//! says what is wrong with it; whoever looks into a list or an object adds where.

use std::ops::RangeBounds;

use crate::error::{Error, Result};
use crate::float::Float;
use crate::json::Json;

/// A field of an object.
pub fn field<'a, R>(
    object: &'a Json,
    name: &str,
    read: impl FnOnce(&'a Json) -> Result<R>,
) -> Result<R> {
    let value = match object {
        Json::Object(_) => object.get(name),
        _ => return Err(Error::invalid("must be an object")),
    };
    let value = value.ok_or_else(|| Error::invalid("is missing").under(name))?;
    read(value).map_err(|error| error.under(name))
}

/// A field that may be missing.
pub fn optional<'a, R>(
    object: &'a Json,
    name: &str,
    read: impl FnOnce(&'a Json) -> Result<R>,
) -> Result<Option<R>> {
    match object.get(name) {
        Some(_) => field(object, name, read).map(Some),
        None => Ok(None),
    }
}

/// A string.
pub fn text(json: &Json) -> Result<&str> {
    json.as_str().ok_or_else(|| Error::invalid("must be a string"))
}

/// One of several things, by its name.
pub fn named<R: Copy>(choices: &[(&str, R)]) -> impl Fn(&Json) -> Result<R> {
    move |json| {
        let name = text(json)?;
        let chosen = choices.iter().find(|(known, _)| *known == name);
        chosen.map(|&(_, choice)| choice).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|&(known, _)| known).collect();
            Error::invalid(format!("must be one of {}", names.join(", ")))
        })
    }
}

/// True or false.
pub fn flag(json: &Json) -> Result<bool> {
    match json {
        Json::Bool(flag) => Ok(*flag),
        _ => Err(Error::invalid("must be true or false")),
    }
}

/// A number that the precision can represent.
pub fn number<T: Float>(json: &Json) -> Result<T> {
    let number = json.as_f64().map(T::of).filter(|&number| f64::is_finite(number.into()));
    number.ok_or_else(|| Error::invalid("must be a finite number"))
}

/// A number above 0.
pub fn above_zero<T: Float>(json: &Json) -> Result<T> {
    match number(json)? {
        number if number > T::ZERO => Ok(number),
        _ => Err(Error::invalid("must be above 0")),
    }
}

/// A whole number that is not negative.
pub fn seed(json: &Json) -> Result<u64> {
    json.as_u64().ok_or_else(|| Error::invalid("must be a whole number, not negative"))
}

/// A count, an index or the number of a step: a whole number, up to where a float tells it from
/// its neighbours.
pub fn whole(json: &Json) -> Result<usize> {
    let whole = seed(json)?;
    match usize::try_from(whole) {
        Ok(index) if whole <= 1 << 53 => Ok(index),
        _ => Err(Error::invalid("is too large")),
    }
}

/// A whole number in a range.
pub fn within(range: impl RangeBounds<usize>, described: &str) -> impl Fn(&Json) -> Result<usize> {
    move |json| match whole(json)? {
        whole if range.contains(&whole) => Ok(whole),
        _ => Err(Error::invalid(format!("must be {described}"))),
    }
}

/// A whole number of which `n` is a multiple.
pub fn divisor_of(n: usize) -> impl Fn(&Json) -> Result<usize> {
    move |json| match whole(json)? {
        divisor if divisor > 0 && n % divisor == 0 => Ok(divisor),
        _ => Err(Error::invalid(format!("must divide {n}"))),
    }
}

/// A list of anything.
pub fn items(json: &Json) -> Result<&[Json]> {
    json.as_array().ok_or_else(|| Error::invalid("must be a list"))
}

/// A list with one reader for all items.
pub fn list<R>(json: &Json, read: impl Fn(&Json) -> Result<R>) -> Result<Vec<R>> {
    let numbered = items(json)?.iter().enumerate();
    numbered.map(|(i, item)| read(item).map_err(|error| error.under(i))).collect()
}

/// A list of as many items as wanted, or of any number but 0.
pub fn items_of(json: &Json, wanted: Option<usize>) -> Result<&[Json]> {
    let items = items(json)?;
    match wanted {
        Some(wanted) if wanted != items.len() => {
            let found = items.len();
            Err(Error::invalid(format!("must have {wanted} entries, not {found}")))
        }
        None if items.is_empty() => Err(Error::invalid("must not be empty")),
        _ => Ok(items),
    }
}

/// Numbers, as many as wanted, or any number but 0.
pub fn vector<T: Float>(length: Option<usize>) -> impl Fn(&Json) -> Result<Vec<T>> {
    move |json| {
        items_of(json, length)?;
        list(json, number)
    }
}
