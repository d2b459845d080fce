//! The port: answers requests from standard input on standard output.

#[allow(dead_code)] // the methods to come use the rest of it
mod json;
mod methods;
mod server;
mod tokenizer;

use std::io;

fn main() -> io::Result<()> {
    server::serve(methods::METHODS, io::stdin().lock(), io::stdout().lock())
}
