/** JSON-RPC 2.0, one message a line. */

import {
  INTERNAL_ERROR,
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  PARSE_ERROR,
  RpcError,
} from "./errors.js";
import { encode } from "./json.js";
import { readLines, writeLine } from "./lines.js";

/** @typedef {Map<string, import("./methods.js").Method>} Methods */
/** @typedef {(message: object) => void} Send */
/** @typedef {{id?: number, method: string, params?: any}} Request */

/**
 * Answers requests until `shutdown` or the end of input.
 *
 * @param {Methods} methods
 * @param {NodeJS.ReadStream} input
 * @param {number} output a file descriptor
 */
export async function serve(methods, input, output) {
  /** @type {Send} */
  const send = (message) => writeLine(output, encode({ jsonrpc: "2.0", ...message }));
  for await (const line of readLines(input)) {
    const method = handle(methods, line, send);
    if (method === "shutdown") return;
  }
}

/**
 * Answers one line.
 *
 * @param {Methods} methods
 * @param {string} line
 * @param {Send} send
 * @returns {string | undefined} the method that was asked for
 */
function handle(methods, line, send) {
  let id = null;
  try {
    const request = parse(line);
    // Without an id it is a notification, which JSON-RPC forbids to answer.
    if (request.id === undefined) return request.method;
    id = request.id;
    send({ id, result: call(methods, request, send) });
    return request.method;
  } catch (error) {
    const expected = error instanceof RpcError;
    if (!expected) console.error(error);
    const code = expected ? error.code : INTERNAL_ERROR;
    send({ id, error: { code, message: error.message } });
  }
}

/**
 * @param {string} line
 * @returns {Request}
 */
function parse(line) {
  let request;
  try {
    request = JSON.parse(line);
  } catch (error) {
    throw new RpcError(PARSE_ERROR, error.message);
  }
  if (typeof request?.method !== "string") {
    throw new RpcError(INVALID_REQUEST, "a request must be an object with a method");
  }
  return request;
}

/**
 * @param {Methods} methods
 * @param {Request} request
 * @param {Send} send
 */
function call(methods, { id, method, params = {} }, send) {
  const run = methods.get(method);
  if (run === undefined) throw new RpcError(METHOD_NOT_FOUND, `there is no method ${method}`);
  return run(params, (event) => send({ method: "step", params: { id, ...event } }));
}
