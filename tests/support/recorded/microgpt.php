<?php
// A small GPT that trains for four steps and writes a trace. With the argument `wrong`, it does
// not scale its attention scores.

require __DIR__ . '/recorder.php';

const DOCUMENTS = ['emma', 'olivia', 'ava', 'maximilian'];
const CHARACTERS = 'aeilmnovx';
const N_EMBD = 8, N_HEAD = 2, BLOCK_SIZE = 8, NUM_STEPS = 4;
const HEAD_DIM = N_EMBD / N_HEAD;
define('BOS', strlen(CHARACTERS));
define('IS_WRONG', ($argv[1] ?? '') === 'wrong');

/** A number that remembers what it was computed from, with the slope of each. */
final class Value
{
    /** All values in the order in which they are computed: the parameters, then those of a step. */
    public static array $tape = [];

    public float $grad = 0.0;

    public function __construct(
        public float $data,
        private array $parents = [],
        private array $slopes = [],
    ) {
        self::$tape[] = $this;
    }

    public function backward(): void
    {
        $this->grad = 1.0;
        foreach (array_reverse(self::$tape) as $node) {
            foreach ($node->parents as $i => $parent) {
                $parent->grad += $node->slopes[$i] * $node->grad;
            }
        }
    }
}

function value(float $data): Value
{
    return new Value($data);
}

function plus(Value $x, Value $y): Value
{
    return new Value($x->data + $y->data, [$x, $y], [1, 1]);
}

function times(Value $x, Value $y): Value
{
    return new Value($x->data * $y->data, [$x, $y], [$y->data, $x->data]);
}

function power(Value $x, float $k): Value
{
    return new Value($x->data ** $k, [$x], [$k * $x->data ** ($k - 1)]);
}

function scaled(Value $x, float $factor): Value
{
    return new Value($x->data * $factor, [$x], [$factor]);
}

function exponential(Value $x): Value
{
    return new Value(exp($x->data), [$x], [exp($x->data)]);
}

function logarithm(Value $x): Value
{
    return new Value(log($x->data), [$x], [1 / $x->data]);
}

function relu(Value $x): Value
{
    return new Value(max(0, $x->data), [$x], [$x->data > 0 ? 1 : 0]);
}

function total(array $xs): Value
{
    return new Value(array_sum(data($xs)), $xs, array_fill(0, count($xs), 1));
}

function data(array $xs): array
{
    return array_map(fn ($x) => $x->data, $xs);
}

function dot(array $xs, array $ys): Value
{
    return total(array_map('times', $xs, $ys));
}

function linear(array $w, array $x): array
{
    return array_map(fn ($row) => dot($row, $x), $w);
}

function add(array $xs, array $ys): array
{
    return array_map('plus', $xs, $ys);
}

function rmsnorm(array $x): array
{
    $inverse = power(plus(scaled(dot($x, $x), 1 / count($x)), value(1e-5)), -0.5);
    return array_map(fn ($xi) => times($xi, $inverse), $x);
}

function softmax(array $xs): array
{
    $highest = value(-max(data($xs)));
    $exps = array_map(fn ($x) => exponential(plus($x, $highest)), $xs);
    $inverse = power(total($exps), -1);
    return array_map(fn ($e) => times($e, $inverse), $exps);
}

function normal(): float
{
    $uniform = fn () => mt_rand(1, 1_000_000) / 1_000_000;
    return sqrt(-2 * log($uniform())) * cos(2 * M_PI * $uniform());
}

function matrix(int $nOut, int $nIn): array
{
    $row = fn () => array_map(fn () => value(0.08 * normal()), range(1, $nIn));
    return array_map($row, range(1, $nOut));
}

mt_srand(42);
$w = array_map(fn ($shape) => matrix(...$shape), [
    'wte' => [BOS + 1, N_EMBD],
    'wpe' => [BLOCK_SIZE, N_EMBD],
    'lm_head' => [BOS + 1, N_EMBD],
    'wq' => [N_EMBD, N_EMBD],
    'wk' => [N_EMBD, N_EMBD],
    'wv' => [N_EMBD, N_EMBD],
    'wo' => [N_EMBD, N_EMBD],
    'fc1' => [4 * N_EMBD, N_EMBD],
    'fc2' => [N_EMBD, 4 * N_EMBD],
]);
$params = Value::$tape;

function attention(array $q, array $keys, array $values): array
{
    $heads = [];
    for ($start = 0; $start < N_EMBD; $start += HEAD_DIM) {
        $part = fn ($x) => array_slice($x, $start, HEAD_DIM);
        $factor = IS_WRONG ? 1 : HEAD_DIM ** -0.5;
        $score = fn ($key) => scaled(dot($part($q), $part($key)), $factor);
        $weights = softmax(array_map($score, $keys));
        for ($j = $start; $j < $start + HEAD_DIM; $j++) {
            $heads[] = dot($weights, array_column($values, $j));
        }
    }
    return $heads;
}

function logits(array $w, int $token, int $position, array &$keys, array &$values): array
{
    $x = rmsnorm(add($w['wte'][$token], $w['wpe'][$position]));
    $normed = rmsnorm($x);
    $keys[] = linear($w['wk'], $normed);
    $values[] = linear($w['wv'], $normed);
    $x = add($x, linear($w['wo'], attention(linear($w['wq'], $normed), $keys, $values)));
    $x = add($x, linear($w['fc2'], array_map('relu', linear($w['fc1'], rmsnorm($x)))));
    return linear($w['lm_head'], $x);
}

function mean_loss(array $w, array $tokens): Value
{
    $keys = $values = $losses = [];
    for ($position = 0; $position < min(BLOCK_SIZE, count($tokens) - 1); $position++) {
        $probabilities = softmax(logits($w, $tokens[$position], $position, $keys, $values));
        $losses[] = logarithm($probabilities[$tokens[$position + 1]]);
    }
    return scaled(total($losses), -1 / count($losses));
}

$sizes = ['n_layer' => 1, 'n_embd' => N_EMBD, 'n_head' => N_HEAD, 'block_size' => BLOCK_SIZE];
record(...$sizes, trace: 1, vocab: CHARACTERS, num_steps: NUM_STEPS, weights: data($params));
$m = $v = array_fill(0, count($params), 0.0);
for ($step = 0; $step < NUM_STEPS; $step++) {
    $document = DOCUMENTS[$step % count(DOCUMENTS)];
    $tokens = [BOS, ...array_map(fn ($c) => strpos(CHARACTERS, $c), str_split($document)), BOS];
    $recorded = in_array($step, RECORDED_STEPS);
    $loss = mean_loss($w, $tokens);
    $loss->backward();
    if ($recorded) {
        $grads = array_map(fn ($p) => $p->grad, $params);
        record(step: $step, document: $document, tokens: $tokens, loss: $loss->data, grads: $grads);
    }
    $learningRate = 0.01 * (1 - $step / NUM_STEPS);
    foreach ($params as $i => $p) {
        $m[$i] = 0.85 * $m[$i] + 0.15 * $p->grad;
        $v[$i] = 0.99 * $v[$i] + 0.01 * $p->grad ** 2;
        [$mHat, $vHat] = [$m[$i] / (1 - 0.85 ** ($step + 1)), $v[$i] / (1 - 0.99 ** ($step + 1))];
        $p->data -= $learningRate * $mHat / (sqrt($vHat) + 1e-8);
        $p->grad = 0.0;
    }
    if ($recorded) record(step: $step, m: $m, v: $v, weights: data($params));
    Value::$tape = $params;
}
