// Operations of PyTorch computed in the page, for what-if: those of small networks, their losses and optimizers.

import { broadcastPosition, sizeOf } from "./arrays.js";
import { made, product, reducedBy, total } from "./kernels.js";

/** @typedef {import("./kernels.js").Operand} Operand @typedef {import("./record.js").Node} Node */

const MEAN = 1; // `reduction` of a loss

/** @type {Object<string, (x: number, y: number, z: number, factor: number) => number>} by the names without `aten.`; a multiple comes last */
const ELEMENTWISE = {
  add: (x, y, alpha) => x + (alpha ?? 1) * y, sub: (x, y, alpha) => x - (alpha ?? 1) * y, mul: (x, y) => x * y, div: (x, y) => x / y,
  pow: (x, y) => x ** y, neg: (x) => -x, exp: Math.exp, log: Math.log, sqrt: Math.sqrt,
  tanh: Math.tanh, tanh_backward: (g, y) => g * (1 - y * y), sigmoid: (x) => 1 / (1 + Math.exp(-x)), sigmoid_backward: (g, y) => g * y * (1 - y),
  relu: (x) => (x > 0 || Number.isNaN(x) ? x : 0), threshold_backward: (g, x, least) => (x > least ? g : 0), ones_like: () => 1, zeros_like: () => 0,
  lerp: (x, y, weight) => x + weight * (y - x), addcmul: (x, y, z, value) => x + (value ?? 1) * y * z, addcdiv: (x, y, z, value) => x + ((value ?? 1) * y) / z,
  detach: (x) => x, clone: (x) => x, expand: (x) => x,
};

/** @type {Object<string, (inputs: Operand[], node: Node) => ArrayLike<number>>} */
const OTHERS = {
  mm: product,
  addmm: ([bias, x, y], { shape }) => {
    const found = product([x, y]);
    return made(shape, (index, at) => found[at] + bias.data[broadcastPosition(bias.shape, index)]);
  },
  t: ([x], { shape }) => made(shape, (index) => x.data[shape.length === 2 ? index[1] * shape[0] + index[0] : index[0]]),
  view: ([x]) => x.data, reshape: ([x]) => x.data, _unsafe_view: ([x]) => x.data,
  sum: ([x], { shape, parameters }) => reducedBy(total, x, shape, parameters),
  mean: ([x], { shape, parameters }) => reducedBy((list) => total(list) / list.length, x, shape, parameters),
  _softmax: ([x, axis]) => lanes(x, axis, logOfSum, (each, sum) => Math.exp(each - sum)),
  _softmax_backward_data: ([g, y, axis]) =>
    lanes({ data: made(g.shape, (_, at) => g.data[at] * y.data[at]), shape: g.shape }, axis, total, (each, sum, at) => each - y.data[at] * sum),
  _log_softmax: ([x, axis]) => lanes(x, axis, logOfSum, (each, sum) => each - sum),
  _log_softmax_backward_data: ([g, y, axis]) => lanes(g, axis, total, (each, sum, at) => each - Math.exp(y.data[at]) * sum),
  nll_loss_forward: ([x, labels, , ignored], { parameters }) => {
    const losses = Array.from(labels.data).flatMap((label, row) => (label === ignored.data[0] ? [] : [-x.data[row * x.shape[1] + label]]));
    return [parameters.output ? losses.length : total(losses) / losses.length];
  },
  nll_loss_backward: ([g, x, labels, , ignored, count]) =>
    made(x.shape, ([row, column]) => (labels.data[row] === column && column !== ignored.data[0] ? -g.data[0] / count.data[0] : 0)),
  mse_loss: ([x, y]) => [total(Array.from(x.data, (each, at) => (each - y.data[at]) ** 2)) / x.data.length],
  mse_loss_backward: ([g, x, y]) => made(x.shape, (_, at) => (2 * (x.data[at] - y.data[at]) * g.data[0]) / x.data.length),
};

/** The position of the prediction among the inputs of a loss, that of its reduction, and the most inputs, without weights. @type {Object<string, number[]>} */
const LOSSES = { nll_loss_forward: [0, 2, 4], nll_loss_backward: [1, 3, 6], mse_loss: [0, 2, 3], mse_loss_backward: [1, 3, 4] };

/** The name of an operation of PyTorch: `add` of `aten.add_.Tensor`; empty for others. @param {string} op */
function nameOf(op) {
  return /^aten\.(\w+?)_?(\.|$)/.exec(op)?.[1] ?? "";
}

/** Whether the page can compute an operation of PyTorch. @param {Node} node @param {Node[]} nodes */
export function hasTorchKernel(node, nodes) {
  const name = nameOf(node.op);
  const inputs = /** @type {(number | {literal: any})[]} */ (node.inputs);
  const shapes = inputs.map((input) => (typeof input === "number" ? nodes[input].shape : []));
  if (name in LOSSES) {
    const [first, reduction, most] = LOSSES[name];
    const given = inputs[reduction];
    const isMean = given === undefined || (typeof given === "object" && Number(given.literal) === MEAN);
    return isMean && inputs.length <= most && (name[0] === "m" ? sizeOf(shapes[first]) === sizeOf(shapes[first + 1]) : shapes[first].length === 2);
  }
  if (name === "addmm" && inputs.length > 3) return false; // multiples
  const options = Object.keys(node.parameters?.options ?? {});
  return (name in ELEMENTWISE && options.every((option) => /^(alpha|value|memory_format)$/.test(option))) || name in OTHERS;
}

/** The value of an operation of PyTorch. @param {Node} node @param {Operand[]} inputs */
export function computedByTorch(node, inputs) {
  const name = nameOf(node.op);
  if (name in OTHERS) return OTHERS[name](inputs, node);
  return made(node.shape, (index) => {
    const [x, y, z, factor] = inputs.map((input) => input.data[broadcastPosition(input.shape, index)]);
    return ELEMENTWISE[name](x, y, z, factor);
  });
}

/** The logarithm of a sum of exponentials. @param {number[]} list */
function logOfSum(list) {
  const most = Math.max(...list);
  return most + Math.log(total(list.map((each) => Math.exp(each - most))));
}

/** What each element is with the result of its lane along an axis. @param {Operand} x @param {Operand} axis @param {(list: number[]) => number} reduce @param {(each: number, found: number, at: number) => number} element */
function lanes(x, axis, reduce, element) {
  const along = (axis.data[0] + x.shape.length) % x.shape.length;
  const shape = x.shape.map((side, each) => (each === along ? 1 : side));
  const found = reducedBy(reduce, x, shape, { axis: along });
  return made(x.shape, (index, at) => element(x.data[at], found[broadcastPosition(shape, index)], at));
}
