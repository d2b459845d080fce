//! What a method and the server write to: JSON-RPC messages, one a line.

use std::io::Write;

use crate::error::Result;
use crate::json::Json;

/// Whoever sent a request, and hears of its progress.
pub struct Client<'a> {
    output: &'a mut dyn Write,
    id: &'a Json,
}

impl<'a> Client<'a> {
    /// The client that waits for the answer to the request `id`.
    pub fn new(output: &'a mut dyn Write, id: &'a Json) -> Self {
        Self { output, id }
    }

    /// Sends a notification `step`.
    pub fn announce(&mut self, fields: Vec<(&str, Json)>) -> Result<()> {
        let mut params = vec![("id", self.id.clone())];
        params.extend(fields);
        let message = [("method", "step".into()), ("params", Json::object(params))];
        send(self.output, message)
    }
}

/// Writes a message as a line, and makes sure that it leaves.
pub fn send<const N: usize>(output: &mut dyn Write, fields: [(&str, Json); N]) -> Result<()> {
    let version = [("jsonrpc", "2.0".into())];
    let message = Json::object(version.into_iter().chain(fields));
    writeln!(output, "{message}")?;
    Ok(output.flush()?)
}
