//! What can go wrong with a request.

use std::fmt::{self, Display, Formatter};
use std::io;

/// Everything that can go wrong, by JSON-RPC's kinds.
#[derive(Debug)]
pub enum Error {
    /// The line is not JSON.
    Parse(String),
    /// It is JSON, but no request.
    InvalidRequest(&'static str),
    /// There is no method of this name.
    MethodNotFound(String),
    /// What the request says cannot be used.
    InvalidParams {
        /// Where, as a JSON Pointer below `params`.
        place: String,
        /// The rest of a sentence that begins with the place.
        problem: String,
    },
    /// The other side cannot be written to.
    Output(io::Error),
}

/// What may fail by an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A complaint about the value at hand, whose place is not known yet.
    pub fn invalid(problem: impl Into<String>) -> Self {
        Self::InvalidParams { place: String::new(), problem: problem.into() }
    }

    /// The same complaint, seen from the list or object in which the value stands at `step`.
    #[must_use]
    pub fn under(self, step: impl Display) -> Self {
        match self {
            Self::InvalidParams { place, problem } => {
                Self::InvalidParams { place: format!("/{step}{place}"), problem }
            }
            other => other,
        }
    }

    /// The code that JSON-RPC has for it.
    #[must_use]
    pub fn code(&self) -> i64 {
        match self {
            Self::Parse(_) => -32700,
            Self::InvalidRequest(_) => -32600,
            Self::MethodNotFound(_) => -32601,
            Self::InvalidParams { .. } => -32602,
            Self::Output(_) => -32603,
        }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(problem) => write!(f, "not JSON: {problem}"),
            Self::InvalidRequest(problem) => write!(f, "not a request: {problem}"),
            Self::MethodNotFound(method) => write!(f, "there is no method {method}"),
            Self::InvalidParams { place, problem } => write!(f, "params{place} {problem}"),
            Self::Output(error) => write!(f, "cannot answer: {error}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
