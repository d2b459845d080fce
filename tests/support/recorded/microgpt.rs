//! A small microgpt whose training the Rust recorder writes down. Every number is a node of a tape,
//! which keeps its derivatives by the nodes that it was computed from.
//! With the argument `wrong` no position but the first attends to the first.

#[macro_use]
mod recorder;

const N_EMBD: usize = 8;
const N_HEAD: usize = 2;
const HEAD_DIM: usize = N_EMBD / N_HEAD;
const BLOCK_SIZE: usize = 8;
const VOCAB_SIZE: usize = 27;
const BOS: usize = 26;
const NAMES: [&str; 4] = ["anna", "bo", "christopher", "dora"];

type Value = usize; // the index of a node
type Vector = Vec<Value>;

struct Node {
    value: f64,
    parents: [(Value, f64); 2],
}

#[derive(Default)]
struct Tape(Vec<Node>);

impl Tape {
    fn node(&mut self, value: f64, a: (Value, f64), b: (Value, f64)) -> Value {
        self.0.push(Node { value, parents: [a, b] });
        self.0.len() - 1
    }
    fn of(&self, a: Value) -> f64 {
        self.0[a].value
    }
    fn add(&mut self, a: Value, b: Value) -> Value {
        self.node(self.of(a) + self.of(b), (a, 1.0), (b, 1.0))
    }
    fn mul(&mut self, a: Value, b: Value) -> Value {
        self.node(self.of(a) * self.of(b), (a, self.of(b)), (b, self.of(a)))
    }
    /// A function of one node, by its value and its derivative.
    fn map(&mut self, a: Value, f: impl Fn(f64) -> (f64, f64)) -> Value {
        let (value, derivative) = f(self.of(a));
        self.node(value, (a, derivative), (a, 0.0))
    }
    fn sum(&mut self, terms: &[Value]) -> Value {
        terms[1..].iter().fold(terms[0], |sum, &term| self.add(sum, term))
    }
    fn adds(&mut self, a: &[Value], b: &[Value]) -> Vector {
        a.iter().zip(b).map(|(&x, &y)| self.add(x, y)).collect()
    }
    fn dot(&mut self, a: &[Value], b: &[Value]) -> Value {
        let products: Vector = a.iter().zip(b).map(|(&x, &y)| self.mul(x, y)).collect();
        self.sum(&products)
    }
    fn linear(&mut self, w: &[Vector], x: &[Value]) -> Vector {
        w.iter().map(|row| self.dot(row, x)).collect()
    }
    fn softmax(&mut self, logits: &[Value]) -> Vector {
        let max = logits.iter().map(|&x| self.of(x)).fold(f64::NEG_INFINITY, f64::max);
        let exp = |x: f64| ((x - max).exp(), (x - max).exp());
        let exps: Vector = logits.iter().map(|&x| self.map(x, exp)).collect();
        let sum = self.sum(&exps);
        let inverse = self.map(sum, |s| (1.0 / s, -1.0 / (s * s)));
        exps.iter().map(|&e| self.mul(e, inverse)).collect()
    }
    fn rmsnorm(&mut self, x: &[Value]) -> Vector {
        let square = self.dot(x, x);
        let n = x.len() as f64;
        let scale = self.map(square, |s| {
            let mean = s / n + 1e-5;
            (mean.powf(-0.5), -0.5 * mean.powf(-1.5) / n)
        });
        x.iter().map(|&x| self.mul(x, scale)).collect()
    }
    fn backward(&self, loss: Value) -> Vec<f64> {
        let mut grads = vec![0.0; self.0.len()];
        grads[loss] = 1.0;
        for index in (0..=loss).rev() {
            for (parent, derivative) in self.0[index].parents {
                grads[parent] += derivative * grads[index];
            }
        }
        grads
    }
}

/// Numbers of a normal distribution, roughly: twelve uniform ones, less their mean.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
    fn matrix(&mut self, tape: &mut Tape, rows: usize, columns: usize) -> Vec<Vector> {
        let mut weight = || {
            let normal = (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0;
            tape.node(0.08 * normal, (0, 0.0), (0, 0.0))
        };
        (0..rows).map(|_| (0..columns).map(|_| weight()).collect()).collect()
    }
}

struct Model {
    wte: Vec<Vector>,
    wpe: Vec<Vector>,
    lm_head: Vec<Vector>,
    attention: [Vec<Vector>; 4],
    fc1: Vec<Vector>,
    fc2: Vec<Vector>,
    is_wrong: bool,
}

impl Model {
    fn loss(&self, tape: &mut Tape, tokens: &[usize]) -> Value {
        let [wq, wk, wv, wo] = &self.attention;
        let (mut keys, mut values, mut losses) = (vec![], vec![], vec![]);
        for (pos, pair) in tokens.windows(2).take(BLOCK_SIZE).enumerate() {
            let x = tape.adds(&self.wte[pair[0]], &self.wpe[pos]);
            let x = tape.rmsnorm(&x);
            let normed = tape.rmsnorm(&x);
            let q = tape.linear(wq, &normed);
            keys.push(tape.linear(wk, &normed));
            values.push(tape.linear(wv, &normed));
            let first = if self.is_wrong && pos > 0 { 1 } else { 0 };
            let mut heads = vec![];
            for head in (0..N_EMBD).step_by(HEAD_DIM) {
                let part = head..head + HEAD_DIM;
                let mut scores = vec![];
                for key in &keys[first..] {
                    let score = tape.dot(&q[part.clone()], &key[part.clone()]);
                    let scale = (HEAD_DIM as f64).sqrt();
                    scores.push(tape.map(score, |s| (s / scale, 1.0 / scale)));
                }
                let weights = tape.softmax(&scores);
                for i in part {
                    let column: Vector = values[first..].iter().map(|v: &Vector| v[i]).collect();
                    heads.push(tape.dot(&weights, &column));
                }
            }
            let out = tape.linear(wo, &heads);
            let x = tape.adds(&x, &out);
            let normed = tape.rmsnorm(&x);
            let hidden = tape.linear(&self.fc1, &normed);
            let relu = |h: f64| if h > 0.0 { (h, 1.0) } else { (0.0, 0.0) };
            let active: Vector = hidden.iter().map(|&h| tape.map(h, relu)).collect();
            let out = tape.linear(&self.fc2, &active);
            let x = tape.adds(&x, &out);
            let logits = tape.linear(&self.lm_head, &x);
            let probabilities = tape.softmax(&logits);
            losses.push(tape.map(probabilities[pair[1]], |p| (-p.ln(), -1.0 / p)));
        }
        let sum = tape.sum(&losses);
        tape.map(sum, |s| (s / losses.len() as f64, 1.0 / losses.len() as f64))
    }
}

fn main() {
    let (tape, random) = (&mut Tape::default(), &mut Random(42));
    let mut matrix = |rows, columns| random.matrix(tape, rows, columns);
    let model = Model {
        wte: matrix(VOCAB_SIZE, N_EMBD),
        wpe: matrix(BLOCK_SIZE, N_EMBD),
        lm_head: matrix(VOCAB_SIZE, N_EMBD),
        attention: [(); 4].map(|()| matrix(N_EMBD, N_EMBD)),
        fc1: matrix(4 * N_EMBD, N_EMBD),
        fc2: matrix(N_EMBD, 4 * N_EMBD),
        is_wrong: std::env::args().nth(1).as_deref() == Some("wrong"),
    };
    let mut weights: Vec<f64> = tape.0.iter().map(|node| node.value).collect();
    let (mut m, mut v) = (vec![0.0; weights.len()], vec![0.0; weights.len()]);
    record!(
        trace: 1, n_layer: 1, n_embd: N_EMBD, n_head: N_HEAD, block_size: BLOCK_SIZE,
        vocab: VOCAB_SIZE, num_steps: NAMES.len(), weights: weights,
    );
    for (step, name) in NAMES.iter().enumerate() {
        let mut tokens = vec![BOS];
        tokens.extend(name.bytes().map(|letter| (letter - b'a') as usize));
        tokens.push(BOS);
        let loss = model.loss(tape, &tokens);
        let grads = &tape.backward(loss)[..weights.len()];
        println!("step {} loss {:.6}", step + 1, tape.of(loss));
        if recorder::is_recorded(step) {
            record!(step: step, tokens: tokens, loss: tape.of(loss), grads: grads);
        }
        let rate = 0.01 * (1.0 - step as f64 / NAMES.len() as f64);
        let t = step as i32 + 1;
        for (i, &g) in grads.iter().enumerate() {
            m[i] = 0.85 * m[i] + 0.15 * g;
            v[i] = 0.99 * v[i] + 0.01 * g * g;
            let (m_hat, v_hat) = (m[i] / (1.0 - 0.85f64.powi(t)), v[i] / (1.0 - 0.99f64.powi(t)));
            weights[i] -= rate * m_hat / (v_hat.sqrt() + 1e-8);
            tape.0[i].value = weights[i];
        }
        if recorder::is_recorded(step) {
            record!(step: step, m: m, v: v, weights: weights);
        }
        tape.0.truncate(weights.len());
    }
}
