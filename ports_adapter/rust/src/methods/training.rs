//! Updates of the weights: `adam` and `train`.

use super::fields::{field, items_of, list, number, optional, text, whole};
use super::model::{document, logits_json};
use super::shapes::{Model, any_tensors, model, profile, tensors, tensors_json};
use crate::adam::{Optimizer, State};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::float::Float;
use crate::json::Json;
use crate::params::Layout;
use crate::program::{self, Course, Step};

/// One update from a given state.
pub fn adam<T: Float>(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    let optimizer = optimizer(params)?;
    let step = field(params, "step", whole)?;
    let (layout, weights) = field(params, "weights", any_tensors)?;
    let mut state = state(params, &layout, weights)?;
    let grads: Vec<T> = field(params, "grads", tensors(&layout))?;
    state.update(&optimizer, step, &grads);
    let mut answer = vec![("learning_rate", optimizer.rate(step).into())];
    answer.extend(state_json(&layout, &state));
    Ok(Json::object(answer))
}

/// Many steps from a given state, each announced.
pub fn train<T: Float>(params: &Json, client: &mut Client<'_>) -> Result<Json> {
    let Model { config, layout, weights } = model::<T>(params)?;
    let mut state = state(params, &layout, weights)?;
    let documents = field(params, "documents", |json| {
        items_of(json, None)?;
        list(json, document(&config.sizes))
    })?;
    let first = field(params, "step", whole)?;
    let count = field(params, "steps", whole)?;
    let in_full = optional(params, "record", in_full)?.unwrap_or(false);
    let course = Course {
        config: &config,
        optimizer: &optimizer(params)?,
        documents: &documents,
        steps: first..first.saturating_add(count),
    };
    program::train(&mut state, &course, |step| {
        let mut event = light(step);
        if in_full {
            event.extend(rest(&layout, step));
        }
        client.announce(event)
    })?;
    Ok(Json::object(state_json(&layout, &state)))
}

/// Adam's hyperparameters, and how the program has its learning rate fall.
pub fn optimizer<T: Float>(params: &Json) -> Result<Optimizer<T>> {
    let schedule = profile(params)?.schedule;
    field(params, "optimizer", |json| {
        Ok(Optimizer {
            learning_rate: field(json, "learning_rate", number)?,
            beta1: field(json, "beta1", number)?,
            beta2: field(json, "beta2", number)?,
            eps: field(json, "eps", number)?,
            num_steps: field(json, "num_steps", whole)?,
            schedule,
        })
    })
}

/// What is told of every step.
pub fn light<T: Float>(step: &Step<'_, T>) -> Vec<(&'static str, Json)> {
    vec![
        ("step", step.number.into()),
        ("loss", step.lesson.loss.into()),
        ("learning_rate", step.learning_rate.into()),
    ]
}

/// What is told besides, if a full record is wanted.
fn rest<T: Float>(layout: &Layout, step: &Step<'_, T>) -> Vec<(&'static str, Json)> {
    let lesson = step.lesson;
    let mut fields = vec![
        ("logits", logits_json(&lesson.nodes.logits)),
        ("losses", lesson.losses.clone().into()),
        ("grads", tensors_json(layout, &lesson.grads)),
    ];
    fields.extend(state_json(layout, step.state));
    fields
}

/// Whether every step is to be told in full.
fn in_full(json: &Json) -> Result<bool> {
    match text(json)? {
        "full" => Ok(true),
        "light" => Ok(false),
        _ => Err(Error::invalid("must be full or light")),
    }
}

fn state<T: Float>(params: &Json, layout: &Layout, weights: Vec<T>) -> Result<State<T>> {
    Ok(State {
        weights,
        m: field(params, "m", tensors(layout))?,
        v: field(params, "v", tensors(layout))?,
    })
}

fn state_json<T: Float>(layout: &Layout, state: &State<T>) -> [(&'static str, Json); 3] {
    [
        ("m", tensors_json(layout, &state.m)),
        ("v", tensors_json(layout, &state.v)),
        ("weights", tensors_json(layout, &state.weights)),
    ]
}
