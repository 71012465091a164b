// The record of the run: forms of steps, and their values, which are unpacked when a step is shown.

import { indexOf, sizeOf } from "./arrays.js";

/**
 * @typedef {{op: string, kind?: string, phase: string, label?: string, isBracketed?: boolean, name?: string, shape: number[], dtype: string, formula?: string, math?: string,
 *   pieces?: (string|number)[], inputs?: (number|{literal: any})[], parameters?: any, scope?: string,
 *   source?: [string, number, string], runs?: [string, number, string], gradientOf?: number, ruleOf?: number}} Node
 * @typedef {{nodes: Node[], users: number[][], valueOf: Map<number, number>, residents: number[][], homes: number[], loss: number, gradients: Object<string, number>, own: Object<string, number>, undefined: number[], marks: Object<string, Object<string, string>>,
 *   updates: Object<string, number>, layouts: {pictures: Object<string, any>, missing: string[]}}} Form
 * @typedef {{data: ArrayLike<number>, isExact: boolean, exactPlaces?: Set<number>} | null} Value
 * @typedef {{index: number, form: Form, values: Value[], statistics: number[][], noise: Map<number, Set<number>>,
 *   noisyMeans: Set<number>, chosen: Map<number, number>, written: Map<number, [number, Object<string, any>]>, own: Object<string, [string, number, number | null, number, string]>, words: Object<string, Object<string, string>>, hasValues: boolean, width: number}} Step
 */

export const PHASES = ["init", "forward", "loss", "backward", "update"];
const VIEWS = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u1: Uint8Array };

/** @param {string} text @returns {Promise<ArrayBuffer>} */
async function inflated(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

/** The forms of the steps. @param {string} text @returns {Promise<Form[]>} */
export async function formsOf(text) {
  const forms = JSON.parse(new TextDecoder().decode(await inflated(text)));
  for (const form of forms) {
    form.valueOf = new Map();
    for (const [value, gradient] of Object.entries(form.gradients)) {
      const isNamed = form.nodes[gradient].name === `dL/d${form.nodes[Number(value)].name}`;
      if (isNamed || !form.valueOf.has(gradient)) form.valueOf.set(gradient, Number(value));
    }
    for (const picture of /** @type {any[]} */ (Object.values(form.layouts.pictures))) for (const box of picture.boxes) box.ids ||= [...box.cells.flat(), ...box.shared];
    form.users = form.nodes.map(() => []);
    form.residents = form.nodes.map(() => []);
    const undefinedValues = new Set(form.undefined); // what is in them means nothing, also where it is NaN
    form.homes.forEach((/** @type {number} */ home, /** @type {number} */ id) => home >= 0 && !undefinedValues.has(id) && form.residents[home].push(id));
    form.nodes.forEach((/** @type {Node} */ node, /** @type {number} */ id) => {
      node.inputs ||= [];
      for (const input of new Set(node.inputs)) if (typeof input === "number") form.users[input].push(id);
    });
  }
  return forms;
}

/** A step with its values. @param {any} packed @param {Form[]} forms @returns {Promise<Step>} */
export async function stepOf(packed, forms) {
  const bytes = await inflated(packed.chunk);
  const length = new DataView(bytes).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
  const form = forms[packed.form];
  let offset = 8 + length;
  const values = form.nodes.map((node, id) => {
    const count = sizeOf(node.shape);
    const encoding = head.encodings[id];
    if (!encoding) return null;
    const View = encoding === "level" ? Uint8Array : VIEWS[/** @type {keyof VIEWS} */ (encoding)];
    const data = new View(bytes, offset, count);
    offset += Math.ceil(data.byteLength / 8) * 8;
    if (encoding !== "level") return { data, isExact: true };
    const [low, high] = head.statistics[id];
    const approximate = Float64Array.from(data, (level) => low + ((high - low) * level) / 254);
    const [places, texts] = head.exact.numbers[id] ?? [[], []];
    places.forEach((/** @type {number} */ place, /** @type {number} */ k) => (approximate[place] = numberOfText(texts[k], node.dtype)));
    return { data: approximate, isExact: false, exactPlaces: new Set(places) };
  });
  const noise = new Map(Object.entries(head.noise).map(([id, places]) => [Number(id), new Set(/** @type {number[]} */ (places))]));
  const statistics = head.statistics.map((/** @type {any[]} */ row) => row.map(Number));
  const chosen = new Map(Object.entries(head.exact.chosen).map(([id, at]) => [Number(id), Number(at)]));
  const written = new Map(Object.entries(head.written).map(([id, found]) => [Number(id), found]));
  const noisyMeans = new Set(head.noisyMeans);
  return { index: packed.index, form, values, statistics, noise, noisyMeans, chosen, written, own: head.own, words: head.words, hasValues: packed.hasValues, width: packed.width };
}

/** A number as Python writes it. @param {string} text @param {string} dtype */
function numberOfText(text, dtype) {
  const words = { nan: NaN, inf: Infinity, "-inf": -Infinity, True: 1, False: 0 };
  const number = words[/** @type {keyof words} */ (text)] ?? Number(text);
  return dtype === "float32" ? Math.fround(number) : number;
}

/** Whether the page has the exact number of an element. @param {Value} value @param {number} at */
export function isExactAt(value, at) {
  return Boolean(value && (value.isExact || value.exactPlaces?.has(at)));
}

/** An element as it is written: `W1[0,2]`. @param {Node} node @param {number} id @param {number} at */
export function elementName(node, id, at) {
  const name = node.label || `#${id}`;
  if (!node.shape.length) return name;
  return `${node.isBracketed ? `(${name})` : name}[${indexOf(node.shape, at).join(",")}]`;
}

/** The number of an operation: `0:049`. @param {Step} step @param {number} id */
export function numberOf(step, id) {
  return `${step.index}:${String(id).padStart(step.width, "0")}`;
}
