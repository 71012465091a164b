// The operations of the step as a line of ticks, and the loss of all steps.

import { html, useMemo, useRef } from "./libraries.js";
import { floatText } from "./numbers.js";
import { PHASES } from "./record.js";

const EDGE = 0.025; // of the width of the curve, free on both sides

/** A tick an operation, coloured by phase; the playhead stands on the selected one. @param {any} props */
export function Timeline({ step, state, select, t }) {
  const { nodes } = step.form;
  const line = useRef(null);
  const drag = useRef(false);
  const at = (/** @type {PointerEvent} */ event) => {
    const box = line.current.getBoundingClientRect();
    const part = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    select(Math.min(nodes.length - 1, Math.floor(part * nodes.length)), { isPlaying: true });
  };
  const ticks = useMemo(() => PHASES.map((phase) => html`<path class=${`tick ${phase}`} d=${pathOf(nodes, phase)} />`), [nodes]);
  return html`<div class="timeline" role="slider" tabindex="0" aria-label=${t("operations")} aria-valuemin="0" aria-valuemax=${nodes.length - 1} aria-valuenow=${state.seen}
      aria-valuetext=${`${t(nodes[state.op].phase)} ${nodes[state.op].label}`} ref=${line}
      onPointerDown=${(/** @type {PointerEvent} */ event) => { drag.current = true; at(event); }} onPointerMove=${(/** @type {PointerEvent} */ event) => drag.current && at(event)}
      onPointerUp=${() => (drag.current = false)} onPointerLeave=${() => (drag.current = false)}>
    <svg viewBox=${`0 0 ${nodes.length} 1`} preserveAspectRatio="none" width="100%" height="100%">
      ${ticks}
      <rect class="future" x=${state.seen + 1} y="0" width=${Math.max(0, nodes.length - state.seen - 1)} height="1" />
      <rect class="playhead" x=${state.op} y="0" width="1" height="1" />
    </svg></div>`;
}

/** The ticks of a phase as path data. @param {any[]} nodes @param {string} phase */
function pathOf(nodes, phase) {
  return nodes.map((node, id) => (node.phase === phase ? `M${id + 0.5},0V1` : "")).join("");
}

/** The loss of the steps as a curve; a click goes to a step. @param {any} props */
export function Curve({ losses, current, go, t }) {
  const path = useMemo(() => curveOf(losses), [losses]);
  if (losses.length < 2) return null;
  const click = (/** @type {any} */ event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const part = ((event.clientX - box.left) / box.width - EDGE) / (1 - 2 * EDGE);
    go(Math.max(0, Math.min(losses.length - 1, Math.round(part * (losses.length - 1)))));
  };
  const at = acrossOf(current, losses.length);
  return html`<svg class="curve" viewBox="0 0 240 44" preserveAspectRatio="none" role="img" onClick=${click}
    aria-label=${t("loss of {count} steps, now {loss}", { count: losses.length, loss: floatText(Number(losses[current])) })}>
    <path d=${path} /><line x1=${at} x2=${at} y1="0" y2="44" /></svg>`;
}

/** Where a step is across the curve. @param {number} at @param {number} count */
function acrossOf(at, count) {
  return 240 * (EDGE + ((1 - 2 * EDGE) * at) / (count - 1));
}

/** The curve as path data, with a gap where the loss is not a finite number. @param {any[]} losses */
function curveOf(losses) {
  const isKnown = (/** @type {number} */ at) => typeof losses[at] === "number";
  const known = losses.filter((loss) => typeof loss === "number");
  const low = known.reduce((least, loss) => Math.min(least, loss), Infinity);
  const high = known.reduce((most, loss) => Math.max(most, loss), -Infinity);
  const height = (/** @type {number} */ loss) => (high > low ? 40 - (36 * (loss - low)) / (high - low) : 22);
  return losses.map((loss, at) => (isKnown(at) ? `${isKnown(at - 1) ? "L" : "M"}${acrossOf(at, losses.length)},${height(loss)}h0` : "")).join("");
}
