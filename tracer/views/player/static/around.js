// One number and where it is from: its operands on the left, over two operations, as far as they are known.

import { html } from "./libraries.js";
import { elementText } from "./grids.js";
import { elementName } from "./record.js";
import { largestFirst, operandsOf, worked } from "./terms.js";

const MOST = 6;
const DEPTH = 2;
const WIDTH = 210;
const HEIGHT = 52;

/**
 * @typedef {{id: number, at: number, column: number, row: number}} Place
 * The numbers around an element: those it is computed from, most important first, with the count of those left out.
 * @param {import("./record.js").Step} step @param {number} id @param {number} at
 */
export function neighbourhood(step, id, at) {
  /** @type {Place[]} */
  const places = [{ id, at, column: 0, row: 0 }];
  /** @type {[number, number][]} */
  const wires = [];
  /** @type {[number, number][]} */
  const left = [];
  const rows = [1];
  for (let number = 0; number < places.length; number += 1) {
    const place = places[number];
    if (place.column === DEPTH) continue;
    const operands = elementsOf(step, place);
    const shown = operands.slice(0, MOST);
    if (operands.length > MOST) left.push([number, operands.length - MOST]);
    for (const operand of shown) {
      const column = place.column + 1;
      let found = places.findIndex((each) => each.column === column && each.id === operand.id && each.at === operand.at);
      if (found < 0) {
        rows[column] = (rows[column] || 0) + 1;
        found = places.push({ ...operand, column, row: rows[column] - 1 }) - 1;
      }
      wires.push([found, number]);
    }
  }
  return { places, wires, left, rows };
}

/** The elements that an element is computed from, each once, the largest products first. @param {any} step @param {Place} place */
function elementsOf(step, place) {
  const found = worked(step, place.id, place.at);
  if (!found) return [];
  const terms = found.isExtreme || !found.terms ? found.terms : largestFirst(found.terms);
  const all = operandsOf({ ...found, terms });
  const elements = all.flatMap((operand) => ("literal" in operand ? [] : [operand]));
  return elements.filter((each, k) => elements.findIndex((other) => other.id === each.id && other.at === each.at) === k);
}

/** The picture of one number. @param {any} props */
export function Around({ step, state, enter, t }) {
  const { places, wires, left, rows } = neighbourhood(step, state.op, state.at);
  const most = Math.max(...rows);
  const columns = rows.length;
  const x = (/** @type {Place} */ place) => (columns - 1 - place.column) * (WIDTH + 70) + 20;
  const y = (/** @type {Place} */ place) => 20 + ((place.row + 0.5) * most * HEIGHT) / rows[place.column] - HEIGHT / 2;
  const width = columns * (WIDTH + 70);
  return html`<section class="graph around" aria-label=${t("one number and where it is from")}><svg viewBox=${`0 0 ${width} ${most * HEIGHT + 40}`} width="100%" height="100%" role="group" aria-label=${t("one number and where it is from")}>
    <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0,0L8,4L0,8z" class="tip" /></marker></defs>
    ${wires.map(([tail, head]) => html`<path class="wire" marker-end="url(#tip)" d=${`M${x(places[tail]) + WIDTH},${y(places[tail]) + 18}C${x(places[tail]) + WIDTH + 35},${y(places[tail]) + 18} ${x(places[head]) - 35},${y(places[head]) + 18} ${x(places[head])},${y(places[head]) + 18}`} />`)}
    ${places.map((place, number) => {
      const node = step.form.nodes[place.id];
      return html`<g class=${`box ${node.op === "parameter" || node.op === "data" ? node.op : node.phase} ${number ? "" : "selected"}`} role="button" tabindex="0" data-term=${`${place.id}:${place.at}`}
          aria-label=${elementName(node, place.id, place.at)} onClick=${() => number && enter(place.id, place.at)}
          onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && number && (event.stopPropagation(), enter(place.id, place.at))}>
        <rect x=${x(place)} y=${y(place)} width=${WIDTH} height="38" rx="6" />
        <text class="title" x=${x(place) + 8} y=${y(place) + 15}>${shortName(elementName(node, place.id, place.at))}</text>
        <text x=${x(place) + 8} y=${y(place) + 31}>${elementText(step, place.id, place.at)}</text></g>`;
    })}
    ${left.map(([number, count]) => html`<text class="note" x=${x(places[number]) + 8} y=${y(places[number]) + 50}>${t("and {count} more", { count })}</text>`)}
  </svg></section>`;
}

/** @param {string} name */
function shortName(name) {
  return name.length > 26 ? `${name.slice(0, 12)}\u2026${name.slice(-13)}` : name;
}
