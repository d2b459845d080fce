// Writes a trace: what a program computes while it trains, one JSON record a line.
//
//   record({ trace: 1, n_head: 4, num_steps: 1000, weights });    // before training
//   if (isRecorded(step)) record({ step, tokens, loss, grads });  // before gradients are cleared
//   if (isRecorded(step)) record({ step, m, v, weights });        // after the update
//
// Weights, gradients and moments are flat lists, such as params.map((p) => p.data), or typed
// arrays, or objects of matrices by name. A CommonJS program has the line
// const { openSync, writeSync } = require("node:fs"); instead of the import, and no export.

import { openSync, writeSync } from "node:fs";

const trace = openSync(process.env.MICROGPT_TRACE || "trace.jsonl", "w");

/** Which steps to record: some at the start, and some later on. */
export const isRecorded = (step) => [0, 1, 2, 9, 10, 99, 100].includes(step);

/** Writes a record; its numbers read back as the same numbers. */
export function record(fields) {
  writeSync(trace, JSON.stringify(fields, asJson) + "\n");
}

function asJson(_name, value) {
  if (ArrayBuffer.isView(value)) return Array.from(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
