// The operations of the step as a line of ticks, and the loss of all steps.

import { html, Plot, useEffect, useMemo, useRef } from "./libraries.js";
import { floatText } from "./numbers.js";
import { PHASES } from "./record.js";

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
  const place = useRef(null);
  const plot = useRef(/** @type {any} */ (null));
  const values = losses.map((/** @type {any} */ loss) => (typeof loss === "number" ? loss : null));
  useEffect(() => {
    if (losses.length < 2) return undefined;
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--curve");
    const options = {
      width: 240, height: 44, legend: { show: false }, axes: [{ show: false }, { show: false }], cursor: { y: false, drag: { x: false } },
      scales: { x: { time: false } }, padding: [4, 6, 4, 6],
      series: [{}, { stroke: colour, width: 2, points: { show: losses.length < 60 } }],
    };
    plot.current = new Plot(options, [losses.map((/** @type {any} */ _, /** @type {number} */ at) => at), values], place.current);
    return () => plot.current.destroy();
  }, [losses]);
  if (losses.length < 2) return null;
  const click = () => plot.current?.cursor.idx != null && go(plot.current.cursor.idx);
  const part = current / (losses.length - 1);
  return html`<div class="curve" role="img" aria-label=${t("loss of {count} steps, now {loss}", { count: losses.length, loss: floatText(Number(losses[current])) })} onClick=${click}>
    <div ref=${place}></div><svg class="cursor" viewBox="0 0 240 44"><line x1=${6 + part * 228} x2=${6 + part * 228} y1="0" y2="44" /></svg></div>`;
}
