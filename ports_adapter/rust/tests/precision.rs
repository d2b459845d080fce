//! Single precision beside double, and empty sums.

mod common;

use common::{CONFIG, DOCUMENT, FIRST, numbers};
use microgpt::adam::{Optimizer, State};
use microgpt::backward::{Backward, backward};
use microgpt::config::Config;
use microgpt::float::{Float, sum};
use microgpt::params::Layout;
use microgpt::random::Random;
use microgpt::schedule::Schedule;

fn lesson<T: Float>(config: &Config) -> Backward<T> {
    let weights = numbers(&mut Random::new(1), Layout::of(config).size());
    let weights: Vec<T> = weights.into_iter().map(|weight| T::of(0.5 * weight)).collect();
    backward(config, &weights, &DOCUMENT)
}

#[test]
fn a_lesson_in_single_precision_is_near_that_in_double() {
    for config in [CONFIG, FIRST] {
        let (double, single) = (lesson::<f64>(&config), lesson::<f32>(&config));
        let error = (double.loss - f64::from(single.loss)).abs();
        assert!(error < 1e-5 * double.loss, "{} for {}", single.loss, double.loss);
        for (double, single) in double.grads.iter().zip(&single.grads) {
            assert!((double - f64::from(*single)).abs() < 1e-5, "{single} for {double}");
        }
    }
}

fn updated<T: Float>(grads: &[f64]) -> Vec<f64> {
    let optimizer = Optimizer {
        learning_rate: T::of(0.01),
        beta1: T::of(0.85),
        beta2: T::of(0.99),
        eps: T::of(1e-8),
        num_steps: 4,
        schedule: Schedule::Linear,
    };
    let mut state = State::new(vec![T::ONE; grads.len()]);
    let grads: Vec<T> = grads.iter().copied().map(T::of).collect();
    for step in 0..2 {
        state.update(&optimizer, step, &grads);
    }
    state.weights.into_iter().map(Into::into).collect()
}

/// With a constant gradient both moments, corrected, are exact: a weight moves by the learning
/// rate, up or down.
#[test]
fn adam_moves_by_the_learning_rate() {
    let right = [1.0 - 0.0175, 1.0 + 0.0175, 1.0];
    for (precision, tolerance) in
        [(updated::<f64> as fn(&[f64]) -> _, 1e-8), (updated::<f32>, 1e-6)]
    {
        for (weight, right) in precision(&[3.0, -0.25, 0.0]).into_iter().zip(right) {
            assert!((weight - right).abs() < tolerance, "{weight} for {right}");
        }
    }
}

#[test]
fn the_sum_of_nothing_is_positive_zero() {
    assert!(sum::<f64>([]).is_sign_positive());
    assert!(sum([-0.0_f64]).is_sign_positive());
}
