//! Each layer alone: its output, and its vector-Jacobian product with the `output_grad` asked for.

use super::fields::{divisor_of, field, items_of, list, number, text, vector, within};
use super::shapes::{activation, matrix, rows_json};
use crate::activation::Activation;
use crate::attention::{self, Attended, AttentionGrads};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::expression::{self, Node};
use crate::float::Float;
use crate::json::Json;
use crate::layers;

/// A scalar expression.
pub fn evaluate<T: Float>(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    let nodes = field(params, "nodes", |json| {
        let numbered = items_of(json, None)?.iter().enumerate();
        let read = |(i, item)| node(item, i).map_err(|error: Error| error.under(i));
        numbered.map(read).collect::<Result<Vec<_>>>()
    })?;
    let (value, grads) = expression::evaluate::<T>(&nodes);
    Ok(Json::object([("value", value.into()), ("grads", grads.into())]))
}

/// The node of this index, which may refer to those before it.
fn node<T: Float>(json: &Json, index: usize) -> Result<Node<T>> {
    let args = |count| {
        field(json, "args", |args| {
            items_of(args, Some(count))?;
            list(args, within(..index, "an earlier node's index"))
        })
    };
    let one = || args(1).map(|args| args[0]);
    let two = |make: fn(usize, usize) -> Node<T>| args(2).map(|args| make(args[0], args[1]));
    field(json, "op", text).and_then(|op| match op {
        "leaf" => field(json, "value", number).map(Node::Leaf),
        "add" => two(Node::Add),
        "sub" => two(Node::Sub),
        "mul" => two(Node::Mul),
        "div" => two(Node::Div),
        "neg" => one().map(Node::Neg),
        "pow" => Ok(Node::Pow(one()?, field(json, "exponent", number)?)),
        "exp" => one().map(Node::Exp),
        "log" => one().map(Node::Log),
        "relu" => one().map(Node::Relu),
        _ => Err(Error::invalid("must be an operation of the protocol").under("op")),
    })
}

/// A matrix times a vector.
pub fn linear<T: Float>(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    let x: Vec<T> = field(params, "x", vector(None))?;
    let w = field(params, "w", matrix(None, Some(x.len())))?;
    let output = layers::linear(&x, &w.numbers);
    let output_grad = output_grad(params, &output)?;
    let mut x_grad = zeros(&x);
    let mut w_grad = zeros(&w.numbers);
    layers::linear_vjp(&x, &w.numbers, &output_grad, &mut x_grad, &mut w_grad);
    let grads = [("w", rows_json(&w_grad, x.len())), ("x", x_grad.into())];
    Ok(answer(output, grads))
}

/// Logits to probabilities.
pub fn softmax<T: Float>(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    let x: Vec<T> = field(params, "x", vector(None))?;
    let output = layers::softmax(&x);
    let output_grad = output_grad(params, &output)?;
    let mut x_grad = zeros(&x);
    layers::softmax_vjp(&output, &output_grad, &mut x_grad);
    Ok(answer(output, [("x", x_grad.into())]))
}

/// A vector scaled to a root mean square of about 1.
pub fn rmsnorm<T: Float>(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    let x: Vec<T> = field(params, "x", vector(None))?;
    let output = layers::rmsnorm(&x);
    let output_grad = output_grad(params, &output)?;
    let mut x_grad = zeros(&x);
    layers::rmsnorm_vjp(&x, &output_grad, &mut x_grad);
    Ok(answer(output, [("x", x_grad.into())]))
}

/// One query over all cached positions.
pub fn attention<T: Float>(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    let q: Vec<T> = field(params, "q", vector(None))?;
    let k = field(params, "k", matrix(None, Some(q.len())))?;
    let v = field(params, "v", matrix(Some(k.shape[0]), Some(q.len())))?;
    let n_head = field(params, "n_head", divisor_of(q.len()))?;
    let nodes = attention::attention(&q, &k.numbers, &v.numbers, n_head);
    let output_grad = output_grad(params, &nodes.output)?;

    let attended = Attended { q: &q, k: &k.numbers, v: &v.numbers, weights: &nodes.weights };
    let (mut q_grad, mut k_grad, mut v_grad) = (zeros(&q), zeros(&k.numbers), zeros(&v.numbers));
    let mut grads = AttentionGrads {
        q: &mut q_grad,
        k: &mut k_grad,
        v: &mut v_grad,
        scores: &mut zeros(&nodes.scores),
        weights: &mut zeros(&nodes.weights),
    };
    attention::attention_vjp(&attended, n_head, &output_grad, &mut grads);
    let grads = [
        ("k", rows_json(&k_grad, q.len())),
        ("v", rows_json(&v_grad, q.len())),
        ("q", q_grad.into()),
    ];
    Ok(answer(nodes.output, grads))
}

/// The perceptron: wider, bent, and back.
pub fn mlp<T: Float>(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    let x: Vec<T> = field(params, "x", vector(None))?;
    let fc1 = field(params, "fc1", matrix(None, Some(x.len())))?;
    let fc2 = field(params, "fc2", matrix(None, Some(fc1.shape[0])))?;
    let activation = activation(params)?.unwrap_or(Activation::Relu);
    let hidden = layers::linear(&x, &fc1.numbers);
    let bent = activation.apply(&hidden);
    let output = layers::linear(&bent, &fc2.numbers);
    let output_grad = output_grad(params, &output)?;

    let (mut bent_grad, mut fc2_grad) = (zeros(&bent), zeros(&fc2.numbers));
    layers::linear_vjp(&bent, &fc2.numbers, &output_grad, &mut bent_grad, &mut fc2_grad);
    let mut hidden_grad = zeros(&hidden);
    activation.vjp(&hidden, &bent_grad, &mut hidden_grad);
    let (mut x_grad, mut fc1_grad) = (zeros(&x), zeros(&fc1.numbers));
    layers::linear_vjp(&x, &fc1.numbers, &hidden_grad, &mut x_grad, &mut fc1_grad);
    let grads = [
        ("fc1", rows_json(&fc1_grad, x.len())),
        ("fc2", rows_json(&fc2_grad, hidden.len())),
        ("x", x_grad.into()),
    ];
    Ok(answer(output, grads))
}

/// The loss of a position.
pub fn cross_entropy<T: Float>(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    let logits: Vec<T> = field(params, "logits", vector(None))?;
    let target = field(params, "target", within(..logits.len(), "a logit's index"))?;
    let mut grad = zeros(&logits);
    layers::cross_entropy_vjp(&logits, target, T::ONE, &mut grad);
    Ok(Json::object([
        ("loss", layers::cross_entropy(&logits, target).into()),
        ("grads", Json::object([("logits", grad.into())])),
    ]))
}

fn output_grad<T: Float>(params: &Json, output: &[T]) -> Result<Vec<T>> {
    field(params, "output_grad", vector(Some(output.len())))
}

fn zeros<T: Float>(like: &[T]) -> Vec<T> {
    vec![T::ZERO; like.len()]
}

fn answer<T: Float, const N: usize>(output: Vec<T>, grads: [(&str, Json); N]) -> Json {
    Json::object([("output", output.into()), ("grads", Json::object(grads))])
}
