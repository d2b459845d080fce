//! What the published programs have differently.

mod common;

use common::{CONFIG, DOCUMENT, FIRST, SIZES, numbers};
use microgpt::config::Config;
use microgpt::layers::linear;
use microgpt::model::forward;
use microgpt::params::{Layout, Params};
use microgpt::profile::{EARLY_REVISION, FIRST_REVISION, MICROGPT, PROFILES};
use microgpt::program::{first_weights, sample};
use microgpt::random::Random;
use microgpt::schedule::Schedule;

const EARLY: Config = Config { sizes: SIZES, parts: EARLY_REVISION };

#[test]
fn the_last_stage_is_the_final_program() {
    let parts_of = |wanted| PROFILES.into_iter().find(|&(name, _)| name == wanted);
    assert_eq!(parts_of("train5"), Some(("train5", MICROGPT)));
    assert_eq!(parts_of("first-revision"), Some(("first-revision", FIRST_REVISION)));
}

#[test]
fn learning_rates_fall_from_all_to_nothing() {
    for (schedule, halfway) in [(Schedule::Linear, 0.75), (Schedule::Cosine, 0.853_553_390_593_274)]
    {
        let shares = [0, 125, 250, 500].map(|step| schedule.share(step, 500));
        for (share, right) in shares.into_iter().zip([1.0, halfway, 0.5, 0.0]) {
            assert!((share - right).abs() < 1e-15, "{share} for {right}");
        }
    }
}

#[test]
fn only_an_untied_model_has_an_output_matrix() {
    let names = |config| Layout::of(config).0.into_iter().map(|tensor| tensor.name);
    assert!(names(&EARLY).any(|name| name == "lm_head"));
    assert!(names(&FIRST).all(|name| name != "lm_head"));
    let difference = Layout::of(&EARLY).size() - Layout::of(&FIRST).size();
    assert_eq!(difference, SIZES.vocab_size * SIZES.n_embd);
}

#[test]
fn the_first_revision_squares_and_reads_logits_from_the_embedding() {
    let weights = numbers(&mut Random::new(2), Layout::of(&FIRST).size());
    let nodes = forward(&FIRST, &weights, &DOCUMENT);
    let block = &nodes.blocks[1];
    for (hidden, bent) in block.mlp_hidden.row(3).iter().zip(block.mlp_activation.row(3)) {
        assert_eq!(bent.to_bits(), hidden.max(0.0).powi(2).to_bits());
    }
    let embedding = Params::split(&FIRST, &weights).wte;
    assert_eq!(nodes.logits.row(3), linear(block.mlp_residual.row(3), embedding));
}

/// What comes after a matrix of zeros is as if it had been drawn like the others.
#[test]
fn branches_that_begin_as_nothing_are_drawn_all_the_same() {
    let (mut random, mut early_random) = (Random::new(1), Random::new(1));
    let weights: Vec<f64> = first_weights(&CONFIG, 0.02, &mut random);
    let early_weights: Vec<f64> = first_weights(&EARLY, 0.02, &mut early_random);
    let (matrices, early) =
        (Params::split(&CONFIG, &weights), Params::split(&EARLY, &early_weights));
    for (block, early) in matrices.blocks.iter().zip(&early.blocks) {
        let zeros = [early.attn_wo, early.mlp_fc2].concat();
        assert!(zeros.iter().all(|&weight| weight == 0.0));
        assert_eq!(block.attn_wq, early.attn_wq);
        assert_eq!(block.mlp_fc1, early.mlp_fc1);
    }
    assert_eq!(random.random().to_bits(), early_random.random().to_bits());
}

/// With weights that are all 0 tokens are alike, and a uniform number picks one by its share.
#[test]
fn a_sample_ends_at_its_end() {
    let drawn = |config: &Config, shares: &[f64]| {
        let weights = vec![0.0; Layout::of(config).size()];
        let mut shares = shares.iter();
        let uniform = || Ok(*shares.next().expect("another number"));
        sample(config, &weights, 1.0, uniform).expect("a sample")
    };
    assert_eq!(drawn(&CONFIG, &[0.5, 0.1, 0.9]), [2, 0]);
    assert_eq!(drawn(&FIRST, &[0.5, 0.1, 0.9, 0.3]), [2, 0, 4]);
    assert_eq!(drawn(&FIRST, &[0.1, 0.1, 0.1, 0.1]), [0; 4]);
}
