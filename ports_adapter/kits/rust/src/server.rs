//! JSON-RPC 2.0, one message a line: reads a request, calls its method, writes the answer.

use std::io::{self, BufRead, Write};
use std::panic;

use crate::json::Json;

/// From params to a result.
pub type Method = fn(&Json) -> Result<Json, RpcError>;

/// What is wrong with a request, with JSON-RPC's number for it.
pub struct RpcError {
    code: i64,
    message: String,
}

impl RpcError {
    /// The params are not what the method takes.
    pub fn invalid_params(message: &str) -> Self {
        Self::new(-32602, message)
    }

    fn new(code: i64, message: &str) -> Self {
        Self { code, message: message.into() }
    }
}

/// Answers line after line, until `shutdown` or the end of input. No request is fatal.
pub fn serve(
    methods: &[(&str, Method)],
    input: impl BufRead,
    mut output: impl Write,
) -> io::Result<()> {
    for line in input.split(b'\n') {
        let request = parse(&line?);
        if let Some(answer) = answer(methods, &request) {
            writeln!(output, "{answer}")?;
            output.flush()?; // whoever asked is waiting
        }
        if request.is_ok_and(|request| request.method == "shutdown") {
            break;
        }
    }
    Ok(())
}

/// A request; without an id it is a notification.
struct Request {
    id: Option<Json>,
    method: String,
    params: Json,
}

fn parse(line: &[u8]) -> Result<Request, RpcError> {
    let not_json = |problem: String| RpcError::new(-32700, &problem);
    let text = std::str::from_utf8(line).map_err(|error| not_json(error.to_string()))?;
    let json = Json::parse(text).map_err(|error| not_json(error.to_string()))?;
    let Some(Json::String(method)) = json.get("method") else {
        return Err(RpcError::new(-32600, "a request is an object with a method"));
    };
    Ok(Request {
        id: json.get("id").cloned(),
        method: method.clone(),
        params: json.get("params").cloned().unwrap_or(Json::Null),
    })
}

/// The answer to a request, or to what is none; nothing to a notification.
fn answer(methods: &[(&str, Method)], request: &Result<Request, RpcError>) -> Option<Json> {
    match request {
        Ok(request) => request.id.clone().map(|id| match call(methods, request) {
            Ok(result) => message(id, "result", result),
            Err(error) => failure(id, &error),
        }),
        Err(error) => Some(failure(Json::Null, error)),
    }
}

fn call(methods: &[(&str, Method)], request: &Request) -> Result<Json, RpcError> {
    let Some((_, method)) = methods.iter().find(|(name, _)| *name == request.method) else {
        return Err(RpcError::new(-32601, &format!("there is no method {}", request.method)));
    };
    // A panic ends this request, not the port; what it says goes to the log, standard error.
    panic::catch_unwind(|| method(&request.params))
        .unwrap_or_else(|_| Err(RpcError::new(-32603, "the method panicked")))
}

fn failure(id: Json, error: &RpcError) -> Json {
    let code_and_message =
        [("code", Json::from(error.code)), ("message", Json::from(error.message.as_str()))];
    message(id, "error", Json::object(code_and_message))
}

fn message(id: Json, kind: &str, content: Json) -> Json {
    Json::object([("jsonrpc", Json::from("2.0")), ("id", id), (kind, content)])
}
