//! The generator beside what CPython 3.11 printed for the same calls.

// That they are the same to the last bit is the point.
#![allow(clippy::float_cmp)]

use microgpt::random::{Random, choose};

fn first(seed: u64) -> f64 {
    Random::new(seed).random()
}

#[test]
fn uniform_numbers_and_seeds_of_every_length() {
    let mut random = Random::new(42);
    let drawn = [random.random(), random.random(), random.random()];
    assert_eq!(
        drawn,
        [0.639_426_798_457_883_7, 0.025_010_755_222_666_936, 0.275_029_318_369_119_26]
    );
    assert_eq!(first(0), 0.844_421_851_525_048_1);
    assert_eq!(first(1 << 32), 0.112_994_300_956_364_09);
    assert_eq!(first((1 << 32) + 5), 0.157_272_387_187_897_82);
    assert_eq!(first((1 << 63) - 1), 0.316_644_882_087_027_9);
}

#[test]
fn the_state_is_renewed_after_624_words() {
    let mut random = Random::new(7);
    for _ in 0..1000 {
        random.random();
    }
    assert_eq!(random.random(), 0.950_867_979_111_096);
}

#[test]
fn normal_numbers_come_in_pairs() {
    let mut random = Random::new(42);
    let drawn = [random.gauss(0.0, 1.0), random.gauss(0.0, 1.0), random.gauss(0.0, 1.0)];
    assert_eq!(
        drawn,
        [-0.144_090_329_577_928_36, -0.172_903_600_331_519_3, -0.111_315_861_567_662_46]
    );
    assert_eq!(random.random(), 0.736_471_214_164_012_4);
    assert_eq!(random.gauss(1.0, 2.0), 2.403_967_450_197_726);
}

#[test]
fn shuffling_and_choosing() {
    let mut random = Random::new(42);
    let mut items: Vec<usize> = (0..10).collect();
    random.shuffle(&mut items);
    assert_eq!(items, [7, 3, 2, 8, 5, 6, 9, 4, 0, 1]);
    let mut chosen = || choose([0.5, 0.25, 0.25], random.random());
    assert_eq!([(); 8].map(|()| chosen()), [1, 0, 0, 0, 1, 1, 1, 1]);
}

#[test]
fn lists_of_none_and_one_draw_nothing() {
    let mut random = Random::new(42);
    random.shuffle(&mut [0; 0]);
    random.shuffle(&mut [0]);
    assert_eq!(random.random(), first(42));
}

#[test]
fn choices_never_leave_the_list() {
    assert_eq!(choose([1.0, 0.0], 1.0), 1);
    assert_eq!(choose([0.0, 1.0], 0.0), 1);
    assert_eq!(choose([f64::NAN, 1.0], 0.5), 0);
}
