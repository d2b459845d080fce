//! Writes a trace: what a program computes while it trains, one JSON record a line.
//! After `#[macro_use] mod recorder;`, of numbers and of slices or vectors of numbers,
//!   before training:  record!(trace: 1, n_head: 4, num_steps: 1000, weights: weights);
//!   and in each step, if recorder::is_recorded(step),
//!   before gradients are cleared:
//!                     record!(step: step, tokens: tokens, loss: loss, grads: grads);
//!   after the update: record!(step: step, m: m, v: v, weights: weights);

use std::fs::File;
use std::io::Write;
use std::sync::OnceLock;

/// The steps that are worth recording: some at the start, and some later on.
pub fn is_recorded(step: usize) -> bool {
    matches!(step, 0..=2 | 9 | 10 | 99 | 100)
}

/// Writes one record; as `{:?}` writes numbers, they read back as the same numbers.
macro_rules! record {
    ($($name:ident: $value:expr),+ $(,)?) => {
        $crate::recorder::write_line(&[
            $(format!("\"{}\": {:?}", stringify!($name), $value)),+
        ])
    };
}

pub fn write_line(fields: &[String]) {
    static TRACE: OnceLock<File> = OnceLock::new();
    let mut file = TRACE.get_or_init(|| {
        let path = std::env::var("MICROGPT_TRACE").unwrap_or("trace.jsonl".into());
        File::create(path).expect("the trace can be written")
    });
    let line = format!("{{{}}}\n", fields.join(", "));
    file.write_all(line.as_bytes()).expect("the trace can be written");
}
