// The program with the lines of the operations, and the list of all operations.

import { html, useEffect, useRef } from "./libraries.js";
import { barring } from "./moves.js";

const AROUND = 40;
const LINE_HEIGHT = 19;
const SHOWN_BEFORE = 6;

/** The program; a click on a line selects its first operation. @param {any} props */
export function Code({ step, sources, state, select, t }) {
  const node = step.form.nodes[state.op];
  const known = Object.keys(sources)[0];
  const isKnown = node.source && node.source[0] in sources;
  const [file, line] = isKnown ? node.source : [known, 0];
  const lines = sources[file];
  const pane = useRef(null);
  useEffect(() => {
    if (!pane.current) return;
    if (line) pane.current.scrollTop = (line - SHOWN_BEFORE) * LINE_HEIGHT;
    else if (node.source) pane.current.scrollTop = 0;
  }, [file, line, node]);
  const elsewhere = node.source && !isKnown ? html`<p class="muted">${node.source[0]}:${node.source[1]}</p><pre><code>${node.source[2]}</code></pre>` : "";
  if (!lines) return html`<div class="code" aria-label=${t("code")} tabindex="0">${elsewhere || html`<p class="muted">${t("not of a line of the program")}</p>`}</div>`;
  const firsts = new Map();
  step.form.nodes.forEach((/** @type {any} */ each, /** @type {number} */ id) => {
    if (each.source?.[0] === file && !firsts.has(each.source[1])) firsts.set(each.source[1], id);
  });
  return html`<div class="code" aria-label=${t("code")} ref=${pane} tabindex="0">${elsewhere}<p class="muted">${file}</p><ol>${lines.map((/** @type {string} */ text, /** @type {number} */ at) => {
    const id = firsts.get(at + 1);
    return html`<li class=${`${at + 1 === line ? "current" : ""} ${id === undefined ? "" : "traced"}`} aria-current=${at + 1 === line ? "true" : undefined}
      onClick=${() => id !== undefined && select(id)}><code>${text || " "}</code></li>`;
  })}</ol></div>`;
}

/** The operations around the selected one. @param {any} props */
export function Operations({ step, state, select, setHover, barred, t }) {
  const { nodes } = step.form;
  const list = useRef(null);
  const first = Math.max(0, state.op - AROUND);
  const last = Math.min(nodes.length, state.op + AROUND);
  useEffect(() => {
    if (list.current) list.current.scrollTop = (state.op - first - SHOWN_BEFORE) * LINE_HEIGHT;
  }, [state.op]);
  return html`<ol class="operations" ref=${list} aria-label=${t("operations")} tabindex="0">${nodes.slice(first, last).map((/** @type {any} */ node, /** @type {number} */ place) => {
    const id = first + place;
    return html`<li key=${id} class=${`${node.phase} ${id === state.op ? "current" : ""} ${id > state.seen ? "unseen" : ""}`} onClick=${() => select(id)} ...${barring(barred(id))}
      onMouseEnter=${() => node.gradientOf !== undefined && setHover([node.gradientOf, step.form.homes[node.ruleOf ?? node.gradientOf]])} onMouseLeave=${() => setHover([])}
      aria-current=${id === state.op ? "true" : undefined}><span class="muted">${String(id).padStart(step.width, "0")}</span> ${node.label || node.op}</li>`;
  })}</ol>`;
}
