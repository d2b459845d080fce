//! `random`: draws from CPython's generator, one after the other.

use super::fields::{field, list, number, seed, text, vector, within};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::json::Json;
use crate::random::{Random, choose};

/// More numbers than that in one draw are refused, before they are asked of the memory.
const MOST_DRAWS: usize = 10_000_000;

/// What to draw.
enum Draw {
    Random,
    Gauss { mean: f64, std: f64 },
    Shuffle,
    Choices { weights: Vec<f64> },
}

/// Draws from one generator.
pub fn random(params: &Json, _: &mut Client<'_>) -> Result<Json> {
    let mut random = Random::new(field(params, "seed", seed)?);
    let draws = field(params, "draws", |json| list(json, counted_draw))?;
    let results = draws.iter().map(|(draw, count)| draw.perform(*count, &mut random));
    Ok(Json::object([("results", Json::array(results))]))
}

fn counted_draw(json: &Json) -> Result<(Draw, usize)> {
    let count = field(json, "count", within(..=MOST_DRAWS, "at most ten million"))?;
    let draw = match field(json, "draw", text)? {
        "random" => Draw::Random,
        "gauss" => {
            Draw::Gauss { mean: field(json, "mean", number)?, std: field(json, "std", number)? }
        }
        "shuffle" => Draw::Shuffle,
        "choices" => Draw::Choices { weights: field(json, "weights", weights)? },
        _ => {
            let problem = "must be random, gauss, shuffle or choices";
            return Err(Error::invalid(problem).under("draw"));
        }
    };
    Ok((draw, count))
}

fn weights(json: &Json) -> Result<Vec<f64>> {
    let weights: Vec<f64> = vector(None)(json)?;
    if weights.iter().sum::<f64>() > 0.0 {
        Ok(weights)
    } else {
        Err(Error::invalid("must have a sum above 0"))
    }
}

impl Draw {
    fn perform(&self, count: usize, random: &mut Random) -> Json {
        match self {
            Self::Random => Json::array((0..count).map(|_| random.random())),
            Self::Gauss { mean, std } => Json::array((0..count).map(|_| random.gauss(*mean, *std))),
            Self::Shuffle => {
                let mut items: Vec<usize> = (0..count).collect();
                random.shuffle(&mut items);
                items.into()
            }
            Self::Choices { weights } => {
                let mut pick = || choose(weights.iter().copied(), random.random());
                Json::array((0..count).map(|_| pick()))
            }
        }
    }
}
