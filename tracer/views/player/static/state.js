// The one state of the page. It stands in the address, so that a link restores a moment.

/**
 * @typedef {{step: number, op: number, seen: number, at: number, zoom: number, open: string, mode: string, lang: string,
 *   theme: string, trail: string, edits: string}} State
 */

const NUMBERS = ["step", "op", "seen", "at", "zoom"];
const WORDS = ["open", "mode", "lang", "theme", "trail", "edits"];

/** The state in an address; what is missing or makes no sense is as in `first`. @param {string} hash @param {State} first @returns {State} */
export function stateOf(hash, first) {
  const found = /** @type {any} */ ({ ...first });
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (!(name in first)) continue;
    if (!NUMBERS.includes(name)) found[name] = text;
    else if (/^\d+$/.test(text)) found[name] = Number(text);
  }
  return found;
}

/** The address of a state. @param {State} state */
export function hashOf(state) {
  const known = /** @type {any} */ (state);
  const fields = [...NUMBERS, ...WORDS].filter((name) => known[name] !== "" && known[name] !== 0);
  return `#${new URLSearchParams(fields.map((name) => [name, String(known[name])]))}`;
}

/** The state with what is outside of the run or a step moved into it. @param {State} state @param {import("./record.js").Step | null} step @param {number} steps @returns {State} */
export function within(state, step, steps) {
  const inside = { ...state, step: Math.min(state.step, steps - 1), zoom: Math.max(1, Math.min(4, state.zoom)) };
  if (!step) return inside;
  const last = step.form.nodes.length - 1;
  const op = Math.min(state.op, last);
  const size = step.form.nodes[op].shape.reduce((product, side) => product * side, 1);
  return { ...inside, op, seen: Math.max(op, Math.min(state.seen, last)), at: Math.min(state.at, Math.max(0, size - 1)) };
}

/** The places that led here, oldest first. @param {string} trail @returns {[number, number][]} */
export function placesOf(trail) {
  return trail.split("_").filter(Boolean).map((place) => /** @type {[number, number]} */ (place.split(".").map(Number)));
}

/** The state at another element; the way back to this one is kept. @param {State} state @param {number} op @param {number} at @returns {State} */
export function entered(state, op, at) {
  const trail = [...placesOf(state.trail), [state.op, state.at]].slice(-12).map((place) => place.join("."));
  return { ...state, op, at, seen: Math.max(state.seen, op), trail: trail.join("_") };
}

/** The state before the last element was entered. @param {State} state @returns {State} */
export function left(state) {
  const places = placesOf(state.trail);
  const last = places.pop();
  return last ? { ...state, op: last[0], at: last[1], trail: places.map((place) => place.join(".")).join("_") } : state;
}
