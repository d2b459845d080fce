//! Scalar expressions and their gradients, by a Wengert list: the operations in the order they are
//! done. One sweep forward gives the values, one sweep backward the gradients, however deep the
//! expression.

use crate::float::Float;

/// An operation on the values of earlier nodes, which are given by their indices.
#[derive(Clone, Copy, Debug)]
pub enum Node<T> {
    /// A given number.
    Leaf(T),
    /// `a + b`.
    Add(usize, usize),
    /// `a - b`.
    Sub(usize, usize),
    /// `a * b`.
    Mul(usize, usize),
    /// `a / b`.
    Div(usize, usize),
    /// `-a`.
    Neg(usize),
    /// `a` to the power of a constant.
    Pow(usize, T),
    /// e to the power of `a`.
    Exp(usize),
    /// The natural logarithm of `a`.
    Log(usize),
    /// `max(a, 0)`.
    Relu(usize),
}

/// The last node's value and its derivatives by the leaves, in their order.
///
/// Every node refers to earlier ones only, and there is at least one.
pub fn evaluate<T: Float>(nodes: &[Node<T>]) -> (T, Vec<T>) {
    let mut values = Vec::with_capacity(nodes.len());
    for node in nodes {
        values.push(node.value(&values));
    }

    // What the output does not depend on has no entry: a slope there may be infinite, and 0 times
    // infinity is not 0.
    let mut grads: Vec<Option<T>> = vec![None; nodes.len()];
    if let Some(output) = grads.last_mut() {
        *output = Some(T::ONE);
    }
    for (i, node) in nodes.iter().enumerate().rev() {
        if let Some(gradient) = grads[i] {
            for (arg, slope) in node.slopes(&values).into_iter().flatten() {
                grads[arg] = Some(grads[arg].unwrap_or(T::ZERO) + slope * gradient);
            }
        }
    }

    let of_leaf = |(node, gradient): (&Node<T>, Option<T>)| match node {
        Node::Leaf(_) => Some(gradient.unwrap_or(T::ZERO)),
        _ => None,
    };
    let output = values.last().copied().unwrap_or(T::ZERO);
    (output, nodes.iter().zip(grads).filter_map(of_leaf).collect())
}

impl<T: Float> Node<T> {
    fn value(self, values: &[T]) -> T {
        match self {
            Self::Leaf(value) => value,
            Self::Add(a, b) => values[a] + values[b],
            Self::Sub(a, b) => values[a] - values[b],
            Self::Mul(a, b) => values[a] * values[b],
            Self::Div(a, b) => values[a] / values[b],
            Self::Neg(a) => -values[a],
            Self::Pow(a, exponent) => values[a].powf(exponent),
            Self::Exp(a) => values[a].exp(),
            Self::Log(a) => values[a].ln(),
            Self::Relu(a) if values[a] > T::ZERO => values[a],
            Self::Relu(_) => T::ZERO,
        }
    }

    /// The arguments, and the derivatives of the node's value by each.
    fn slopes(self, values: &[T]) -> [Option<(usize, T)>; 2] {
        let one = |a, slope| [Some((a, slope)), None];
        let two = |a, by_a, b, by_b| [Some((a, by_a)), Some((b, by_b))];
        match self {
            Self::Leaf(_) => [None, None],
            Self::Add(a, b) => two(a, T::ONE, b, T::ONE),
            Self::Sub(a, b) => two(a, T::ONE, b, -T::ONE),
            Self::Mul(a, b) => two(a, values[b], b, values[a]),
            Self::Div(a, b) => {
                let reciprocal = values[b].recip();
                two(a, reciprocal, b, -values[a] * reciprocal * reciprocal)
            }
            Self::Neg(a) => one(a, -T::ONE),
            Self::Pow(a, exponent) => one(a, exponent * values[a].powf(exponent - T::ONE)),
            Self::Exp(a) => one(a, values[a].exp()),
            Self::Log(a) => one(a, values[a].recip()),
            Self::Relu(a) if values[a] > T::ZERO => one(a, T::ONE),
            Self::Relu(a) => one(a, T::ZERO),
        }
    }
}
