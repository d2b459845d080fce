//! How the learning rate falls in the course of training: always in double precision, whatever the
//! model computes in, as it depends on nothing but the count of steps.

use std::f64::consts::PI;

/// A way from the whole learning rate at step 0 to nothing at step `num_steps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Evenly.
    Linear,
    /// Along half a wave of the cosine (Loshchilov and Hutter, 2017).
    Cosine,
}

impl Schedule {
    /// The share of the learning rate that a step has, counted from 0.
    #[must_use]
    pub fn share(self, step: usize, num_steps: usize) -> f64 {
        let (step, num_steps) = (step as f64, num_steps as f64);
        match self {
            Self::Linear => 1.0 - step / num_steps,
            Self::Cosine => 0.5 * (1.0 + (PI * step / num_steps).cos()),
        }
    }
}
