//! The protocol's methods: what each demands of its params, and what it answers.

mod fields;
mod layers;
mod model;
mod program;
mod shapes;
mod stream;
mod training;

use self::fields::{field, text, whole};
use crate::activation::ACTIVATIONS;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::float::Float;
use crate::json::Json;
use crate::profile::PROFILES;

const PROTOCOL_VERSION: i64 = 1;

/// Answers a request's params; may announce steps to the client on the way.
pub type Method = fn(&Json, &mut Client<'_>) -> Result<Json>;

/// All methods by name.
fn methods<T: Float>() -> [(&'static str, Method); 17] {
    [
        ("initialize", initialize::<T>),
        ("tokenize", program::tokenize),
        ("evaluate", layers::evaluate::<T>),
        ("linear", layers::linear::<T>),
        ("softmax", layers::softmax::<T>),
        ("rmsnorm", layers::rmsnorm::<T>),
        ("attention", layers::attention::<T>),
        ("mlp", layers::mlp::<T>),
        ("cross_entropy", layers::cross_entropy::<T>),
        ("forward", model::forward::<T>),
        ("backward", model::backward::<T>),
        ("adam", training::adam::<T>),
        ("train", training::train::<T>),
        ("random", stream::random),
        ("sample", program::sample::<T>),
        ("replicate", program::replicate::<T>),
        ("shutdown", |_, _| Ok(Json::Object(Vec::new()))),
    ]
}

/// The method of this name.
pub fn find<T: Float>(name: &str) -> Result<Method> {
    let mut methods = methods::<T>().into_iter();
    let found = methods.find(|&(known, _)| known == name);
    found.map(|(_, method)| method).ok_or_else(|| Error::MethodNotFound(name.to_owned()))
}

fn initialize<T: Float>(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    field(params, "protocol_version", whole)?;
    field(params, "suite", text)?;
    let names = methods::<T>().map(|(name, _)| name);
    Ok(Json::object([
        ("protocol_version", PROTOCOL_VERSION.into()),
        ("name", "microgpt in Rust".into()),
        ("language", "Rust".into()),
        ("precision", T::PRECISION.into()),
        ("methods", Json::array(names)),
        ("profiles", Json::array(PROFILES.map(|(name, _)| name))),
        ("other_sizes", true.into()),
        ("activations", Json::array(ACTIVATIONS.map(|(name, _)| name))),
        ("intermediates", true.into()),
        ("full_record", true.into()),
    ]))
}
