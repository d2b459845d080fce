//! The numbers that the model computes with: double precision or single.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use crate::json::Json;

/// A floating-point number. All arithmetic of a `Float` is done in its own precision.
pub trait Float:
    Copy
    + Debug
    + PartialOrd
    + Add<Output = Self>
    + AddAssign
    + Div<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + Sub<Output = Self>
    + Into<f64>
    + Into<Json>
{
    /// Its name in the protocol.
    const PRECISION: &'static str;
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;

    /// The nearest number to `x`.
    #[must_use]
    fn of(x: f64) -> Self;
    /// The power of e.
    #[must_use]
    fn exp(self) -> Self;
    /// The natural logarithm.
    #[must_use]
    fn ln(self) -> Self;
    /// A power with any exponent.
    #[must_use]
    fn powf(self, exponent: Self) -> Self;
    /// The square root.
    #[must_use]
    fn sqrt(self) -> Self;

    /// A count as a number.
    #[must_use]
    fn count(n: usize) -> Self {
        Self::of(n as f64)
    }

    /// 1 divided by it.
    #[must_use]
    fn recip(self) -> Self {
        Self::ONE / self
    }
}

macro_rules! float {
    ($float:ident, $precision:literal) => {
        impl Float for $float {
            const PRECISION: &'static str = $precision;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[allow(clippy::cast_possible_truncation, clippy::cast_lossless)]
            fn of(x: f64) -> Self {
                x as $float
            }

            fn exp(self) -> Self {
                $float::exp(self)
            }

            fn ln(self) -> Self {
                $float::ln(self)
            }

            fn powf(self, exponent: Self) -> Self {
                $float::powf(self, exponent)
            }

            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }
        }
    };
}
float!(f64, "float64");
float!(f32, "float32");

/// The sum from left to right. It starts at +0, where `Iterator::sum` starts at -0.
pub fn sum<T: Float>(terms: impl IntoIterator<Item = T>) -> T {
    terms.into_iter().fold(T::ZERO, |total, term| total + term)
}

/// The sum of products from left to right.
pub fn dot<T: Float>(a: &[T], b: &[T]) -> T {
    sum(a.iter().zip(b).map(|(&a, &b)| a * b))
}

/// `total += terms`, element by element.
pub fn accumulate<T: Float>(total: &mut [T], terms: &[T]) {
    add_scaled(total, T::ONE, terms);
}

/// `total += factor * terms`, element by element.
pub fn add_scaled<T: Float>(total: &mut [T], factor: T, terms: &[T]) {
    for (total, &term) in total.iter_mut().zip(terms) {
        *total += factor * term;
    }
}
