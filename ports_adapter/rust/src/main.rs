//! Serves the conformance protocol on standard input and output.

use std::io::{self, BufWriter};
use std::process::ExitCode;

use microgpt::server::serve;

const USAGE: &str = "usage: microgpt [--float32]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let input = io::stdin().lock();
    let output = BufWriter::new(io::stdout().lock());
    let served = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => serve::<f64>(input, output),
        ["--float32"] => serve::<f32>(input, output),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("microgpt: {error}");
            ExitCode::FAILURE
        }
    }
}
