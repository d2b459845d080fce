<?php
// Writes a trace: what a program computes while it trains, one JSON record a line.
//
//   record(trace: 1, n_head: 4, num_steps: 1000, weights: $weights);  // before training
//   $recorded = in_array($step, RECORDED_STEPS);                      // in each step
//   if ($recorded) record(step: $step, tokens: $tokens, loss: $loss, grads: $grads);
//   if ($recorded) record(step: $step, m: $m, v: $v, weights: $weights);
//
// The second record comes before gradients are cleared, the third after the update. Weights,
// gradients and moments are flat lists, or arrays of matrices by name.

const RECORDED_STEPS = [0, 1, 2, 9, 10, 99, 100];

/** Writes a record; its numbers read back as the same numbers. */
function record(mixed ...$fields): void
{
    static $trace;
    $trace ??= fopen(getenv('MICROGPT_TRACE') ?: 'trace.jsonl', 'w');
    $names = ['NAN' => 'NaN', 'INF' => 'Infinity', '-INF' => '-Infinity'];
    array_walk_recursive($fields, function (mixed &$value) use ($names): void {
        if (is_float($value) && !is_finite($value)) $value = $names[(string) $value];
    });
    fwrite($trace, json_encode($fields, JSON_THROW_ON_ERROR) . "\n");
}
