//! Every hand-written gradient against finite differences.

mod common;

use common::{CONFIG, DOCUMENT, FIRST, SIZES, numbers};
use microgpt::activation::{ACTIVATIONS, Activation};
use microgpt::attention::{Attended, AttentionGrads, attention, attention_vjp};
use microgpt::backward::backward;
use microgpt::config::Config;
use microgpt::expression::{Node, evaluate};
use microgpt::float::Float;
use microgpt::layers::{
    cross_entropy, cross_entropy_vjp, linear, linear_vjp, rmsnorm, rmsnorm_vjp, softmax,
    softmax_vjp,
};
use microgpt::params::{Layout, Params};
use microgpt::profile::Parts;
use microgpt::random::Random;

/// The products' sum: with `output_grad` for `b`, a loss of which that is the gradient.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Asserts that `gradient` is that of `loss` at `x`, by central differences.
fn assert_gradient(what: &str, x: &[f64], gradient: &[f64], loss: impl Fn(&[f64]) -> f64) {
    const STEP: f64 = 1e-5;
    assert_eq!(x.len(), gradient.len(), "{what}");
    for i in 0..x.len() {
        let moved = |by: f64| {
            let mut x = x.to_vec();
            x[i] += by;
            loss(&x)
        };
        let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
        let error = (slope - gradient[i]).abs();
        assert!(error < 1e-7, "{what}[{i}]: {} is off by {error:e}", gradient[i]);
    }
}

#[test]
fn linear_by_input_and_weights() {
    let mut random = Random::new(1);
    let (x, w, g) = (numbers(&mut random, 3), numbers(&mut random, 12), numbers(&mut random, 4));
    let (mut x_grad, mut w_grad) = (vec![0.0; 3], vec![0.0; 12]);
    linear_vjp(&x, &w, &g, &mut x_grad, &mut w_grad);
    assert_gradient("x", &x, &x_grad, |x| dot(&linear(x, &w), &g));
    assert_gradient("w", &w, &w_grad, |w| dot(&linear(&x, w), &g));
}

#[test]
fn functions_of_one_vector() {
    type Layer = fn(&[f64]) -> Vec<f64>;
    type Vjp = fn(&[f64], &[f64], &mut [f64]);
    let layers: [(&str, Layer, Vjp); 2] = [
        ("rmsnorm", rmsnorm, rmsnorm_vjp),
        ("softmax", softmax, |x, g, x_grad| softmax_vjp(&softmax(x), g, x_grad)),
    ];
    let mut random = Random::new(2);
    for (name, layer, vjp) in layers {
        let (x, g) = (numbers(&mut random, 7), numbers(&mut random, 7));
        let mut x_grad = vec![0.0; 7];
        vjp(&x, &g, &mut x_grad);
        assert_gradient(name, &x, &x_grad, |x| dot(&layer(x), &g));
    }
}

#[test]
fn activations() {
    let mut random = Random::new(7);
    for (name, activation) in ACTIVATIONS {
        let (x, g) = (numbers(&mut random, 7), numbers(&mut random, 7));
        let mut x_grad = vec![0.0; 7];
        activation.vjp(&x, &g, &mut x_grad);
        assert_gradient(name, &x, &x_grad, |x| dot(&activation.apply(x), &g));
    }
}

/// The slopes at each of `x`.
fn slopes<T: Float>(activation: Activation, x: &[T]) -> Vec<T> {
    let mut slopes = vec![T::ZERO; x.len()];
    activation.vjp(x, &vec![T::ONE; x.len()], &mut slopes);
    slopes
}

#[test]
fn gelu_is_straight_far_from_0() {
    for magnitude in [50.0, 1e5, 1e13, 1e19, 1e30, f64::from(f32::MAX)] {
        let (x, single) = ([magnitude, -magnitude], [magnitude, -magnitude].map(f32::of));
        assert_eq!(Activation::Gelu.apply(&x), [magnitude, 0.0]);
        assert_eq!(Activation::Gelu.apply(&single), [single[0], 0.0]);
        assert_eq!(slopes(Activation::Gelu, &x), [1.0, 0.0]);
        assert_eq!(slopes(Activation::Gelu, &single), [1.0, 0.0]);
    }
    assert_eq!(slopes(Activation::Gelu, &[f64::MAX, -f64::MAX]), [1.0, 0.0]);
}

#[test]
fn activations_are_level_at_0() {
    assert_eq!(slopes(Activation::Relu, &[0.0, -0.0]), [0.0, 0.0]);
    assert_eq!(slopes(Activation::SquaredRelu, &[0.0, -0.0]), [0.0, 0.0]);
    assert_eq!(slopes(Activation::Gelu, &[0.0]), [0.5]);
}

#[test]
fn cross_entropy_by_logits() {
    let logits = numbers(&mut Random::new(3), 5);
    let mut grad = vec![0.0; 5];
    cross_entropy_vjp(&logits, 2, 0.5, &mut grad);
    assert_gradient("logits", &logits, &grad, |logits| 0.5 * cross_entropy(logits, 2));
}

#[test]
fn attention_by_query_keys_and_values() {
    const HEADS: usize = 2;
    let mut random = Random::new(4);
    let (q, g) = (numbers(&mut random, 6), numbers(&mut random, 6));
    let (k, v) = (numbers(&mut random, 18), numbers(&mut random, 18));
    let nodes = attention(&q, &k, &v, HEADS);
    let (mut q_grad, mut k_grad, mut v_grad) = (vec![0.0; 6], vec![0.0; 18], vec![0.0; 18]);
    attention_vjp(
        &Attended { q: &q, k: &k, v: &v, weights: &nodes.weights },
        HEADS,
        &g,
        &mut AttentionGrads {
            q: &mut q_grad,
            k: &mut k_grad,
            v: &mut v_grad,
            scores: &mut [0.0; 6],
            weights: &mut [0.0; 6],
        },
    );
    assert_gradient("q", &q, &q_grad, |q| dot(&attention(q, &k, &v, HEADS).output, &g));
    assert_gradient("k", &k, &k_grad, |k| dot(&attention(&q, k, &v, HEADS).output, &g));
    assert_gradient("v", &v, &v_grad, |v| dot(&attention(&q, &k, v, HEADS).output, &g));
}

fn assert_gradients_of_model(config: &Config) {
    // Small ones, so that a square's third derivative does not show in the differences.
    let weights = numbers(&mut Random::new(5), Layout::of(config).size());
    let weights: Vec<f64> = weights.into_iter().map(|weight| 0.5 * weight).collect();
    let lesson = backward(config, &weights, &DOCUMENT);
    assert_gradient("weights", &weights, &lesson.grads, |weights| {
        backward(config, weights, &DOCUMENT).loss
    });
}

#[test]
fn the_whole_model_by_every_weight() {
    assert_gradients_of_model(&CONFIG);
}

#[test]
fn a_tied_embedding_has_the_gradients_of_both_its_uses() {
    assert_gradients_of_model(&FIRST);
    let parts = Parts { activation: Activation::Gelu, ..FIRST.parts };
    assert_gradients_of_model(&Config { parts, ..FIRST });
}

#[test]
fn rows_that_are_not_read_have_no_gradient() {
    let weights: Vec<f64> = numbers(&mut Random::new(6), Layout::of(&CONFIG).size());
    let lesson = backward(&CONFIG, &weights, &[4, 1, 4]);
    let grads = Params::split(&CONFIG, &lesson.grads);
    let is_zero = |row: &[f64]| row.iter().all(|&gradient| gradient == 0.0);
    let unread = |matrix: &[f64]| -> Vec<usize> {
        let rows = matrix.chunks_exact(SIZES.n_embd).enumerate();
        rows.filter(|(_, row)| is_zero(row)).map(|(i, _)| i).collect()
    };
    assert_eq!(unread(grads.wte), [0, 2, 3]);
    assert_eq!(unread(grads.wpe), [2, 3]);
    assert!(unread(grads.output()).is_empty());
}

#[test]
fn expressions_by_their_leaves() {
    let expression = |leaves: &[f64]| {
        vec![
            Node::Leaf(leaves[0]),
            Node::Leaf(leaves[1]),
            Node::Mul(0, 1),
            Node::Exp(2),
            Node::Add(3, 0),
            Node::Div(4, 1),
            Node::Pow(5, 1.5),
            Node::Log(6),
            Node::Neg(7),
            Node::Sub(8, 0),
            Node::Mul(9, 9),
            Node::Relu(10),
        ]
    };
    let leaves = [0.7, 1.3];
    let (_, grads) = evaluate(&expression(&leaves));
    assert_gradient("leaves", &leaves, &grads, |leaves| evaluate(&expression(leaves)).0);
}

#[test]
fn a_slope_off_the_path_does_no_harm() {
    let nodes = [Node::Leaf(0.0), Node::Log(0), Node::Leaf(2.0), Node::Mul(2, 2)];
    assert_eq!(evaluate(&nodes), (4.0, vec![0.0, 4.0]));
}
