//! The program around the model: train it, sample from it, and both from a seed.

use std::ops::Range;

use crate::adam::{Optimizer, State};
use crate::backward::{Backward, backward};
use crate::config::Config;
use crate::error::Result;
use crate::float::Float;
use crate::layers::softmax;
use crate::model::Reader;
use crate::params::Layout;
use crate::random::{Random, choose};
use crate::tokenizer::Tokenizer;

/// What to train, on what, and for how long.
pub struct Course<'a, T> {
    /// The model's shape and parts.
    pub config: &'a Config,
    /// Adam's hyperparameters.
    pub optimizer: &'a Optimizer<T>,
    /// Tokens of each document, not empty; they are taken in turn, round and round.
    pub documents: &'a [Vec<usize>],
    /// The steps' numbers, counted from 0.
    pub steps: Range<usize>,
}

/// A training step that is done.
pub struct Step<'a, T> {
    /// Counted from 0.
    pub number: usize,
    /// Its learning rate.
    pub learning_rate: T,
    /// What its document taught.
    pub lesson: &'a Backward<T>,
    /// The state that it led to.
    pub state: &'a State<T>,
}

/// Trains. `on_step` is told of each step when it is done, and may stop it all.
pub fn train<T: Float>(
    state: &mut State<T>,
    course: &Course<'_, T>,
    mut on_step: impl FnMut(&Step<'_, T>) -> Result<()>,
) -> Result<()> {
    for number in course.steps.clone() {
        let document = &course.documents[number % course.documents.len()];
        let lesson = backward(course.config, &state.weights, document);
        state.update(course.optimizer, number, &lesson.grads);
        on_step(&Step {
            number,
            learning_rate: course.optimizer.rate(number),
            lesson: &lesson,
            state,
        })?;
    }
    Ok(())
}

/// Draws a document, each token by one uniform number, until EOS or the block's end. The tokens
/// are given without those at the ends.
///
/// A `temperature` below 1 prefers likely tokens, one above 1 levels them.
pub fn sample<T: Float>(
    config: &Config,
    weights: &[T],
    temperature: T,
    mut uniform: impl FnMut() -> Result<f64>,
) -> Result<Vec<usize>> {
    let Config { sizes, parts } = config;
    let mut reader = Reader::new(config, weights);
    let mut tokens = Vec::new();
    let mut token = parts.special_tokens.bos(sizes.vocab_size);
    let coldness = temperature.recip();
    while tokens.len() < sizes.block_size {
        let logits = reader.read(token);
        let scaled: Vec<T> = logits.iter().map(|&logit| logit * coldness).collect();
        token = choose(softmax(&scaled).into_iter().map(Into::into), uniform()?);
        if token == parts.special_tokens.eos(sizes.vocab_size) {
            break;
        }
        tokens.push(token);
    }
    Ok(tokens)
}

/// What the whole program needs besides its documents.
pub struct Program<T> {
    /// The model's shape and parts.
    pub config: Config,
    /// Adam's hyperparameters.
    pub optimizer: Optimizer<T>,
    /// Of the generator that serves it all: first it shuffles, then it draws weights and samples.
    pub seed: u64,
    /// The standard deviation of the first weights, unless the model's parts have another.
    pub init_std: f64,
    /// For sampling.
    pub temperature: T,
    /// How many documents to write.
    pub num_samples: usize,
}

/// Runs the whole program on a corpus, whose characters are those of the tokenizer; gives the
/// documents that it writes.
pub fn replicate<T: Float>(
    program: &Program<T>,
    tokenizer: &Tokenizer,
    mut corpus: Vec<String>,
    on_step: impl FnMut(&Step<'_, T>) -> Result<()>,
) -> Result<Vec<String>> {
    let Program { config, optimizer, .. } = program;
    let mut random = Random::new(program.seed);
    random.shuffle(&mut corpus);
    let documents: Vec<_> = corpus.iter().map(|document| tokenizer.encode(document)).collect();

    let mut state = State::new(first_weights(config, program.init_std, &mut random));
    let course = Course { config, optimizer, documents: &documents, steps: 0..optimizer.num_steps };
    train(&mut state, &course, on_step)?;

    let mut write = |_| {
        let tokens = sample(config, &state.weights, program.temperature, || Ok(random.random()))?;
        Ok(tokenizer.decode(&tokens))
    };
    (0..program.num_samples).map(&mut write).collect()
}

/// The weights before the first step, normally distributed around 0. A matrix that begins as 0 is
/// drawn, too: the generator goes on all the same.
pub fn first_weights<T: Float>(config: &Config, std: f64, random: &mut Random) -> Vec<T> {
    let mut weights = Vec::new();
    for tensor in Layout::of(config).0 {
        let branch_std = config.parts.branch_std.filter(|_| tensor.ends_branch());
        let std = branch_std.unwrap_or(std);
        weights.extend((0..tensor.size()).map(|_| T::of(random.gauss(0.0, std))));
    }
    weights
}
