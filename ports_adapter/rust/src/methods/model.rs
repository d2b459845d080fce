//! The whole model: `forward` and `backward`.

use super::fields::{field, flag, items, list, optional, within};
use super::shapes::{Model, model, rows_json, tensors_json};
use crate::backward;
use crate::client::Client;
use crate::config::Sizes;
use crate::error::{Error, Result};
use crate::float::Float;
use crate::json::Json;
use crate::model;
use crate::nodes::{Nodes, Rows};

/// Logits at every position.
pub fn forward<T: Float>(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    let Model { config, weights, .. } = model::<T>(params)?;
    let tokens = field(params, "tokens", document(&config.sizes))?;
    let wanted = optional(params, "intermediates", flag)?;
    let nodes = model::forward(&config, &weights, &tokens);
    let mut answer = vec![("logits", logits_json(&nodes.logits))];
    if wanted == Some(true) {
        answer.push(("intermediates", nodes_json(&nodes, config.sizes.n_head)));
    }
    Ok(Json::object(answer))
}

/// The loss and all gradients.
pub fn backward<T: Float>(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    let Model { config, layout, weights } = model::<T>(params)?;
    let tokens = field(params, "tokens", document(&config.sizes))?;
    let wanted = optional(params, "intermediates", flag)?;
    let lesson = backward::backward(&config, &weights, &tokens);
    let mut answer = vec![
        ("loss", lesson.loss.into()),
        ("losses", lesson.losses.into()),
        ("grads", tensors_json(&layout, &lesson.grads)),
    ];
    if wanted == Some(true) {
        let node_grads = nodes_json(&lesson.node_grads, config.sizes.n_head);
        answer.push(("intermediate_grads", node_grads));
    }
    Ok(Json::object(answer))
}

/// The tokens of one document, at least two, all of them in the vocabulary.
pub fn document(sizes: &Sizes) -> impl Fn(&Json) -> Result<Vec<usize>> {
    let vocab_size = sizes.vocab_size;
    move |json| match items(json)?.len() {
        0 | 1 => Err(Error::invalid("must have at least 2 entries")),
        _ => list(json, within(..vocab_size, "a token")),
    }
}

/// One list of logits for each position.
pub fn logits_json<T: Float>(logits: &Rows<T>) -> Json {
    Json::array(logits.iter().map(<[T]>::to_vec))
}

/// All nodes by name, then by position, then for attention's by head.
fn nodes_json<T: Float>(nodes: &Nodes<T>, n_head: usize) -> Json {
    Json::object(nodes.named().into_iter().map(|(name, rows)| {
        let by_head = name.ends_with("attn_scores") || name.ends_with("attn_weights");
        let json = if by_head {
            Json::array(rows.iter().map(|row| rows_json(row, row.len() / n_head)))
        } else {
            Json::array(rows.iter().map(<[T]>::to_vec))
        };
        (name, json)
    }))
}
