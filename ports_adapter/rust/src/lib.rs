//! microgpt, a small GPT that is trained and sampled from, served over JSON-RPC.
//!
//! The model is dense kernels over flat slices with hand-written gradients, in double or single
//! precision. `layers` and `attention` hold the kernels, `model` and `backward` put them together,
//! `program` trains and samples; `server` and `methods` speak the protocol.

pub mod adam;
pub mod attention;
pub mod backward;
pub mod error;
pub mod expression;
pub mod float;
pub mod json;
pub mod layers;
pub mod methods;
pub mod model;
pub mod nodes;
pub mod params;
pub mod program;
pub mod random;
pub mod server;
pub mod tokenizer;
