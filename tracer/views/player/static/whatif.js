// What if a parameter had another value: the step is computed again in the page. What is shown then was not recorded.

import { html, useMemo } from "./libraries.js";
import { sizeOf } from "./arrays.js";
import { floatText } from "./numbers.js";
import { elementName } from "./record.js";
import { computed, hasKernel, inPrecision, spread, total } from "./kernels.js";
import { computedByTorch, hasTorchKernel } from "./torchkernels.js";

const MOST_NUMBERS = 60_000;
const POINTS = 41;
const TOLERANCES = /** @type {Object<string, number>} */ ({ float64: 1e-9, float32: 1e-4 });

/** The edits in the address: `node.position.value` for each. @param {string} text @returns {[number, number, number][]} */
export function editsOf(text) {
  const edits = text.split("_").map((edit) => /** @type {[number, number, number]} */ (edit.split("~").map((each) => (each === "" ? NaN : Number(each)))));
  return edits.filter((edit) => edit.length === 3 && edit.every(Number.isFinite));
}

/** The edits with that of one element replaced; without it if it has its recorded value. @param {string} text @param {number} id @param {number} at @param {number | null} value */
export function edited(text, id, at, value) {
  const others = editsOf(text).filter(([node, place]) => node !== id || place !== at);
  const all = value === null ? others : [...others, /** @type {[number, number, number]} */ ([id, at, value])];
  return all.map((edit) => edit.join("~")).join("_");
}

/** @typedef {[string, Object<string, any>] | null} Reason a text and its fields; null for none */

/** @type {WeakMap<import("./record.js").Step, {reason: Reason}>} the steps that were computed again once, to see whether that is possible */
const known = new WeakMap();

/** Why the page cannot compute a step again; null if it can: it has all values and operations, and these give what was recorded. @param {import("./record.js").Step} step */
export function whyNotRecomputed(step) {
  const found = known.get(step) ?? { reason: obstacle(step) };
  known.set(step, found);
  return found.reason;
}

/** @param {import("./record.js").Step} step @returns {Reason} */
function obstacle(step) {
  const { nodes } = step.form;
  const nameOf = (/** @type {number} */ id) => nodes[id].label || `#${id}`;
  const count = nodes.reduce((sum, node) => sum + sizeOf(node.shape), 0);
  if (count > MOST_NUMBERS) return ["the step has {count} numbers, more than {most}", { count: count.toLocaleString("en"), most: MOST_NUMBERS.toLocaleString("en") }];
  const missing = nodes.findIndex((node, id) => !step.values[id]?.isExact && sizeOf(node.shape));
  if (missing >= 0) return ["the page does not have all numbers of {name}", { name: nameOf(missing) }];
  const unknown = nodes.findIndex((node) => node.inputs?.length && !hasKernel(node, nodes) && !hasTorchKernel(node, nodes));
  if (unknown >= 0) return ["the page has no rule for {op}, which {name} is computed by", { op: nodes[unknown].op, name: nameOf(unknown) }];
  const again = recomputed(step, [], true);
  const other = nodes.findIndex((node, id) => !isClose(again.values[id]?.data ?? [], step.values[id]?.data ?? [], TOLERANCES[node.dtype] ?? 1e-9));
  return other >= 0 ? ["{name}, computed again in the page, differs from what was recorded", { name: nameOf(other) }] : null;
}

/** @param {ArrayLike<number>} one @param {ArrayLike<number>} other @param {number} tolerance */
function isClose(one, other, tolerance) {
  const scale = Array.from(other).reduce((largest, each) => (Number.isFinite(each) ? Math.max(largest, Math.abs(each)) : largest), 1e-12);
  return one.length === other.length && Array.from(one).every((each, at) => each === other[at] || Math.abs(each - other[at]) <= tolerance * scale || (Number.isNaN(each) && Number.isNaN(other[at])));
}

/**
 * The step with edits: every operation that depends on one is computed again, with `all` every operation, up to the one `until`.
 * @param {import("./record.js").Step} step @param {[number, number, number][]} edits @param {boolean} [all] @param {number} [until]
 * @returns {import("./record.js").Step}
 */
export function recomputed(step, edits, all = false, until = Infinity) {
  const { nodes } = step.form;
  const values = [...step.values];
  const statistics = [...step.statistics];
  const noise = new Map(step.noise);
  const changed = new Set();
  for (const [id, at, value] of edits) {
    const old = values[id];
    if (!old || at >= old.data.length) continue;
    const data = nodes[id].dtype === "float32" ? Float32Array.from(old.data) : Float64Array.from(old.data);
    data[at] = value;
    values[id] = { data, isExact: true };
    changed.add(id);
  }
  nodes.forEach((node, id) => {
    if (id > until) return;
    const inputs = node.inputs || [];
    if (inputs.length && (all || inputs.some((input) => changed.has(input)))) {
      const operands = inputs.map((input) => (typeof input === "number"
        ? { data: values[input]?.data ?? [], shape: nodes[input].shape }
        : { data: [input.literal === null ? NaN : Number(input.literal)], shape: [] }));
      values[id] = { data: hasTorchKernel(node, nodes) ? inPrecision(node, computedByTorch(node, operands)) : computed(node, operands), isExact: true };
      changed.add(id);
    }
    if (changed.has(id)) {
      noise.delete(id);
      statistics[id] = statisticsOf(values[id]?.data ?? []);
    }
  });
  return { ...step, values, statistics, noise, noisyMeans: new Set(), written: new Map(), own: {}, words: {} };
}

/** @param {ArrayLike<number>} data */
function statisticsOf(data) {
  const all = Array.from(data);
  const finite = all.filter(Number.isFinite);
  const mean = total(finite) / finite.length;
  const norm = Math.sqrt(total(finite.map((each) => each * each)));
  const nans = all.filter(Number.isNaN).length;
  return [Math.min(...finite), Math.max(...finite), mean, Math.sqrt(spread(finite)), norm, finite.filter((each) => each === 0).length, nans, all.length - finite.length - nans];
}

/** The loss of a step. @param {import("./record.js").Step} step */
export function lossOf(step) {
  return step.values[step.form.loss]?.data[0] ?? NaN;
}

/** The slider of one element of a parameter, and the loss along it with the tangent. @param {any} props */
export function WhatIf({ recorded, state, edit, isExercise, t }) {
  const { op: id, at } = state;
  const node = recorded.form.nodes[id];
  const gradientId = recorded.form.gradients[id];
  const isParameter = node.op === "parameter" && gradientId !== undefined;
  const reason = isParameter && !isExercise && whyNotRecomputed(recorded);
  const possible = isParameter && !isExercise && !reason;
  const edits = editsOf(state.edits);
  const otherEdits = edited(state.edits, id, at, null);
  const others = editsOf(otherEdits);
  const base = possible ? recorded.values[id].data[at] : 0;
  const reach = Math.max(0.5, 2 * Math.abs(base));
  const curve = useMemo(() => possible ? Array.from({ length: POINTS }, (_, k) => {
    const x = base - reach + (2 * reach * k) / (POINTS - 1);
    return [x, lossOf(recomputed(recorded, [...others, [id, at, x]], false, recorded.form.loss))];
  }) : [], [recorded, possible, id, at, otherEdits]); // not again while this element moves
  if (!isParameter) return null;
  if (isExercise) return html`<p class="muted">${t("What if: not in an exercise.")}</p>`;
  if (reason) return html`<p class="muted">${t("What if: this step cannot be computed in the page: {reason}.", { reason: t(...reason) })}</p>`;
  const now = edits.find(([other, place]) => other === id && place === at)?.[2] ?? base;
  const here = others.length ? recomputed(recorded, others) : recorded;
  const slope = here.values[gradientId]?.data[at] ?? NaN;
  const before = lossOf(here);
  const after = lossOf(recomputed(recorded, [...others, [id, at, now]], false, recorded.form.loss));
  const name = elementName(node, id, at);
  return html`<section class="whatif" aria-label=${t("what if")}><h3>${t("what if")} <span class="muted">${t("recomputed, not recorded")}</span></h3>
    <label>${name} = <input type="number" step="any" value=${Number(now.toPrecision(6))} aria-label=${t("new value of {name}", { name })}
        onChange=${(/** @type {any} */ event) => edit(id, at, event.target.value === "" ? null : Math.max(-1e6, Math.min(1e6, Number(event.target.value))))} />
      <input type="range" min=${base - reach} max=${base + reach} step=${reach / 500} value=${now} aria-label=${name}
        onInput=${(/** @type {any} */ event) => edit(id, at, Number(event.target.value))} /></label>
    <p>${now === base ? t("Move the slider, or type a number.") : t("change of the loss {change}; gradient times change {predicted}", { change: floatText(after - before), predicted: floatText(slope * (now - base)) })}
 ${now === base ? "" : html`<button onClick=${() => edit(id, at, null)}>${t("undo")}</button>`}</p>
    <${Along} ...${{ curve, base, before, slope, now, after, t }} /></section>`;
}

/** The loss along one element, its tangent at the recorded value, and the current point. @param {any} props */
function Along({ curve, base, before, slope, now, after, t }) {
  /** @type {[number, number][]} */
  const finite = curve.filter((/** @type {[number, number]} */ [, loss]) => Number.isFinite(loss));
  if (finite.length < 2) return null;
  const [low, high] = [Math.min(...finite.map(([, loss]) => loss)), Math.max(...finite.map(([, loss]) => loss))];
  const [left, right] = [curve[0][0], curve[curve.length - 1][0]];
  const x = (/** @type {number} */ value) => 10 + (370 * (value - left)) / (right - left);
  const y = (/** @type {number} */ value) => 90 - (80 * (value - low)) / (high - low || 1);
  const tangent = (/** @type {number} */ value) => before + slope * (value - base);
  return html`<svg class="along" viewBox="0 0 390 100" role="img" aria-label=${t("loss along this element, with its tangent")}>
    <polyline class="loss" points=${finite.map(([value, loss]) => `${x(value)},${y(loss)}`).join(" ")} />
    <line class="tangent" x1=${x(left)} y1=${y(tangent(left))} x2=${x(right)} y2=${y(tangent(right))} />
    <text x="12" y="12">${t("loss")} ${floatText(high)}</text><text x="12" y="97">${floatText(low)}</text><text x="386" y="97" text-anchor="end">${floatText(left)} \u2026 ${floatText(right)}</text>
    <circle class="recorded" cx=${x(base)} cy=${y(before)} r="4" /><circle class="now" cx=${Math.max(0, Math.min(390, x(now)))} cy=${Math.max(0, Math.min(100, y(after)))} r="5" /></svg>`;
}
