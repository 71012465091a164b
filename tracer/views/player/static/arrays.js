// Positions in arrays, which are in the order of rows.

/** The number of elements. @param {number[]} shape */
export function sizeOf(shape) {
  return shape.reduce((size, side) => size * side, 1);
}

/** The index of an element, by its position in the order of rows. @param {number[]} shape @param {number} at @returns {number[]} */
export function indexOf(shape, at) {
  const index = [];
  for (const side of [...shape].reverse()) {
    index.unshift(at % side);
    at = Math.floor(at / side);
  }
  return index;
}

/** The position of an element in the order of rows. @param {number[]} shape @param {number[]} index */
export function positionOf(shape, index) {
  return index.reduce((at, each, axis) => at * shape[axis] + each, 0);
}

/** The position in an array that is broadcast to an index. @param {number[]} shape @param {number[]} index */
export function broadcastPosition(shape, index) {
  const skipped = index.length - shape.length;
  let at = 0;
  for (let axis = 0; axis < shape.length; axis += 1) at = at * shape[axis] + (shape[axis] === 1 ? 0 : index[axis + skipped]);
  return at;
}

/** The axes that a reduction removes: those of its parameters, or all. @param {number[]} shape @param {any} parameters @returns {Set<number>} */
export function reducedAxes(shape, parameters) {
  const given = parameters?.axis;
  return new Set((given == null ? shape.map((_, axis) => axis) : [given].flat()).map((axis) => (axis + shape.length) % shape.length));
}

/** The position that the k-th entries of lists of indices name, one list an axis. @param {number[]} shape @param {{data: ArrayLike<number>}[]} lists @param {number} k */
export function listedPosition(shape, lists, k) {
  return positionOf(shape, lists.map((list, axis) => (list.data[k] + shape[axis]) % shape[axis]));
}

/** Whether two arrays have one shape. @param {{shape: number[]}} one @param {{shape: number[]}} other */
export function isSameShape(one, other) {
  return one.shape.join() === other.shape.join();
}
