//! What a model is, and its weights, from JSON and back.

use super::fields::{divisor_of, field, items_of, named, optional, vector, whole, within};
use crate::activation::{ACTIVATIONS, Activation};
use crate::config::{Config, Sizes};
use crate::error::{Error, Result};
use crate::float::Float;
use crate::json::Json;
use crate::params::{Layout, Tensor};
use crate::profile::{PROFILES, Parts};

/// More weights than that are refused, before they are asked of the memory.
const MOST_WEIGHTS: f64 = 1e7;

/// A matrix, row after row.
pub struct Matrix<T> {
    /// How many rows, and how many columns.
    pub shape: [usize; 2],
    /// Its numbers.
    pub numbers: Vec<T>,
}

/// A matrix of this many rows and columns, or any number but 0.
pub fn matrix<T: Float>(
    rows: Option<usize>,
    columns: Option<usize>,
) -> impl Fn(&Json) -> Result<Matrix<T>> {
    move |json| {
        let mut columns = columns;
        let mut numbers = Vec::new();
        let rows = items_of(json, rows)?;
        for (i, row) in rows.iter().enumerate() {
            let row = vector::<T>(columns)(row).map_err(|error| error.under(i))?;
            columns = Some(row.len());
            numbers.extend(row);
        }
        Ok(Matrix { shape: [rows.len(), columns.unwrap_or(0)], numbers })
    }
}

/// Rows of this many numbers as a list of lists.
pub fn rows_json<T: Float>(numbers: &[T], columns: usize) -> Json {
    Json::array(numbers.chunks_exact(columns).map(<[T]>::to_vec))
}

/// Matrices by their names, with the layout that they come in.
pub fn any_tensors<T: Float>(json: &Json) -> Result<(Layout, Vec<T>)> {
    let Json::Object(fields) = json else {
        return Err(Error::invalid("must be an object"));
    };
    let mut tensors = Vec::new();
    let mut numbers = Vec::new();
    for (name, value) in fields {
        let matrix = matrix::<T>(None, None)(value).map_err(|error| error.under(name))?;
        numbers.extend(matrix.numbers);
        tensors.push(Tensor { name: name.clone(), shape: matrix.shape });
    }
    Ok((Layout(tensors), numbers))
}

/// Matrices of this layout.
pub fn tensors<T: Float>(layout: &Layout) -> impl Fn(&Json) -> Result<Vec<T>> {
    move |json| {
        let mut numbers = Vec::with_capacity(layout.size());
        for Tensor { name, shape: [rows, columns] } in &layout.0 {
            let read = matrix::<T>(Some(*rows), Some(*columns));
            numbers.extend(field(json, name, read)?.numbers);
        }
        Ok(numbers)
    }
}

/// The reverse of `tensors`.
pub fn tensors_json<T: Float>(layout: &Layout, mut numbers: &[T]) -> Json {
    Json::object(layout.0.iter().map(|tensor| {
        let (matrix, rest) = numbers.split_at(tensor.size());
        numbers = rest;
        (tensor.name.as_str(), rows_json(matrix, tensor.shape[1]))
    }))
}

/// The parts of the program that is asked about.
pub fn profile(params: &Json) -> Result<Parts> {
    field(params, "profile", named(&PROFILES))
}

/// The activation, if another one than the program's own is asked for.
pub fn activation(params: &Json) -> Result<Option<Activation>> {
    optional(params, "activation", named(&ACTIVATIONS))
}

/// The model's shape, which includes how many tokens there are, and its parts.
pub fn config(params: &Json, vocab_size: usize) -> Result<Config> {
    let parts = profile(params)?;
    let activation = activation(params)?.unwrap_or(parts.activation);
    Ok(Config { sizes: sizes(params, vocab_size)?, parts: Parts { activation, ..parts } })
}

fn sizes(params: &Json, vocab_size: usize) -> Result<Sizes> {
    field(params, "sizes", |json| {
        let positive = within(1.., "above 0");
        let n_embd = field(json, "n_embd", &positive)?;
        let sizes = Sizes {
            vocab_size,
            n_embd,
            n_head: field(json, "n_head", divisor_of(n_embd))?,
            n_layer: field(json, "n_layer", whole)?,
            block_size: field(json, "block_size", &positive)?,
        };
        if weights_of(&sizes) > MOST_WEIGHTS {
            return Err(Error::invalid("make a model too large for this port"));
        }
        Ok(sizes)
    })
}

/// How many weights there are at most: in floating point, where nothing overflows.
fn weights_of(sizes: &Sizes) -> f64 {
    let [vocab_size, n_embd, n_layer, block_size] =
        [sizes.vocab_size, sizes.n_embd, sizes.n_layer, sizes.block_size].map(|size| size as f64);
    (2.0 * vocab_size + block_size + 12.0 * n_layer * n_embd) * n_embd
}

/// A model: what it is, and its weights shaped accordingly.
pub struct Model<T> {
    /// Its shape and parts.
    pub config: Config,
    /// Where each weight is.
    pub layout: Layout,
    /// The weights.
    pub weights: Vec<T>,
}

/// The model that params describe.
pub fn model<T: Float>(params: &Json) -> Result<Model<T>> {
    let wte_rows = |json: &Json| items_of(json, None).map(<[Json]>::len);
    let vocab_size = field(params, "weights", |json| field(json, "wte", wte_rows))?;
    let config = config(params, vocab_size)?;
    let layout = Layout::of(&config);
    let weights = field(params, "weights", tensors(&layout))?;
    Ok(Model { config, layout, weights })
}
