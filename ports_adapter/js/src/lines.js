/** Lines in and out. */

import { writeSync } from "node:fs";

/**
 * The lines of a stream. `node:readline` would also break at U+2028, which JSON strings may hold.
 *
 * @param {NodeJS.ReadStream} stream
 * @returns {AsyncGenerator<string, void>}
 */
export async function* readLines(stream) {
  let parts = [];
  for await (const chunk of stream.setEncoding("utf8")) {
    const [head, ...tails] = chunk.split("\n");
    parts.push(head);
    for (const tail of tails) {
      yield parts.join("");
      parts = [tail];
    }
  }
  const rest = parts.join("");
  if (rest !== "") yield rest;
}

const never = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes a line and returns when all of it is in the pipe: what is written during a long
 * computation must not wait for its end. A full pipe of the non-blocking sort is tried again.
 *
 * @param {number} fd
 * @param {string} line
 */
export function writeLine(fd, line) {
  let bytes = Buffer.from(`${line}\n`);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(never, 0, 0, 1);
    }
  }
}
