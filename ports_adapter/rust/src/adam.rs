//! Adam (Kingma and Ba, 2015), with a learning rate that falls to 0.

use crate::float::Float;
use crate::schedule::Schedule;

/// Adam's hyperparameters.
#[derive(Clone, Copy, Debug)]
pub struct Optimizer<T> {
    /// Of step 0.
    pub learning_rate: T,
    /// How much of the first moment outlives a step.
    pub beta1: T,
    /// How much of the second moment outlives a step.
    pub beta2: T,
    /// What keeps the update from dividing by 0.
    pub eps: T,
    /// The step at which the learning rate would be 0.
    pub num_steps: usize,
    /// How it gets there.
    pub schedule: Schedule,
}

impl<T: Float> Optimizer<T> {
    /// The learning rate of a step, counted from 0.
    pub fn rate(&self, step: usize) -> T {
        self.learning_rate * T::of(self.schedule.share(step, self.num_steps))
    }
}

/// What training carries from step to step, each laid out like the weights.
#[derive(Clone, Debug)]
pub struct State<T> {
    /// The weights.
    pub weights: Vec<T>,
    /// The first moment: a running mean of the gradients.
    pub m: Vec<T>,
    /// The second moment: a running mean of their squares.
    pub v: Vec<T>,
}

impl<T: Float> State<T> {
    /// The state before the first step.
    #[must_use]
    pub fn new(weights: Vec<T>) -> Self {
        let zeros = vec![T::ZERO; weights.len()];
        Self { weights, m: zeros.clone(), v: zeros }
    }

    /// One update by these gradients; `step` counts from 0.
    ///
    /// The moments start at 0 and so lean towards it: after `t` updates they hold only `1 - beta^t`
    /// of the weight, by which they are divided. `eps` stands outside the root.
    pub fn update(&mut self, optimizer: &Optimizer<T>, step: usize, grads: &[T]) {
        let Optimizer { beta1, beta2, eps, .. } = *optimizer;
        let rate = optimizer.rate(step);
        let updates = T::count(step + 1);
        let m_bias = T::ONE - beta1.powf(updates);
        let v_bias = T::ONE - beta2.powf(updates);
        let moments = self.m.iter_mut().zip(&mut self.v);
        for ((w, (m, v)), &g) in self.weights.iter_mut().zip(moments).zip(grads) {
            *m = beta1 * *m + (T::ONE - beta1) * g;
            *v = beta2 * *v + (T::ONE - beta2) * (g * g);
            *w = *w - rate * (*m / m_bias) / ((*v / v_bias).sqrt() + eps);
        }
    }
}
