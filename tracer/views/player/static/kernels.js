// Operations computed in the page, for what-if. Values are arrays in the order of rows; each operation is one entry of a table.

import { broadcastPosition, indexOf, listedPosition, positionOf, reducedAxes, sizeOf } from "./arrays.js";

/** @typedef {{data: ArrayLike<number>, shape: number[]}} Operand An input with its shape; a number of the program has none. */

/** @type {Object<string, (x: number, y: number, z: number) => number>} */
const ELEMENTWISE = {
  add: (x, y) => x + y, subtract: (x, y) => x - y, multiply: (x, y) => x * y, divide: (x, y) => x / y, power: (x, y) => x ** y,
  negative: (x) => -x, positive: (x) => x, square: (x) => x * x, sqrt: Math.sqrt, exp: Math.exp, log: Math.log, log1p: Math.log1p,
  expm1: Math.expm1, tanh: Math.tanh, sin: Math.sin, cos: Math.cos, absolute: Math.abs, sign: Math.sign, reciprocal: (x) => 1 / x,
  maximum: (x, y) => Math.max(x, y), minimum: (x, y) => Math.min(x, y), equal: (x, y) => Number(x === y), not_equal: (x, y) => Number(x !== y),
  greater: (x, y) => Number(x > y), greater_equal: (x, y) => Number(x >= y), less: (x, y) => Number(x < y), less_equal: (x, y) => Number(x <= y),
  logical_and: (x, y) => Number(x && y), logical_or: (x, y) => Number(x || y), logical_not: (x) => Number(!x), where: (x, y, z) => (x ? y : z),
  astype: (x) => x, stop_gradient: (x) => x, copy: (x) => x,
  clip: (x, low, high) => (Number.isNaN(x) ? x : Math.min(Math.max(x, Number.isNaN(low) ? -Infinity : low), Number.isNaN(high) ? Infinity : high)),
};

/** @type {Object<string, (list: number[], parameters: any) => number>} */
const REDUCTIONS = {
  sum: total,
  mean: (list) => total(list) / list.length,
  max: (list) => list.reduce((best, each) => (each > best || Number.isNaN(each) ? each : best)),
  min: (list) => list.reduce((best, each) => (each < best || Number.isNaN(each) ? each : best)),
  std: (list, parameters) => Math.sqrt(spread(list, parameters)),
  var: spread,
};

/** @type {Object<string, (inputs: Operand[], shape: number[], parameters: any) => ArrayLike<number>>} */
const OTHERS = {
  matmul: product,
  dot: product,
  transpose: ([x], shape, parameters) => {
    const axes = parameters?.axes ?? x.shape.map((_, axis) => x.shape.length - 1 - axis);
    return made(shape, (index) => x.data[positionOf(x.shape, x.shape.map((_, axis) => index[axes.indexOf(axis)]))]);
  },
  broadcast_to: ([x], shape) => made(shape, (index) => x.data[broadcastPosition(x.shape, index)]),
  reshape: ([x]) => x.data, squeeze: ([x]) => x.data, expand_dims: ([x]) => x.data, ravel: ([x]) => x.data,
  take: ([x, ...lists]) => Array.from(lists[0].data, (_, k) => x.data[listedPosition(x.shape, lists, k)]),
  scatter: ([x, ...lists], shape) => {
    const sums = new Float64Array(sizeOf(shape));
    Array.from(lists[0].data).forEach((_, k) => (sums[listedPosition(shape, lists, k)] += x.data[k]));
    return sums;
  },
};

/** Whether the page can compute an operation. @param {import("./record.js").Node} node @param {import("./record.js").Node[]} nodes */
export function hasKernel(node, nodes) {
  if (node.op in ELEMENTWISE || node.op in REDUCTIONS) return true;
  const shapes = (node.inputs || []).map((input) => (typeof input === "number" ? nodes[input].shape : []));
  if (node.op === "matmul" || node.op === "dot") return shapes.every((shape) => shape.length === 1 || shape.length === 2);
  if (node.op === "take") return hasListPerAxis(node, shapes[0], shapes);
  if (node.op === "scatter") return hasListPerAxis(node, node.shape, shapes);
  return node.op in OTHERS;
}

/** Whether each axis of an array is indexed by a list, all of one length. @param {any} node @param {number[]} shape @param {number[][]} shapes */
function hasListPerAxis(node, shape, shapes) {
  const kinds = node.parameters?.index ?? [];
  return kinds.every((/** @type {any} */ kind) => kind === "array") && shapes.length === shape.length + 1 && shapes.slice(1).every((each) => each.length === 1 && each[0] === shapes[1][0]);
}

/** The value of an operation, in the precision of its dtype. @param {import("./record.js").Node} node @param {Operand[]} inputs */
export function computed(node, inputs) {
  const { op, shape, parameters } = node;
  let data;
  if (op in ELEMENTWISE) {
    data = made(shape, (index) => {
      const [x, y, z] = inputs.map((input) => input.data[broadcastPosition(input.shape, index)]);
      return ELEMENTWISE[op](x, y, z);
    });
  } else if (op in REDUCTIONS) {
    data = reducedBy(REDUCTIONS[op], inputs[0], shape, parameters);
  } else {
    data = OTHERS[op](inputs, shape, parameters);
  }
  return inPrecision(node, data);
}

/** Numbers in the precision of an operation. @param {import("./record.js").Node} node @param {ArrayLike<number>} data */
export function inPrecision(node, data) {
  return node.dtype === "float32" ? Float32Array.from(data) : Float64Array.from(data);
}

/** An array of the elements at its positions. @param {number[]} shape @param {(index: number[], at: number) => number} element */
export function made(shape, element) {
  return Float64Array.from({ length: sizeOf(shape) }, (_, at) => element(indexOf(shape, at), at));
}

/** An array reduced along axes. @param {(list: number[], parameters: any) => number} reduce @param {Operand} x @param {number[]} shape @param {any} parameters */
export function reducedBy(reduce, x, shape, parameters) {
  const axes = reducedAxes(x.shape, parameters);
  /** @type {number[][]} */
  const lists = Array.from({ length: sizeOf(shape) }, () => []);
  const kept = x.shape.map((side, axis) => (axes.has(axis) ? 1 : side));
  for (let at = 0; at < x.data.length; at += 1) {
    const index = indexOf(x.shape, at).map((each, axis) => (axes.has(axis) ? 0 : each));
    lists[positionOf(kept, index)].push(x.data[at]);
  }
  return lists.map((list) => reduce(list, parameters));
}

/** The sum. @param {number[]} list */
export function total(list) {
  return list.reduce((sum, each) => sum + each, 0);
}

/** The variance. @param {number[]} list @param {any} [parameters] */
export function spread(list, parameters) {
  const mean = total(list) / list.length;
  return total(list.map((each) => (each - mean) ** 2)) / (list.length - (parameters?.ddof ?? 0));
}

/** A product of matrices or vectors. @param {Operand[]} inputs */
export function product([x, y]) {
  const rows = x.shape.length === 2 ? x.shape[0] : 1;
  const inner = x.shape[x.shape.length - 1];
  const columns = y.shape.length === 2 ? y.shape[1] : 1;
  const data = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      let sum = 0;
      for (let k = 0; k < inner; k += 1) sum += x.data[row * inner + k] * y.data[k * columns + column];
      data[row * columns + column] = sum;
    }
  }
  return data;
}
