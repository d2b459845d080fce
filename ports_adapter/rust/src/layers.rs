//! The layers, each with its vector-Jacobian product (VJP) derived by hand.
//!
//! A layer takes one position's vector. For a layer `y = f(x)`, `f_vjp` takes `dL/dy` and *adds*
//! `dL/dx`, and likewise the gradients by weights, to what has been gathered: whatever is used
//! more than once has the sum of all its uses' gradients.

use crate::float::{Float, add_scaled, dot, sum};

/// What keeps `rmsnorm` from dividing by 0.
const RMSNORM_EPS: f64 = 1e-5;

/// A matrix times a vector: `y[o] = sum_i w[o][i] x[i]`.
///
/// `x` is `[nin]`, not empty; `w` is `[nout][nin]`; the result is `[nout]`.
pub fn linear<T: Float>(x: &[T], w: &[T]) -> Vec<T> {
    w.chunks_exact(x.len()).map(|row| dot(row, x)).collect()
}

/// Gradients by `x` and `w`.
///
/// `dL/dx[i] = sum_o dL/dy[o] w[o][i]`, and `dL/dw[o][i] = dL/dy[o] x[i]`.
pub fn linear_vjp<T: Float>(x: &[T], w: &[T], y_grad: &[T], x_grad: &mut [T], w_grad: &mut [T]) {
    let rows = w.chunks_exact(x.len());
    let row_grads = w_grad.chunks_exact_mut(x.len());
    for ((&gradient, row), row_grad) in y_grad.iter().zip(rows).zip(row_grads) {
        add_scaled(x_grad, gradient, row);
        add_scaled(row_grad, gradient, x);
    }
}

/// Logits to probabilities: `y[i] = exp(x[i]) / sum_j exp(x[j])`.
///
/// Subtracting the maximum cancels in the quotient and keeps `exp` from overflowing.
pub fn softmax<T: Float>(x: &[T]) -> Vec<T> {
    let maximum = maximum(x);
    let exps: Vec<T> = x.iter().map(|&x| (x - maximum).exp()).collect();
    let reciprocal = sum(exps.iter().copied()).recip();
    exps.into_iter().map(|exp| exp * reciprocal).collect()
}

fn maximum<T: Float>(x: &[T]) -> T {
    let larger = |a, b| if a > b { a } else { b };
    x.iter().copied().reduce(larger).unwrap_or(T::ZERO)
}

/// Gradient by the input, from the softmax's own output `y`.
///
/// `dy[i]/dx[j] = y[i] ((i == j) - y[j])`, hence
/// `dL/dx[j] = y[j] (dL/dy[j] - sum_i y[i] dL/dy[i])`.
pub fn softmax_vjp<T: Float>(y: &[T], y_grad: &[T], x_grad: &mut [T]) {
    let mean = dot(y, y_grad);
    for ((&y, &gradient), x_grad) in y.iter().zip(y_grad).zip(x_grad) {
        *x_grad += y * (gradient - mean);
    }
}

/// `y = x s` with the scale `s = (mean(x x) + 1e-5)^-0.5`. `x` is not empty.
pub fn rmsnorm<T: Float>(x: &[T]) -> Vec<T> {
    let scale = rms_scale(x);
    x.iter().map(|&x| x * scale).collect()
}

/// Gradient by `x`, on all of which the scale `s` depends.
///
/// With `n` elements `ds/dx[j] = -s^3 x[j] / n`, hence
/// `dL/dx[j] = s dL/dy[j] - (s^3 / n) x[j] sum_i x[i] dL/dy[i]`.
pub fn rmsnorm_vjp<T: Float>(x: &[T], y_grad: &[T], x_grad: &mut [T]) {
    let scale = rms_scale(x);
    let common = scale * scale * scale / T::count(x.len()) * dot(x, y_grad);
    for ((&x, &gradient), x_grad) in x.iter().zip(y_grad).zip(x_grad) {
        *x_grad += scale * gradient - common * x;
    }
}

fn rms_scale<T: Float>(x: &[T]) -> T {
    let mean_square = dot(x, x) * T::count(x.len()).recip();
    (mean_square + T::of(RMSNORM_EPS)).powf(T::of(-0.5))
}

/// How surprising the target is, in nats: `-log(softmax(logits)[target])`.
///
/// Written out, that is `log(sum_j exp(x[j] - max)) - (x[target] - max)`, which stays finite where
/// the probability itself would underflow to 0; in single precision that is soon.
pub fn cross_entropy<T: Float>(logits: &[T], target: usize) -> T {
    let maximum = maximum(logits);
    let total = sum(logits.iter().map(|&x| (x - maximum).exp()));
    total.ln() - (logits[target] - maximum)
}

/// Gradient by the logits: `dL/dx[j] = dL/dy (softmax(x)[j] - (j == target))`.
pub fn cross_entropy_vjp<T: Float>(logits: &[T], target: usize, y_grad: T, x_grad: &mut [T]) {
    add_scaled(x_grad, y_grad, &softmax(logits));
    x_grad[target] += -y_grad;
}
