//! What the port offers: a method is a function from params to a result, and a line in `METHODS`.

use crate::json::Json;
use crate::server::{Method, RpcError};
use crate::tokenizer::{documents, Tokenizer};

pub const METHODS: &[(&str, Method)] = &[
    ("initialize", initialize),
    ("tokenize", tokenize),
    // The next method goes here.
    ("shutdown", shutdown),
];

/// Who the port is, and what it offers.
fn initialize(_: &Json) -> Result<Json, RpcError> {
    Ok(Json::object([
        ("protocol_version", Json::Integer(1)),
        ("name", Json::from("my port")),
        ("language", Json::from("Rust")),
        ("precision", Json::from("float64")),
        ("methods", Json::array(METHODS.iter().map(|(name, _)| *name))),
        ("profiles", Json::array(["microgpt"])),
    ]))
}

/// A corpus into tokens.
fn tokenize(params: &Json) -> Result<Json, RpcError> {
    let Some(Json::String(text)) = params.get("text") else {
        return Err(RpcError::invalid_params("text must be a string"));
    };
    let documents = documents(text);
    let tokenizer = Tokenizer::new(&documents);
    Ok(Json::object([
        ("characters", Json::array(tokenizer.characters.iter().map(char::to_string))),
        ("vocab_size", Json::from(tokenizer.vocab_size())),
        ("tokens", Json::array(documents.iter().map(|document| tokenizer.encode(document)))),
    ]))
}

/// Goodbye: the server ends after this answer.
fn shutdown(_: &Json) -> Result<Json, RpcError> {
    Ok(Json::Object(Vec::new()))
}
