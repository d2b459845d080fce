/**
 * JSON with all floating-point numbers: `JSON.stringify` makes NaN and the infinities null and
 * drops the sign of -0. The protocol writes the former as strings. Fields that are undefined are
 * left out, as there.
 *
 * @param {any} value
 * @returns {string}
 */
export function encode(value) {
  if (typeof value === "number") return encodeNumber(value);
  if (Array.isArray(value)) return `[${value.map(encode).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).filter(([, x]) => x !== undefined);
    return `{${fields.map(([name, x]) => `${JSON.stringify(name)}:${encode(x)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** @param {number} x */
function encodeNumber(x) {
  if (!Number.isFinite(x)) return `"${x}"`;
  return Object.is(x, -0) ? "-0.0" : String(x);
}
