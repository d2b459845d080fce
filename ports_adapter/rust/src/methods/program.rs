//! What surrounds the model: `tokenize`, `sample`, and all of it at once, `replicate`.

use super::fields::{above_zero, field, list, named, number, optional, seed, text, whole};
use super::shapes::{Model, config, model, profile};
use super::training::{light, optimizer};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::float::Float;
use crate::json::Json;
use crate::params::Layout;
use crate::profile::{MICROGPT, PROFILES};
use crate::program::{self, Program};
use crate::tokenizer::{Tokenizer, documents_of};

/// A corpus into tokens.
pub fn tokenize(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    let documents = documents_of(field(params, "text", text)?);
    let parts = optional(params, "profile", named(&PROFILES))?.unwrap_or(MICROGPT);
    let tokenizer = Tokenizer::of(&documents, parts.special_tokens);
    let characters = tokenizer.characters().iter().map(char::to_string);
    let tokens = documents.iter().map(|document| tokenizer.encode(document));
    Ok(Json::object([
        ("characters", Json::array(characters)),
        ("vocab_size", tokenizer.vocab_size().into()),
        ("tokens", Json::array(tokens)),
    ]))
}

/// One document, from given uniform numbers.
pub fn sample<T: Float>(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    let Model { config, weights, .. } = model::<T>(params)?;
    let temperature = field(params, "temperature", above_zero)?;
    let uniforms: Vec<f64> = field(params, "uniforms", |json| list(json, number))?;
    let mut used = 0;
    let tokens = program::sample(&config, &weights, temperature, || {
        let uniform = uniforms.get(used).copied();
        used += 1;
        uniform.ok_or_else(|| Error::invalid("are too few").under("uniforms"))
    })?;
    Ok(Json::object([("tokens", tokens.into()), ("uniforms_used", used.into())]))
}

/// The whole program, from a seed and a corpus.
pub fn replicate<T: Float>(params: &Json, client: &mut Client<'_>) -> Result<Json> {
    let documents = documents_of(field(params, "text", text)?);
    if documents.is_empty() {
        return Err(Error::invalid("holds no document").under("text"));
    }
    let num_docs = documents.len();
    let tokenizer = Tokenizer::of(&documents, profile(params)?.special_tokens);
    let program = Program::<T> {
        config: config(params, tokenizer.vocab_size())?,
        optimizer: optimizer(params)?,
        seed: field(params, "seed", seed)?,
        init_std: field(params, "init_std", number)?,
        temperature: field(params, "temperature", above_zero)?,
        num_samples: field(params, "num_samples", whole)?,
    };
    let announce = |step: &program::Step<'_, T>| client.announce(light(step));
    let samples = program::replicate(&program, &tokenizer, documents, announce)?;
    Ok(Json::object([
        ("num_docs", num_docs.into()),
        ("vocab_size", tokenizer.vocab_size().into()),
        ("num_params", Layout::of(&program.config).size().into()),
        ("samples", samples.into()),
    ]))
}
