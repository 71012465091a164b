// The arithmetic of one element: which elements of the inputs it is made of. What is not known is not shown.

import { broadcastPosition, indexOf, listedPosition, positionOf, reducedAxes, sizeOf } from "./arrays.js";
import { isExactAt } from "./record.js";

/**
 * An element of an input, or a number of the program.
 * @typedef {{id: number, at: number} | {literal: any}} Operand
 * A term of a sum: a product of operands.
 * @typedef {{operands: Operand[], value: number}} Term
 * `terms` are added, then divided by `divisor`; `pieces` are the formula with operands in its slots; `chosen` is the largest or
 * smallest of `terms`; `moved` is where the element is from.
 * @typedef {{terms?: Term[], divisor?: number, pieces?: (string|Operand|{left: number})[], isExtreme?: boolean, moved?: Operand}} Worked
 */

const MOVED = new Set(["transpose", "reshape", "squeeze", "expand_dims", "broadcast_to", "astype", "stop_gradient", "copy", "ravel"]);
const TOLERANCES = /** @type {Object<string, number>} */ ({ float32: 2e-5, float64: 1e-11 });

/**
 * How the element at a position is computed; null if that is not known, or if it does not give the recorded number.
 * @param {import("./record.js").Step} step @param {number} id @param {number} at @returns {Worked | null}
 */
export function worked(step, id, at) {
  return examined(step, id, at).found;
}

/**
 * Why an element is not worked out: its number is in `levels`, inputs are `missing`, there is no `rule`, or one for the `largest`
 * element only, its `operands` are in levels, or they give a number that `differs`.
 * @param {import("./record.js").Step} step @param {number} id @param {number} at @returns {string}
 */
export function whyNot(step, id, at) {
  return examined(step, id, at).reason;
}

/** @param {import("./record.js").Step} step @param {number} id @param {number} at @returns {{found: Worked | null, reason: string}} */
function examined(step, id, at) {
  const node = step.form.nodes[id];
  const inputs = node.inputs || [];
  const result = step.values[id];
  const not = (/** @type {string} */ reason) => ({ found: null, reason });
  if (!inputs.length) return not("rule");
  if (!isExactAt(result, at)) return not("levels");
  const given = written(step, id, at);
  if (!given && inputs.some((input) => typeof input === "number" && !step.values[input])) return not("missing");
  const found = given ?? rules[node.kind || ""]?.(step, node, at);
  if (!found) return not(step.written.has(id) ? "largest" : "rule");
  if (!operandsOf(found).every((operand) => "literal" in operand || isExactAt(step.values[operand.id], operand.at))) return not("operands");
  return agrees(step, found, result?.data[at] ?? NaN, node.dtype) ? { found, reason: "" } : not("differs");
}

/** What the page says that an element is made of, where it has no rule. @param {any} step @param {number} id @param {number} at @returns {Worked | null} */
function written(step, id, at) {
  const found = step.written.get(id)?.[1][at];
  if (!found) return null;
  const operand = (/** @type {any} */ each) => (Array.isArray(each) ? { id: each[0], at: each[1] } : { literal: each });
  if (found.moved) return { moved: operand(found.moved) };
  if (found.terms) return { ...found, terms: found.terms.map((/** @type {any[]} */ term) => product(step, term.map(operand))) };
  return { pieces: found.pieces.map((/** @type {any} */ each) => (typeof each === "string" || each.left ? each : operand(each))) };
}

/** All operands of an element. @param {Worked} found @returns {Operand[]} */
export function operandsOf(found) {
  if (found.moved) return [found.moved];
  if (found.terms) return found.terms.flatMap((term) => term.operands);
  return (found.pieces || []).flatMap((piece) => (typeof piece === "string" || "left" in piece ? [] : [piece]));
}

/** Terms by their size, largest first. @param {Term[]} terms */
export function largestFirst(terms) {
  return [...terms].sort((one, other) => Math.abs(other.value) - Math.abs(one.value));
}

/** Whether terms give the recorded number, to rounding. @param {any} step @param {Worked} found @param {number} result @param {string} dtype */
function agrees(step, found, result, dtype) {
  if (found.moved) return same(valueOf(step, found.moved), result);
  if (!found.terms) return true; // a formula with its numbers: nothing is claimed about parts of it
  if (found.isExtreme) return found.terms.some((term) => same(term.value, result));
  const sum = found.terms.reduce((total, term) => total + term.value, 0) / (found.divisor || 1);
  const size = found.terms.reduce((total, term) => total + Math.abs(term.value), 0) / (found.divisor || 1);
  if (!Number.isFinite(result) || !Number.isFinite(sum)) return same(sum, result);
  return Math.abs(sum - result) <= (TOLERANCES[dtype] || 2e-2) * (size + Math.abs(result));
}

/** @param {number} one @param {number} other */
function same(one, other) {
  return one === other || (Number.isNaN(one) && Number.isNaN(other));
}

/** The number of an operand. @param {import("./record.js").Step} step @param {Operand} operand @returns {number} */
export function valueOf(step, operand) {
  if ("literal" in operand) return Number(operand.literal);
  const value = step.values[operand.id];
  return value ? value.data[operand.at] : NaN;
}

/** @param {any} step @param {Operand[]} operands @returns {Term} */
function product(step, operands) {
  return { operands, value: operands.reduce((total, operand) => total * valueOf(step, operand), 1) };
}

/** The shape of an input; a number has none. @param {any} step @param {any} input @returns {number[]} */
function shapeOf(step, input) {
  return typeof input === "number" ? step.form.nodes[input].shape : [];
}

/** Whether inputs are broadcast to the shape of an operation. @param {any} step @param {any} node */
function isBroadcast(step, node) {
  return node.pieces && node.inputs.every((/** @type {any} */ input) => {
    const shape = shapeOf(step, input);
    const skipped = node.shape.length - shape.length;
    return skipped >= 0 && shape.every((side, axis) => side === 1 || side === node.shape[axis + skipped]);
  });
}

/** @param {any} step @param {any} node @param {number} at @returns {Worked | null} */
function elementwise(step, node, at) {
  if (!isBroadcast(step, node)) return null;
  const index = indexOf(node.shape, at);
  const operands = node.inputs.map((/** @type {any} */ input) =>
    typeof input === "number" ? { id: input, at: broadcastPosition(shapeOf(step, input), index) } : { literal: input.literal });
  return { pieces: node.pieces.map((/** @type {any} */ piece) => (typeof piece === "number" ? operands[piece] : piece)) };
}

/** The sum over products of a row and a column. @param {any} step @param {any} node @param {number} at @returns {Worked | null} */
function matmul(step, node, at) {
  const [left, right] = node.inputs;
  const [rows, columns] = [shapeOf(step, left), shapeOf(step, right)];
  if (!rows.length || !columns.length || rows.length > 2 || columns.length > 2) return null;
  const index = indexOf(node.shape, at);
  const row = rows.length === 2 ? index[0] : 0;
  const column = columns.length === 2 ? index[index.length - 1] : 0;
  const inner = rows[rows.length - 1];
  const width = columns.length === 2 ? columns[1] : 1;
  const terms = Array.from({ length: inner }, (_, k) =>
    product(step, [{ id: left, at: row * inner + k }, { id: right, at: k * width + column }]));
  return { terms };
}

/** The elements of an input along the axes that a reduction removes. @param {any} step @param {any} node @param {number} at @returns {Term[]} */
function reduced(step, node, at) {
  const shape = shapeOf(step, node.inputs[0]);
  const axes = reducedAxes(shape, node.parameters);
  const index = indexOf(node.shape, at);
  const fixed = shape.map((_, axis) => (axes.has(axis) ? -1 : index[node.parameters?.keepdims ? axis : shape.slice(0, axis).filter((_, a) => !axes.has(a)).length]));
  const found = [];
  const sides = shape.map((side, axis) => (axes.has(axis) ? side : 1));
  for (let k = 0; k < sizeOf(sides); k += 1) {
    const inside = indexOf(sides, k);
    const place = positionOf(shape, fixed.map((each, axis) => (each < 0 ? inside[axis] : each)));
    found.push(product(step, [{ id: node.inputs[0], at: place }]));
  }
  return found;
}

/** Where an element is from that is only moved. @param {any} step @param {any} node @param {number} at @returns {Operand | null} */
function moved(step, node, at) {
  const id = node.inputs[0];
  const shape = shapeOf(step, id);
  const index = indexOf(node.shape, at);
  if (node.kind === "transpose") {
    const axes = node.parameters?.axes ?? shape.map((_, axis) => shape.length - 1 - axis);
    const source = shape.map(() => 0);
    axes.forEach((/** @type {number} */ axis, /** @type {number} */ k) => (source[axis] = index[k]));
    return { id, at: positionOf(shape, source) };
  }
  if (node.kind === "broadcast_to") return { id, at: broadcastPosition(shape, index) };
  return sizeOf(shape) === sizeOf(node.shape) ? { id, at } : null;
}

/** The places that index arrays name, for `x[rows, columns]`. @param {any} step @param {any} node @param {number[]} shape @returns {number[] | null} */
function listedPlaces(step, node, shape) {
  const lists = node.inputs.slice(1).map((/** @type {any} */ input) => (typeof input === "number" ? step.values[input] : null));
  if (!lists.length || lists.length !== shape.length || lists.some((/** @type {any} */ each) => !each)) return null;
  return Array.from(lists[0].data, (/** @type {number} */ _, k) => listedPosition(shape, lists, k));
}

/** @type {Object<string, (step: any, node: any, at: number) => Worked | null>} */
const rules = {
  elementwise,
  matmul,
  dot: matmul,
  addmm: (step, node, at) => {
    const [bias, left, right] = node.inputs;
    const found = matmul(step, { ...node, inputs: [left, right] }, at);
    const added = { id: bias, at: broadcastPosition(shapeOf(step, bias), indexOf(node.shape, at)) };
    return found && { terms: [...(found.terms || []), product(step, [added])] };
  },
  sum: (step, node, at) => ({ terms: reduced(step, node, at) }),
  mean: (step, node, at) => {
    const terms = reduced(step, node, at);
    return { terms, divisor: terms.length };
  },
  max: (step, node, at) => ({ terms: reduced(step, node, at), isExtreme: true }),
  min: (step, node, at) => ({ terms: reduced(step, node, at), isExtreme: true }),
  take: (step, node, at) => {
    const places = listedPlaces(step, node, shapeOf(step, node.inputs[0]));
    return places && places.length > at ? { moved: { id: node.inputs[0], at: places[at] } } : null;
  },
  scatter: (step, node, at) => {
    const places = listedPlaces(step, node, node.shape);
    if (!places) return null;
    const terms = places.flatMap((place, k) => (place === at ? [product(step, [{ id: node.inputs[0], at: k }])] : []));
    return { terms };
  },
};
for (const name of MOVED) {
  rules[name] = (step, node, at) => {
    const source = moved(step, node, at);
    return source ? { moved: source } : null;
  };
}
