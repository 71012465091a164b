// The keys, what the colours mean, and the search.

import { html, useLayoutEffect, useRef, useState } from "./libraries.js";
import { positionOf } from "./arrays.js";
import { KEYS, keyText } from "./keys.js";
import { barring } from "./moves.js";

const MOST_FOUND = 12;

/** What the page is, what the keys do, and what the colours mean. @param {any} props */
export function Help({ close, t }) {
  const button = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => button.current?.focus(), []);
  return html`<div class="shade" onClick=${close}><div class="dialog" role="dialog" aria-modal="true" aria-label=${t("keys")} onClick=${stay}>
    <p>${t("A training step, operation by operation: values forwards, gradients backwards, then the update. Every underlined number leads to where it is from.")}</p>
    <p class="legend"><span class="value">${t("value")}</span> <span class="gradient">${t("gradient")}</span> <span class="update">${t("new value")}</span>
      <span class="muted">${t("grey: not computed yet; ≈: kept in 255 levels; ~0: rounding noise")}</span></p>
    <dl>${KEYS.map(([keys, , text]) => html`<div><dt><kbd>${keyText(keys[keys.length - 1])}</kbd></dt><dd>${t(text)}</dd></div>`)}</dl>
    <button ref=${button} onClick=${close}>${t("close")}</button></div></div>`;
}

/** The operations that a text finds, best first, with the position of an element if it names one. @param {import("./record.js").Form} form @param {string} text */
export function foundIn(form, text) {
  const parts = /^(.*?)(?:\[([\d,\s]*)\]?)?$/.exec(text.trim().toLowerCase());
  const wanted = parts?.[1] ?? "";
  if (!wanted) return [];
  const index = parts?.[2] ? parts[2].split(",").map(Number) : undefined;
  const rank = (/** @type {import("./record.js").Node} */ node, /** @type {number} */ id) => {
    const label = (node.label ?? "").toLowerCase();
    if (label === wanted || String(id) === wanted) return 0;
    if (label.startsWith(wanted)) return 1;
    if (label.includes(wanted)) return 2;
    return `${node.formula ?? ""} ${node.op}`.toLowerCase().includes(wanted) ? 3 : 4;
  };
  const ranked = form.nodes.map((node, id) => ({ id, rank: rank(node, id), at: elementAt(node.shape, index) }));
  const matching = ranked.filter((each) => each.rank < 4 && (!index || each.at >= 0));
  return matching.sort((one, other) => one.rank - other.rank || one.id - other.id);
}

/** The position of an element; -1 if there is none. @param {number[]} shape @param {number[]} [index] */
function elementAt(shape, index) {
  return index && index.length === shape.length && index.every((each, axis) => each < shape[axis]) ? positionOf(shape, index) : -1;
}

/** Finds operations by name, formula, number or element. @param {any} props */
export function Search({ step, select, close, barred, t }) {
  const [text, setText] = useState("");
  const field = useRef(/** @type {any} */ (null));
  useLayoutEffect(() => field.current?.focus(), []);
  const found = foundIn(step.form, text);
  const pick = (/** @type {{id: number, at: number}} */ each) => {
    select(each.id, { at: each.at });
    close();
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (found.length) pick(found[0]);
  };
  return html`<div class="shade" onClick=${close}><form class="dialog" role="dialog" aria-modal="true" aria-label=${t("search")} onSubmit=${submit} onClick=${stay}>
    <input ref=${field} value=${text} placeholder=${t("name, element, formula or operation")} aria-label=${t("search")} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
    <ul>${found.slice(0, MOST_FOUND).map((each) => {
      const node = step.form.nodes[each.id];
      return html`<li><button type="button" onClick=${() => pick(each)} ...${barring(barred(each.id))}><span class="muted">${each.id}</span> <b>${node.label}</b> ${node.formula === node.label ? "" : node.formula}</button></li>`;
    })}</ul>
    <p class="muted">${text.trim() && !found.length ? t("nothing found") : ""}${found.length > MOST_FOUND ? t("and {count} more", { count: found.length - MOST_FOUND }) : ""}</p></form></div>`;
}

/** @param {Event} event */
function stay(event) {
  event.stopPropagation();
}
