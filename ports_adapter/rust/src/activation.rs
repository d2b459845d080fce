//! What bends the perceptron, element by element: the value, and the slope derived by hand.

use crate::float::Float;

/// A function that stands between the perceptron's two matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// Its square (So and others, 2021).
    SquaredRelu,
    /// `x (1 + tanh(u)) / 2` with `u = sqrt(2 / pi) (x + 0.044715 x^3)`, the approximation of the
    /// Gaussian error linear unit that GPT-2 has (Hendrycks and Gimpel, 2016).
    Gelu,
}

/// All of them by their names.
pub const ACTIVATIONS: [(&str, Activation); 3] = [
    ("relu", Activation::Relu),
    ("squared_relu", Activation::SquaredRelu),
    ("gelu", Activation::Gelu),
];

impl Activation {
    /// Of every element.
    #[must_use]
    pub fn apply<T: Float>(self, x: &[T]) -> Vec<T> {
        x.iter().map(|&x| self.value(x)).collect()
    }

    /// Adds the gradient by `x`: `dL/dx[i] = slope(x[i]) dL/dy[i]`.
    pub fn vjp<T: Float>(self, x: &[T], y_grad: &[T], x_grad: &mut [T]) {
        for ((&x, &gradient), x_grad) in x.iter().zip(y_grad).zip(x_grad) {
            *x_grad += self.slope(x) * gradient;
        }
    }

    fn value<T: Float>(self, x: T) -> T {
        match self {
            Self::Relu => positive(x),
            Self::SquaredRelu => positive(x) * positive(x),
            Self::Gelu => x * sigmoid(gelu_exponent(x)),
        }
    }

    /// At exactly 0 that of ReLU is taken as 0.
    fn slope<T: Float>(self, x: T) -> T {
        match self {
            Self::Relu if x > T::ZERO => T::ONE,
            Self::Relu => T::ZERO,
            Self::SquaredRelu => T::of(2.0) * positive(x),
            Self::Gelu => gelu_slope(x),
        }
    }
}

fn positive<T: Float>(x: T) -> T {
    if x > T::ZERO { x } else { T::ZERO }
}

/// `2 sqrt(2 / pi)`.
const GELU_STEEPNESS: f64 = 1.595_769_121_605_730_7;
/// The share of `x^3`.
const GELU_CUBIC: f64 = 0.044_715;

/// `z = 2 u`. Of it `(1 + tanh(u)) / 2` is the sigmoid, where nothing cancels for negative `u`.
fn gelu_exponent<T: Float>(x: T) -> T {
    T::of(GELU_STEEPNESS) * (x + T::of(GELU_CUBIC) * x * x * x)
}

/// `sigmoid(z) + x sigmoid(z) sigmoid(-z) dz/dx`.
fn gelu_slope<T: Float>(x: T) -> T {
    let z = gelu_exponent(x);
    let level = sigmoid(z);
    let bend = level * sigmoid(-z);
    if bend > T::ZERO {
        let z_slope = T::of(GELU_STEEPNESS) * (T::ONE + T::of(3.0 * GELU_CUBIC) * x * x);
        level + x * bend * z_slope
    } else {
        // Far from 0 it is straight, and `x^3` may be too large for a number.
        level
    }
}

fn sigmoid<T: Float>(z: T) -> T {
    (T::ONE + (-z).exp()).recip()
}
