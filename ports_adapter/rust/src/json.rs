//! JSON (RFC 8259): a value, a parser and a writer.
//!
//! This file depends on nothing but the standard library; it can be copied as it is.

use std::fmt::{self, Display, Formatter, Write as _};

/// How deep arrays and objects may nest. Every level is a call of the parser, whose stack ends.
const MAX_DEPTH: usize = 128;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction and exponent. (`-0` is a [`Json::Number`], for its sign.)
    Integer(i64),
    /// Any other number. Not-a-number and the infinities, which JSON lacks, are written as
    /// strings.
    Number(f64),
    /// A number in single precision, written with no more digits than that needs. The parser
    /// never gives it.
    Single(f32),
    /// A string.
    String(String),
    /// A list.
    Array(Vec<Json>),
    /// Names and values, in the order they were written.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// An object of these fields.
    pub fn object<N: Into<String>>(fields: impl IntoIterator<Item = (N, Json)>) -> Self {
        let named = |(name, value): (N, Json)| (name.into(), value);
        Self::Object(fields.into_iter().map(named).collect())
    }

    /// A list of these items.
    pub fn array<I: Into<Json>>(items: impl IntoIterator<Item = I>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }

    /// A field of an object; the last one, should its name occur twice.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Self::Object(fields) => fields.iter().rfind(|(key, _)| key == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// A number of any kind, in double precision.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Number(value) => Some(*value),
            Self::Single(value) => Some(f64::from(*value)),
            _ => None,
        }
    }

    /// A whole number that is not negative.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Integer(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// A string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(value) => Some(value),
            _ => None,
        }
    }

    /// A list.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// Reads one JSON text.
    pub fn parse(text: &str) -> Result<Json, ParseError> {
        let mut parser = Parser { text, position: 0 };
        let value = parser.value(0)?;
        match parser.peek() {
            None => Ok(value),
            Some(_) => Err(parser.error("nothing more was expected")),
        }
    }
}

macro_rules! from {
    ($($source:ty => $variant:ident),*) => {$(
        impl From<$source> for Json {
            fn from(value: $source) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}
from!(bool => Bool, u32 => Integer, i64 => Integer, f64 => Number, f32 => Single);
from!(&str => String, String => String);

impl From<usize> for Json {
    fn from(count: usize) -> Self {
        i64::try_from(count).map_or(Self::Number(count as f64), Self::Integer)
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(items: Vec<T>) -> Self {
        Self::array(items)
    }
}

/// Writes the value in one line, without a space. `{:?}` of a float is its shortest decimal that
/// reads back as the same number in its own precision.
impl Display for Json {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) if value.is_finite() => write!(f, "{value:?}"),
            Self::Single(value) if value.is_finite() => write!(f, "{value:?}"),
            Self::Number(value) => write_not_finite(f, *value),
            Self::Single(value) => write_not_finite(f, f64::from(*value)),
            Self::String(value) => write_string(f, value),
            Self::Array(items) => write_array(f, items),
            Self::Object(fields) => write_object(f, fields),
        }
    }
}

fn write_not_finite(f: &mut Formatter<'_>, value: f64) -> fmt::Result {
    f.write_str(match value {
        f64::INFINITY => "\"Infinity\"",
        f64::NEG_INFINITY => "\"-Infinity\"",
        _ => "\"NaN\"",
    })
}

fn write_array(f: &mut Formatter<'_>, items: &[Json]) -> fmt::Result {
    f.write_char('[')?;
    for (i, item) in items.iter().enumerate() {
        f.write_str(if i > 0 { "," } else { "" })?;
        item.fmt(f)?;
    }
    f.write_char(']')
}

fn write_object(f: &mut Formatter<'_>, fields: &[(String, Json)]) -> fmt::Result {
    f.write_char('{')?;
    for (i, (name, value)) in fields.iter().enumerate() {
        f.write_str(if i > 0 { "," } else { "" })?;
        write_string(f, name)?;
        f.write_char(':')?;
        value.fmt(f)?;
    }
    f.write_char('}')
}

fn write_string(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\""),
            '\\' => f.write_str("\\\\"),
            '\n' => f.write_str("\\n"),
            '\r' => f.write_str("\\r"),
            '\t' => f.write_str("\\t"),
            '\0'..='\x1f' => write!(f, "\\u{:04x}", u32::from(c)),
            _ => f.write_char(c),
        }?;
    }
    f.write_char('"')
}

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The byte at which the parser gave up.
    pub position: usize,
    /// What it found there.
    pub problem: &'static str,
}

impl Display for ParseError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.problem, self.position)
    }
}

impl std::error::Error for ParseError {}

/// A text and how far it has been read. Positions always lie beside an ASCII character, so that
/// slicing between two of them cannot cut another one in half.
struct Parser<'a> {
    text: &'a str,
    position: usize,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Result<Json, ParseError> {
        if depth > MAX_DEPTH {
            return Err(self.error("the value nests too deeply"));
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => Err(self.error("a value was expected")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, ParseError> {
        self.position += 1;
        let mut fields = Vec::new();
        if self.eat(b'}') {
            return Ok(Json::Object(fields));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.error("a field's name was expected"));
            }
            let name = self.string()?;
            if !self.eat(b':') {
                return Err(self.error("a colon was expected"));
            }
            fields.push((name, self.value(depth + 1)?));
            if self.ends(b'}')? {
                return Ok(Json::Object(fields));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, ParseError> {
        self.position += 1;
        let mut items = Vec::new();
        if self.eat(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.ends(b']')? {
                return Ok(Json::Array(items));
            }
        }
    }

    /// Reads past a comma or the end of an array or object; tells whether it was the end.
    fn ends(&mut self, bracket: u8) -> Result<bool, ParseError> {
        if self.eat(b',') {
            return Ok(false);
        }
        if self.eat(bracket) {
            return Ok(true);
        }
        Err(self.error("a comma or the closing bracket was expected"))
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, ParseError> {
        if !self.text[self.position..].starts_with(word) {
            return Err(self.error("a value was expected"));
        }
        self.position += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Json, ParseError> {
        let start = self.position;
        self.position += usize::from(self.byte() == Some(b'-'));
        let leading_zero = self.byte() == Some(b'0');
        if self.digits()? > 1 && leading_zero {
            return Err(self.error("a number has a leading zero"));
        }
        let mut whole = true;
        if self.byte() == Some(b'.') {
            whole = false;
            self.position += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            whole = false;
            self.position += 1;
            self.position += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits()?;
        }
        let literal = &self.text[start..self.position];
        if let (true, Ok(integer)) = (whole && literal != "-0", literal.parse()) {
            return Ok(Json::Integer(integer));
        }
        match literal.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Json::Number(number)),
            _ => Err(self.error("a number is out of range")),
        }
    }

    /// Reads past digits, at least one; tells how many.
    fn digits(&mut self) -> Result<usize, ParseError> {
        let rest = &self.text.as_bytes()[self.position..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.position += count;
        if count == 0 {
            return Err(self.error("a digit was expected"));
        }
        Ok(count)
    }

    fn string(&mut self) -> Result<String, ParseError> {
        self.position += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text.as_bytes()[self.position..];
            let plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..=0x1f);
            let end = self.position + rest.iter().take_while(plain).count();
            text.push_str(&self.text[self.position..end]);
            self.position = end;
            match self.byte() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(self.error("a string holds a control character")),
                None => return Err(self.error("a string does not end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        self.position += 1;
        let escaped = match self.byte() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.error("an unknown escape")),
        };
        self.position += 1;
        Ok(escaped)
    }

    /// Reads what follows the backslash of `\uXXXX`. What does not fit 16 bits is written as two
    /// of them, surrogates, which mean nothing alone.
    fn unicode_escape(&mut self) -> Result<char, ParseError> {
        let mut units = vec![self.unit()?];
        if matches!(units[0], 0xd800..=0xdbff) && self.byte() == Some(b'\\') {
            self.position += 1;
            units.push(self.unit()?);
        }
        match char::decode_utf16(units).collect::<Result<Vec<_>, _>>() {
            Ok(characters) if characters.len() == 1 => Ok(characters[0]),
            _ => Err(self.error("a surrogate stands alone")),
        }
    }

    /// Reads `uXXXX`.
    fn unit(&mut self) -> Result<u16, ParseError> {
        let end = self.position + 5;
        let digits = self.text.get(self.position..end).and_then(|text| text.strip_prefix('u'));
        let hexadecimal = |text: &&str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unit = digits.filter(hexadecimal).and_then(|text| u16::from_str_radix(text, 16).ok());
        let unit = unit.ok_or_else(|| self.error("four hexadecimal digits were expected"))?;
        self.position = end;
        Ok(unit)
    }

    /// Reads past white space and this byte, if it comes next.
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
        self.byte()
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn error(&self, problem: &'static str) -> ParseError {
        ParseError { position: self.position, problem }
    }
}
