//! The published programs that this is a port of, each as what it changes of another.

use crate::activation::Activation;
use crate::schedule::Schedule;
use crate::tokenizer::SpecialTokens;

/// What a program is composed of, where the published ones differ. (In sizes and hyperparameters
/// they differ, too; those come with every question.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parts {
    /// What stands at the ends of a document.
    pub special_tokens: SpecialTokens,
    /// What bends the perceptron.
    pub activation: Activation,
    /// Whether `wte` makes the logits, too, and there is no `lm_head`.
    pub tied: bool,
    /// The standard deviation of the first weights at the end of each residual branch, `attn_wo`
    /// and `mlp_fc2`, where it is another than that of the rest.
    pub branch_std: Option<f64>,
    /// How the learning rate falls.
    pub schedule: Schedule,
}

/// The final program.
pub const MICROGPT: Parts = Parts {
    special_tokens: SpecialTokens::One,
    activation: Activation::Relu,
    tied: false,
    branch_std: None,
    schedule: Schedule::Linear,
};

/// The one before it: its residual branches begin as nothing.
pub const EARLY_REVISION: Parts = Parts {
    activation: Activation::SquaredRelu,
    branch_std: Some(0.0),
    schedule: Schedule::Cosine,
    ..MICROGPT
};

/// The first one.
pub const FIRST_REVISION: Parts =
    Parts { special_tokens: SpecialTokens::Two, tied: true, ..EARLY_REVISION };

/// All of them by their names. The last stage on the way to the final program is that program.
pub const PROFILES: [(&str, Parts); 4] = [
    ("microgpt", MICROGPT),
    ("train5", MICROGPT),
    ("early-revision", EARLY_REVISION),
    ("first-revision", FIRST_REVISION),
];
