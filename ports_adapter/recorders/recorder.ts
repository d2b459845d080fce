// Writes a trace: what a program computes while it trains, one JSON record a line.
//
//   record({ trace: 1, n_head: 4, num_steps: 1000, weights });    // before training
//   if (isRecorded(step)) record({ step, tokens, loss, grads });  // before gradients are cleared
//   if (isRecorded(step)) record({ step, m, v, weights });        // after the update
//
// Weights, gradients and moments are flat lists, such as params.map((p) => p.data), or typed
// arrays, or objects of matrices by name. Import it as "./recorder.js" if tsc compiles the program,
// and as "./recorder.ts" where Node, Deno or Bun runs it as it is.

import { openSync, writeSync } from "node:fs";

const trace = openSync(process.env["MICROGPT_TRACE"] || "trace.jsonl", "w");

/** Which steps to record: some at the start, and some later on. */
export const isRecorded = (step: number): boolean => [0, 1, 2, 9, 10, 99, 100].includes(step);

/** Writes a record; its numbers read back as the same numbers. */
export function record(fields: Record<string, unknown>): void {
  writeSync(trace, JSON.stringify(fields, asJson) + "\n");
}

function asJson(_name: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
