/**
 * JSON with all floating-point numbers: `JSON.stringify` makes NaN and the infinities null and
 * drops the sign of -0. The protocol writes the former as strings.
 *
 * @param {any} value
 * @returns {string}
 */
export function encode(value) {
  if (typeof value === "number") return encodeNumber(value);
  if (Array.isArray(value)) return `[${value.map(encode).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([name, x]) => `${JSON.stringify(name)}:${encode(x)}`);
    return `{${fields.join(",")}}`;
  }
  return JSON.stringify(value);
}

/** @param {number} x */
function encodeNumber(x) {
  if (!Number.isFinite(x)) return `"${x}"`;
  return Object.is(x, -0) ? "-0.0" : String(x);
}
