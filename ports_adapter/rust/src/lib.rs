//! microgpt, a small GPT that is trained and sampled from, and its earlier revisions, served over
//! JSON-RPC.
//!
//! The model is dense kernels over flat slices with hand-written gradients, in double or single
//! precision. `layers`, `activation` and `attention` hold the kernels, `model` and `backward` put
//! them together, `program` trains and samples; `profile` says which program has which parts;
//! `server` and `methods` speak the protocol.

pub mod activation;
pub mod adam;
pub mod attention;
pub mod backward;
pub mod client;
pub mod config;
pub mod error;
pub mod expression;
pub mod float;
pub mod json;
pub mod layers;
pub mod methods;
pub mod model;
pub mod nodes;
pub mod params;
pub mod profile;
pub mod program;
pub mod random;
pub mod schedule;
pub mod server;
pub mod tokenizer;
