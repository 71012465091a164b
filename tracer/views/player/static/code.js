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
  const runs = node.runs ?? node.source; // the line that runs a backward pass; that of the operation is what it differentiates
  const isKnown = runs && runs[0] in sources;
  const [file, line] = isKnown ? runs : [known, 0];
  const differentiated = node.runs && node.source?.[0] === file ? node.source[1] : 0;
  const lines = sources[file];
  const pane = useRef(null);
  useEffect(() => {
    if (!pane.current) return;
    if (line) pane.current.scrollTop = (line - SHOWN_BEFORE) * LINE_HEIGHT;
    else if (runs) pane.current.scrollTop = 0;
  }, [file, line, node]);
  const elsewhere = runs && !isKnown ? html`<p class="muted">${runs[0]}:${runs[1]}</p><pre><code>${runs[2]}</code></pre>` : "";
  if (!lines) return html`<div class="code" aria-label=${t("code")} tabindex="0">${elsewhere || html`<p class="muted">${t("not of a line of the program")}</p>`}</div>`;
  const firsts = new Map();
  step.form.nodes.forEach((/** @type {any} */ each, /** @type {number} */ id) => {
    for (const place of [each.source, each.runs]) if (place?.[0] === file && !firsts.has(place[1])) firsts.set(place[1], id);
  });
  return html`<div class="code" aria-label=${t("code")} ref=${pane} tabindex="0">${elsewhere}<p class="muted">${file}</p><ol>${lines.map((/** @type {string} */ text, /** @type {number} */ at) => {
    const id = firsts.get(at + 1);
    const isDifferentiated = at + 1 === differentiated && at + 1 !== line;
    return html`<li class=${`${at + 1 === line ? "current" : ""} ${isDifferentiated ? "differentiated" : ""} ${id === undefined ? "" : "traced"}`} aria-current=${at + 1 === line ? "true" : undefined} title=${isDifferentiated ? t("line that is differentiated") : undefined}
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
