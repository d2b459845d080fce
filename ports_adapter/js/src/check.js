/**
 * Checks of what came over the wire. A check looks at a value and says what is wrong with it, as
 * the rest of a sentence that begins with the value's place: `/wte/3/1 must be a finite number`.
 */

/** @typedef {(value: any) => string | null} Check */

/**
 * A string.
 *
 * @type {Check}
 */
export const text = (value) => (typeof value === "string" ? null : " must be a string");

/**
 * A boolean.
 *
 * @type {Check}
 */
export const flag = (value) => (typeof value === "boolean" ? null : " must be true or false");

/**
 * A finite number.
 *
 * @type {Check}
 */
export const number = (value) => (Number.isFinite(value) ? null : " must be a finite number");

/**
 * A finite number above 0.
 *
 * @type {Check}
 */
export const above0 = (value) => (value > 0 ? number(value) : " must be a number above 0");

/**
 * A whole number in this range.
 *
 * @param {number} [least]
 * @param {number} [most]
 * @returns {Check}
 */
export const whole = (least = 0, most = 2 ** 53) => (value) =>
  Number.isInteger(value) && least <= value && value <= most
    ? null
    : ` must be a whole number from ${least} to ${most}`;

/**
 * A whole number of which `n` is a multiple.
 *
 * @param {number} n
 * @returns {Check}
 */
export const divisorOf = (n) => (value) =>
  whole(1)(value) ?? (n % value === 0 ? null : ` must divide ${n}`);

/**
 * One of these strings.
 *
 * @param {...string} choices
 * @returns {Check}
 */
export const oneOf = (...choices) => (value) =>
  choices.includes(value) ? null : ` must be one of ${choices.join(", ")}`;

/**
 * What passes the check, or nothing at all.
 *
 * @param {Check} check
 * @returns {Check}
 */
export const optional = (check) => (value) => (value === undefined ? null : check(value));

/**
 * A list of at least `least` and at most `most` items.
 *
 * @param {Check} item
 * @param {number} [least]
 * @param {number} [most]
 * @returns {Check}
 */
export const list = (item, least = 0, most = Infinity) => (value) => {
  if (!Array.isArray(value)) return " must be a list";
  if (value.length < least || value.length > most) {
    const wanted = least === most ? least : `${least} or more`;
    return ` must have ${wanted} entries, not ${value.length}`;
  }
  return firstProblem(value.entries(), () => item);
};

/**
 * A list with a check of its own for every item.
 *
 * @param {Check[]} items
 * @returns {Check}
 */
export const all = (items) => (value) =>
  list(anything, items.length, items.length)(value) ??
  firstProblem(value.entries(), (i) => items[i]);

/** @type {Check} */
const anything = () => null;

/**
 * A list of numbers, of this length or of any but 0.
 *
 * @param {number} [length]
 * @returns {Check}
 */
export const vector = (length) => list(number, length ?? 1, length);

/**
 * A list of vectors, each dimension as given or any but 0.
 *
 * @param {number} [rows]
 * @param {number} [columns]
 * @returns {Check}
 */
export const matrix = (rows, columns) => list(vector(columns), rows ?? 1, rows);

/**
 * An object with known fields, and maybe others that are not ours to judge.
 *
 * @param {Record<string, Check>} fields
 * @returns {Check}
 */
export const record = (fields) => (value) =>
  object(value) ??
  firstProblem(Object.keys(fields).map((name) => [name, value[name]]), (name) => fields[name]);

/**
 * An object with any names.
 *
 * @param {Check} item
 * @returns {Check}
 */
export const dictionary = (item) => (value) =>
  object(value) ?? firstProblem(Object.entries(value), () => item);

/** @type {Check} */
const object = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? null
    : " must be an object";

/**
 * @param {Iterable<[place: string | number, value: any]>} entries
 * @param {(place: any) => Check} checkOf
 * @returns {string | null}
 */
function firstProblem(entries, checkOf) {
  for (const [place, value] of entries) {
    const problem = checkOf(place)(value);
    if (problem !== null) return `/${place}${problem}`;
  }
  return null;
}
