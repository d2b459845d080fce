//! JSON-RPC 2.0, one message a line.

use std::io::{BufRead, Write};

use crate::client::{Client, send};
use crate::error::{Error, Result};
use crate::float::Float;
use crate::json::Json;
use crate::methods;

/// Answers requests until `shutdown` or the end of input, computing in the precision of `T`.
///
/// Fails only if the input cannot be read or the output not be written to.
pub fn serve<T: Float>(mut input: impl BufRead, mut output: impl Write) -> Result<()> {
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let method = handle::<T>(&line, &mut output)?;
        if method.as_deref() == Some("shutdown") {
            break;
        }
        line.clear();
    }
    Ok(())
}

/// Answers one line; gives the method that was asked for and has been performed.
fn handle<T: Float>(line: &[u8], output: &mut dyn Write) -> Result<Option<String>> {
    let mut id = Json::Null;
    let error = match answer::<T>(line, output, &mut id) {
        Ok(method) => return Ok(Some(method)),
        Err(Error::Output(error)) => return Err(Error::Output(error)),
        Err(error) => error,
    };
    let report =
        Json::object([("code", error.code().into()), ("message", error.to_string().into())]);
    send(output, [("id", id), ("error", report)])?;
    Ok(None)
}

/// Performs the request on a line. `id` is set as soon as it is known, for errors to carry it.
fn answer<T: Float>(line: &[u8], output: &mut dyn Write, id: &mut Json) -> Result<String> {
    let text = std::str::from_utf8(line).map_err(|error| Error::Parse(error.to_string()))?;
    let request = Json::parse(text).map_err(|error| Error::Parse(error.to_string()))?;
    let Some(method) = request.get("method").and_then(Json::as_str) else {
        return Err(Error::InvalidRequest("an object with a method was expected"));
    };
    // Without an id it is a notification, which JSON-RPC forbids to answer.
    let Some(given) = request.get("id") else {
        return Ok(method.to_owned());
    };
    *id = given.clone();
    let perform = methods::find::<T>(method)?;
    let nothing = Json::Object(Vec::new());
    let params = request.get("params").unwrap_or(&nothing);
    let result = perform(params, &mut Client::new(output, id))?;
    send(output, [("id", id.clone()), ("result", result)])?;
    Ok(method.to_owned())
}
