// The picture of the step: boxes with values and gradients that appear as the operations are played.

import { html, useEffect, useRef, useState } from "./libraries.js";
import { sizeOf } from "./arrays.js";
import { elementText } from "./grids.js";
import { floatText } from "./numbers.js";
import { nextAsked } from "./predict.js";

const LINE = 15;
const PADDING = 8;
const SHOWN = 4;
const MOST_CHARACTERS = 24;

/** The picture for the open modules. @param {import("./record.js").Form} form @param {number} zoom @param {string} open */
export function pictureOf(form, zoom, open) {
  const { pictures } = form.layouts;
  const wanted = zoom <= 2 ? open : "all";
  return pictures[wanted] ?? pictures[""] ?? pictures.all;
}

/** The first numbers of a value; of one that is not in the page, its range. @param {any} step @param {number} id @param {number} [room] in characters */
function preview(step, id, room = MOST_CHARACTERS) {
  const value = step.values[id];
  if (!value) {
    const [low, high] = step.statistics[id];
    return `${floatText(low)} \u2026 ${floatText(high)}`;
  }
  const size = sizeOf(step.form.nodes[id].shape);
  const texts = Array.from({ length: Math.min(SHOWN, size) }, (_, at) => elementText(step, id, at));
  while (texts.join("  ").length > room) texts.pop();
  return texts.join("  ") + (size > texts.length ? " \u2026" : "");
}

/** The graph with pan and zoom. @param {any} props */
export function Graph({ step, state, select, openModule, hover, setHover, isHiding, t }) {
  const picture = pictureOf(step.form, state.zoom, state.open);
  const frame = useRef(/** @type {any} */ (null));
  const [view, setView] = useState({ x: 0, y: 0, scale: 1 });
  const [drag, setDrag] = useState(/** @type {any} */ (null));
  const [size, setSize] = useState(0);
  const { homes } = step.form;
  const boxOf = (/** @type {number} */ id) => picture?.boxes.findIndex((/** @type {any} */ box) => box.ids.includes(homes[id])) ?? -1;
  const asked = isHiding ? nextAsked(step, state.seen) : homes.length;
  const chosen = boxOf(state.op);
  const wanted = asked < homes.length ? boxOf(asked) : chosen;
  useEffect(() => {
    const resize = () => setSize(innerWidth * 10_000 + innerHeight);
    addEventListener("resize", resize);
    return () => removeEventListener("resize", resize);
  }, []);
  useEffect(() => {
    if (picture && frame.current) setView(viewOf(picture, frame.current, Math.max(0, wanted)));
  }, [picture, wanted, size]);
  if (!picture) return html`<section class="graph" aria-label=${t("graph")}><p class="muted">${t("There is no picture of this step.")}</p></section>`;
  const show = (/** @type {number} */ number) => isOutside(picture.boxes[number], view, frame.current) && setView(viewOf(picture, frame.current, number));
  const wheel = (/** @type {WheelEvent} */ event) => {
    event.preventDefault();
    const box = frame.current.getBoundingClientRect();
    const factor = Math.exp(-event.deltaY / 1200);
    const scale = Math.max(0.1, Math.min(4, view.scale * factor));
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    setView({ scale, x: x - ((x - view.x) * scale) / view.scale, y: y - ((y - view.y) * scale) / view.scale });
  };
  const move = (/** @type {PointerEvent} */ event) => {
    if (drag) setView({ ...view, x: drag.x + event.clientX, y: drag.y + event.clientY });
  };
  return html`<section class="graph" aria-label=${t("graph")} ref=${frame} onWheel=${wheel} onPointerMove=${move}
      onPointerDown=${(/** @type {any} */ event) => setDrag({ x: view.x - event.clientX, y: view.y - event.clientY })}
      onPointerUp=${() => setDrag(null)} onPointerLeave=${() => setDrag(null)}>
    <svg width="100%" height="100%" role="group" aria-label=${t("operations and values")}>
      <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse">
        <path d="M0,0L8,4L0,8z" class="tip" /></marker></defs>
      <g transform=${`translate(${view.x},${view.y}) scale(${view.scale})`}>
        ${picture.frames.map((/** @type {any} */ each) => html`<g class="frame"><rect x=${each.x} y=${each.y} width=${each.width} height=${each.height} rx="8" />
          <text x=${each.x + 8} y=${each.y + 14}>${each.title}</text></g>`)}
        ${picture.wires.map((/** @type {[number, number, string]} */ [tail, , path]) => html`<path class=${`wire ${isSeen(picture.boxes[tail], state) ? "" : "unseen"}`} d=${path} marker-end="url(#tip)" />`)}
        ${picture.boxes.map((/** @type {any} */ box, /** @type {number} */ number) =>
          html`<${Box} key=${box.ids[0]} ...${{ box, step, state, select, openModule, setHover, isHiding, t, isSelected: number === chosen, isAsked: asked < homes.length && number === wanted, show: () => show(number), isHovered: box.ids.some((/** @type {number} */ id) => hover.includes(id)) }} />`)}
      </g>
    </svg>
    <div class="tools"><p class="legend"><span class="value">${t("value")}</span> <span class="gradient">${t("gradient")}</span> <span class="update">${t("new value")}</span></p>
      <button onClick=${() => setView(wholeOf(picture, frame.current))}>${t("whole graph")}</button></div>
  </section>`;
}

/** The view in which a box is in sight, as large as can be read. @param {any} picture @param {any} frame @param {number} number */
function viewOf(picture, frame, number) {
  const { clientWidth, clientHeight } = frame;
  const scale = Math.max(0.9, Math.min(1.25, clientWidth / picture.width, clientHeight / picture.height));
  const box = picture.boxes[number];
  const fit = (/** @type {number} */ full, /** @type {number} */ room, /** @type {number} */ middle) =>
    full * scale <= room ? (room - full * scale) / 2 : Math.min(12, Math.max(room - full * scale - 12, room / 2 - middle * scale));
  return { scale, x: fit(picture.width, clientWidth, box.x + box.width / 2), y: fit(picture.height, clientHeight, box.y + box.height / 2) };
}

/** The view of the whole picture. @param {any} picture @param {any} frame */
function wholeOf(picture, frame) {
  const scale = Math.min(1.25, (frame.clientWidth - 20) / picture.width, (frame.clientHeight - 20) / picture.height);
  return { scale, x: (frame.clientWidth - picture.width * scale) / 2, y: (frame.clientHeight - picture.height * scale) / 2 };
}

/** Whether a box is out of sight. @param {any} box @param {any} view @param {any} frame */
function isOutside(box, view, frame) {
  const [x, y] = [view.x + box.x * view.scale, view.y + box.y * view.scale];
  return x < 0 || y < 0 || x + box.width * view.scale > frame.clientWidth || y + box.height * view.scale > frame.clientHeight;
}

/** @param {any} box @param {any} state */
function isSeen(box, state) {
  return box.ids[0] <= state.seen;
}

/** @param {any} props */
function Box({ box, step, state, select, openModule, setHover, isHiding, show, t, isSelected, isAsked, isHovered }) {
  const id = box.ids[0];
  const { form } = step;
  const lines = box.module < 0 ? linesOf(box, step, state, t) : moduleLines(box, step, state, t);
  const isAlarming = box.ids.flatMap((/** @type {number} */ each) => form.residents[each]).some((/** @type {number} */ each) => each <= state.seen && step.statistics[each][6] + step.statistics[each][7] > 0);
  const target = box.module < 0 ? id : lastOf(box, form);
  const act = () => select(target);
  const gradient = form.gradients[target];
  const related = gradient === undefined ? [] : [target, form.homes[form.nodes[gradient].ruleOf ?? target]];
  return html`<g class=${`box ${box.kind} ${isSelected ? "selected" : ""} ${isHovered ? "hovered" : ""} ${isAsked ? "asked" : ""} ${isAlarming ? "alarming" : ""} ${isSeen(box, state) ? "" : "unseen"}`}
      role="button" tabindex="0" data-node=${id} aria-label=${box.title} aria-pressed=${isSelected} onFocus=${show}
      onClick=${(/** @type {any} */ event) => { event.stopPropagation(); act(); }} onDblClick=${() => box.module >= 0 && openModule(box.module)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && (event.stopPropagation(), act())}>
    <rect x=${box.x} y=${box.y} width=${box.width} height=${box.height} rx=${box.kind === "data" ? 0 : 7} />
    <text x=${box.x + PADDING} y=${box.y + PADDING + 10}><tspan class="title">${box.title}</tspan><tspan class="note" dx="6">${box.module < 0 && !(isHiding && !isSeen(box, state)) ? box.note : ""}</tspan></text>
    ${lines.map(([kind, text], line) => html`<text class=${kind} onMouseEnter=${() => kind.startsWith("gradient") && setHover(related)} onMouseLeave=${() => setHover([])}
      onClick=${(/** @type {any} */ event) => { if (kind === "gradient") { event.stopPropagation(); select(gradient); } }} x=${box.x + PADDING} y=${box.y + PADDING + 10 + LINE * (line + 1)}>${text}</text>`)}
  </g>`;
}

/** The operation that gives the value of a module. @param {any} box @param {any} form */
function lastOf(box, form) {
  return Math.max(...box.ids.filter((/** @type {number} */ id) => form.nodes[id].inputs.length));
}

/** @param {any} box @param {any} step @param {any} state @param {any} t @returns {[string, string][]} */
function linesOf(box, step, state, t) {
  const [id, ...more] = box.ids;
  /** @type {[string, string][]} */
  const lines = box.formula ? [["formula", `= ${box.formula}`]] : [];
  if (more.length) return lines;
  if (id <= state.seen) lines.push(["value", preview(step, id)]);
  const gradient = step.form.gradients[id];
  if (gradient !== undefined && gradient <= state.seen) lines.push(["gradient", preview(step, gradient)]);
  const own = step.form.own[id];
  if (own !== undefined && own !== gradient && own <= state.seen) lines.push(["gradient own", `${t("own")} ${preview(step, own, MOST_CHARACTERS - t("own").length - 1)}`]);
  const updated = step.form.updates[id];
  if (updated !== undefined && updated <= state.seen) lines.push(["update", preview(step, updated)]);
  return lines;
}

/** @param {any} box @param {any} step @param {any} state @param {any} t @returns {[string, string][]} */
function moduleLines(box, step, state, t) {
  const last = lastOf(box, step.form);
  const gradient = step.form.gradients[last];
  /** @type {[string, string][]} */
  const lines = [["note", box.note === "1" ? t("1 operation") : t("{count} operations", { count: box.note })]];
  if (last <= state.seen) lines.push(["value", preview(step, last)]);
  if (gradient !== undefined && gradient <= state.seen) lines.push(["gradient", preview(step, gradient)]);
  return lines.slice(0, 2);
}
