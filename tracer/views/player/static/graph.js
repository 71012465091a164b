// The picture of the step: boxes with values and gradients that appear as the operations are played.

import { html, useEffect, useMemo, useRef, useState } from "./libraries.js";
import { sizeOf } from "./arrays.js";
import { elementText } from "./grids.js";
import { floatText } from "./numbers.js";
import { nextAsked } from "./predict.js";
import { Stepper, boxesAt, numbersOf, sameIn, titleText } from "./repeats.js";
import { gestures, isOutside, viewOf, wholeOf } from "./view.js";

const LINE = 15;
const PADDING = 8;
const WIDE = 7.3;
const SHOWN = 4;
const MOST_CHARACTERS = 24;

/** The picture for the open modules, or one in its place. @param {import("./record.js").Form} form @param {number} zoom @param {string} open */
export function pictureOf(form, zoom, open) {
  const { pictures } = form.layouts;
  return pictures[zoom <= 2 ? open : "all"] ?? (zoom <= 2 && open ? pictures.all : undefined) ?? pictures[""] ?? pictures.all;
}

/** Why another picture stands in the place of the one that is asked for; empty if none does. @param {import("./record.js").Form} form @param {number} zoom @param {string} open @param {any} t */
function absence(form, zoom, open, t) {
  const { pictures, missing } = form.layouts;
  const wanted = zoom <= 2 ? open : "all";
  if (wanted in pictures) return "";
  return missing.includes(wanted) ? t("This picture is not in the page: it could not be laid out, or not in time. Another one is shown.") : t("The page has no picture with this module open. Another one is shown.");
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
  const { form } = step;
  const { homes } = form;
  const picture = pictureOf(form, state.zoom, state.open);
  const frame = useRef(/** @type {any} */ (null));
  const [view, setView] = useState({ x: 0, y: 0, scale: 1 });
  const pointers = useRef(new Map());
  const [size, setSize] = useState(0);
  const asked = isHiding ? nextAsked(step, state.seen) : homes.length;
  const isAsking = asked < homes.length;
  const focus = isAsking && state.op >= state.seen ? asked : state.op;
  const numbers = useMemo(() => (picture ? numbersOf(form, picture, focus) : []), [form, picture, focus]);
  const boxes = useMemo(() => (picture ? boxesAt(form, picture, numbers) : []), [form, picture, numbers.join()]);
  const boxOf = (/** @type {number} */ id) => boxes.findIndex((/** @type {any} */ box) => box.ids.includes(homes[id]));
  const chosen = boxOf(state.op);
  const wanted = isAsking ? boxOf(asked) : chosen;
  useEffect(() => {
    const resize = () => setSize(innerWidth * 10_000 + innerHeight);
    addEventListener("resize", resize);
    return () => removeEventListener("resize", resize);
  }, []);
  useEffect(() => {
    if (picture && frame.current) setView(viewOf(picture, frame.current, boxes, Math.max(0, wanted)));
  }, [picture, wanted, size]);
  if (!picture) return html`<section class="graph" aria-label=${t("graph")}><p class="muted">${t("There is no picture of this step.")}</p></section>`;
  const show = (/** @type {number} */ number) => isOutside(picture.boxes[number], view, frame.current) && setView(viewOf(picture, frame.current, boxes, number));
  const stepper = (/** @type {any} */ each, /** @type {number} */ x, /** @type {number} */ y) => {
    const group = picture.groups[each.group];
    if (!group) return "";
    const times = group.outer < 0 ? group.times : group.times / picture.groups[group.outer].times;
    const number = numbers[each.group] % times;
    const go = (/** @type {number} */ other) => select(sameIn(form, picture, each.group, numbers[each.group] - number + other, state.op));
    return html`<${Stepper} key=${each.group} ...${{ group: { ...group, times }, number, go, x, y, t }} />`;
  };
  return html`<section class="graph" aria-label=${t("graph")} ref=${frame} ...${gestures(frame, pointers, setView)}>
    ${absence(form, state.zoom, state.open, t) && html`<p class="absence" role="status">${absence(form, state.zoom, state.open, t)}</p>`}
    <svg width="100%" height="100%" role="group" aria-label=${t("operations and values")}>
      <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse">
        <path d="M0,0L8,4L0,8z" class="tip" /></marker></defs>
      <g transform=${`translate(${view.x},${view.y}) scale(${view.scale})`}>
        ${picture.frames.map((/** @type {any} */ each) => html`<rect class="frame" x=${each.x} y=${each.y} width=${each.width} height=${each.height} rx="8" />`)}
        ${picture.wires.map((/** @type {any[]} */ wire) => html`<path class=${`wire ${wireClass(wire, boxes, numbers, state)}`} d=${wire[2]} marker-end="url(#tip)" />`)}
        ${boxes.map((/** @type {any} */ box, /** @type {number} */ number) =>
          html`<${Box} key=${number} ...${{ box, step, state, select, openModule, setHover, isHiding, t, isSelected: number === chosen, isAsked: isAsking && number === wanted, show: () => show(number), isHovered: box.ids.some((/** @type {number} */ id) => hover.includes(id)) }} />`)}
        ${picture.frames.map((/** @type {any} */ each) => html`<${Header} ...${{ each, view, t }}>${stepper(each, WIDE * each.title.length + 20, 14)}<//>`)}
        ${boxes.map((/** @type {any} */ each) => each.module < 0 && !picture.groups[each.group]?.isList ? "" : html`<g transform=${`translate(${each.x},${each.y})`}>${stepper(each, PADDING, each.height - PADDING - 3)}</g>`)}
      </g>
    </svg>
    <div class="tools"><p class="legend"><span class="value">${t("value")}</span> <span class="gradient">${t("gradient")}</span> <span class="update">${t("new value")}</span></p>
      <button onClick=${() => setView(wholeOf(picture, frame.current))}>${t("whole graph")}</button></div>
  </section>`;
}

/** The title of a frame; with a stepper, it is in sight as long as the frame is. @param {any} props */
function Header({ each, view, children, t }) {
  const title = titleText(each.title, t);
  const width = WIDE * each.title.length + (children ? 150 : 16);
  const inside = (/** @type {number} */ least, /** @type {number} */ most, /** @type {number} */ edge) => Math.max(least, Math.min(most, edge));
  const x = children ? inside(each.x, each.x + each.width - width, -view.x / view.scale) : each.x;
  const y = children ? inside(each.y, each.y + each.height - 24, -view.y / view.scale) : each.y;
  return html`<g class="header" transform=${`translate(${x},${y})`}><rect x="1" y="1" width=${width} height="20" rx="8" /><text x="8" y="14">${title}</text>${children}</g>`;
}

/** How a wire is drawn: dashed between repetitions, faint if it is not of those shown. @param {any[]} wire @param {any[]} boxes @param {number[]} numbers @param {any} state */
function wireClass([tail, head, , when, group, leaving], boxes, numbers, state) {
  if (when === "carried") return leaving.includes(numbers[group]) ? `carried ${isSeen(boxes[head], state) ? "" : "unseen"}` : "elsewhere";
  const [of, to] = [tail, head].map((each) => numbers[boxes[each].group] ?? -1);
  if (when && !when.some((/** @type {number[]} */ each) => [of, -1].includes(each[0]) && [to, -1].includes(each[1]))) return "elsewhere";
  return isSeen(boxes[tail], state) ? "" : "unseen";
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
  const target = box.module < 0 ? id : moduleOf(box, form).last;
  const act = () => select(target);
  const opened = Math.max(box.module, form.layouts.pictures[box.opens] ? box.opens : -1);
  const gradient = form.gradients[target];
  const related = gradient === undefined ? [] : [target, form.homes[form.nodes[gradient].ruleOf ?? target]];
  return html`<g class=${`box ${box.kind} ${isSelected ? "selected" : ""} ${isHovered ? "hovered" : ""} ${isAsked ? "asked" : ""} ${isAlarming ? "alarming" : ""} ${isSeen(box, state) ? "" : "unseen"}`}
      role="button" tabindex="0" data-node=${id} aria-label=${titleText(box.title, t)} aria-pressed=${isSelected} onFocus=${(/** @type {any} */ event) => event.target.matches(":focus-visible") && show()}
      onClick=${(/** @type {any} */ event) => { event.stopPropagation(); act(); }} onDblClick=${() => opened >= 0 && openModule(opened)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && (event.stopPropagation(), act())}>
    <rect x=${box.x} y=${box.y} width=${box.width} height=${box.height} rx=${box.kind === "data" ? 0 : 7} />
    <text x=${box.x + PADDING} y=${box.y + PADDING + 10}><tspan class="title">${titleText(box.title, t)}</tspan><tspan class="note" dx="6">${box.module < 0 && !(isHiding && !isSeen(box, state)) ? box.note : ""}</tspan></text>
    ${lines.map(([kind, text], line) => html`<text class=${kind} onMouseEnter=${() => kind.startsWith("gradient") && setHover(related)} onMouseLeave=${() => setHover([])}
      onClick=${(/** @type {any} */ event) => { if (kind === "gradient") { event.stopPropagation(); select(gradient); } }} x=${box.x + PADDING} y=${box.y + PADDING + 10 + LINE * (line + 1)}>${text}</text>`)}
  </g>`;
}

const closed = new WeakMap();

/** Of a closed module: the operation that gives its value, which is the last that the forward pass uses elsewhere, and how many operations it has. @param {any} box @param {any} form @returns {{last: number, count: number}} */
function moduleOf({ ids }, form) {
  if (!closed.has(ids)) {
    const inside = new Set(ids);
    const isForward = (/** @type {number} */ id) => form.nodes[id].inputs.length && ["forward", "loss"].includes(form.nodes[id].phase);
    const computed = ids.filter((/** @type {number} */ id) => form.nodes[id].inputs.length);
    const used = computed.filter((/** @type {number} */ id) => form.users[id].some((/** @type {number} */ user) => isForward(user) && !inside.has(user)));
    const listed = ids.flatMap((/** @type {number} */ id) => form.residents[id]).filter(isForward);
    closed.set(ids, { last: inside.has(form.loss) ? form.loss : Math.max(...(used.length ? used : computed)), count: listed.length });
  }
  return closed.get(ids);
}

/** @param {any} box @param {any} step @param {any} state @param {any} t @returns {[string, string][]} */
function linesOf(box, step, state, t) {
  const [id] = box.ids;
  /** @type {[string, string][]} */
  const lines = box.formula ? [["formula", `= ${box.formula}`]] : [];
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
  const { last, count } = moduleOf(box, step.form);
  const gradient = step.form.gradients[last];
  /** @type {[string, string][]} */
  const lines = [["note", count === 1 ? t("1 operation") : t("{count} operations", { count })]];
  if (last <= state.seen) lines.push(["value", preview(step, last)]);
  if (gradient !== undefined && gradient <= state.seen) lines.push(["gradient", preview(step, gradient)]);
  return lines;
}
