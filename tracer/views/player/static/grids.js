// Arrays as grids of numbers on a colour scale; large ones, and images, as pictures.

import { html, useEffect, useRef } from "./libraries.js";
import { indexOf, sizeOf } from "./arrays.js";
import { isExactAt } from "./record.js";
import { NOISE, floatText, numberText } from "./numbers.js";

const MOST_CELLS = 160;
const LENS = 2;

/** An element of a node as text. @param {import("./record.js").Step} step @param {number} id @param {number} at */
export function elementText(step, id, at) {
  const value = step.values[id];
  if (!value) return "?";
  if (step.noise.get(id)?.has(at)) return NOISE;
  return isExactAt(value, at) ? numberText(value.data[at], step.form.nodes[id].dtype) : `\u2248${floatText(value.data[at])}`;
}

/** The rows and columns of a shape: the last axis is across. @param {number[]} shape @returns {[number, number]} */
function sidesOf(shape) {
  const across = shape.length ? shape[shape.length - 1] : 1;
  return [sizeOf(shape) / Math.max(1, across), across];
}

/** How strongly a cell is coloured, from 0 to 1 in steps of an eighth. @param {number} value @param {number} largest */
function strength(value, largest) {
  return largest > 0 ? Math.ceil((8 * Math.abs(value)) / largest) : 0;
}

/** @param {number} value @param {number} largest */
function shade(value, largest) {
  if (!Number.isFinite(value)) return "not-finite";
  return value === 0 ? "" : `${value < 0 ? "minus" : "plus"}-${strength(value, largest)}`;
}

/** A value as a grid. @param {{step: any, id: number, at: number, choose: (at: number) => void, t: any}} props */
export function Grid({ step, id, at, choose, t }) {
  const node = step.form.nodes[id];
  const value = step.values[id];
  if (!value) return html`<p class="muted">${t("The values are not in this page.")}</p>`;
  const size = sizeOf(node.shape);
  if (size > MOST_CELLS || isImage(node)) return html`<${Shades} ...${{ step, id, at, choose, t }} />`;
  const [rows, columns] = sidesOf(node.shape);
  const largest = Math.max(...Array.from(value.data, (each) => (Number.isFinite(each) ? Math.abs(each) : 0)));
  const cell = (/** @type {number} */ place) => html`<${Cell} ...${{ step, id, at, place, largest, choose }} />`;
  return html`<div class="grid"><table>${Array.from({ length: rows }, (_, row) =>
    html`<tr>${Array.from({ length: columns }, (_, column) => cell(row * columns + column))}</tr>`)}</table></div>`;
}

/** One element, which a click chooses. @param {any} props */
function Cell({ step, id, at, place, largest, choose }) {
  const text = elementText(step, id, place);
  return html`<td class=${`${shade(step.values[id].data[place], largest)} ${place === at ? "chosen" : ""}`}>
    <button tabindex=${place === at ? 0 : -1} data-element=${`${id}:${place}`} aria-label=${`[${indexOf(step.form.nodes[id].shape, place)}] ${text}`}
      onClick=${() => choose(place)}>${text}</button></td>`;
}

/** The numbers around the chosen element of a large array. @param {any} props */
function Lens({ step, id, at, height, width, block, largest, choose }) {
  const [row, column] = [Math.floor((at - block) / width), (at - block) % width];
  const range = (/** @type {number} */ middle, /** @type {number} */ side) => {
    const first = Math.max(0, Math.min(middle - LENS, side - 2 * LENS - 1));
    return Array.from({ length: Math.min(side, 2 * LENS + 1) }, (_, k) => first + k);
  };
  return html`<div class="grid"><table><tr><td></td>${range(column, width).map((each) => html`<th>${each}</th>`)}</tr>${range(row, height).map((r) => html`<tr><th>${r}</th>${range(column, width).map((c) =>
    html`<${Cell} ...${{ step, id, at, place: block + r * width + c, largest, choose }} />`)}</tr>`)}</table></div>`;
}

/** @param {import("./record.js").Node} node */
function isImage(node) {
  return node.op === "data" && node.shape.length >= 3;
}

/** A large value on a canvas: the first rows and columns, or one image of several. @param {any} props */
function Shades({ step, id, at, choose, t }) {
  const canvas = useRef(/** @type {any} */ (null));
  const node = step.form.nodes[id];
  const value = step.values[id];
  const [height, width] = isImage(node) ? node.shape.slice(-2) : sidesOf(node.shape);
  const count = sizeOf(node.shape) / (height * width);
  const image = isImage(node) ? Math.floor(at / (height * width)) : 0;
  const block = image * height * width;
  const [rows, columns] = [Math.min(height, 256), Math.min(width, 256)];
  const [row, column] = [Math.floor((at - block) / width), (at - block) % width];
  const largest = Math.max(...[step.statistics[id][0], step.statistics[id][1]].map(Math.abs)) || 1;
  useEffect(() => {
    const context = canvas.current.getContext("2d");
    const picture = context.createImageData(columns, rows);
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const part = value.data[block + row * width + column] / largest;
        const ink = Math.min(1, Math.sqrt(Math.abs(part)));
        const full = isImage(node) ? [20, 20, 20] : part < 0 ? [33, 102, 172] : [214, 96, 26];
        const place = 4 * (row * columns + column);
        for (let channel = 0; channel < 3; channel += 1) picture.data[place + channel] = 255 + (full[channel] - 255) * ink;
        picture.data[place + 3] = 255;
      }
    }
    context.putImageData(picture, 0, 0);
  }, [step, id, block]);
  const pick = (/** @type {any} */ event) => {
    const box = canvas.current.getBoundingClientRect();
    const across = Math.min(columns - 1, Math.floor(((event.clientX - box.left) / box.width) * columns));
    const down = Math.min(rows - 1, Math.floor(((event.clientY - box.top) / box.height) * rows));
    choose(block + down * width + across);
  };
  const notes = [
    rows < height || columns < width ? t("The first {rows} rows and {columns} columns.", { rows, columns }) : "",
    isImage(node) ? "" : t("White is 0; full colour is {largest}, blue is negative.", { largest: numberText(largest, node.dtype) }),
    value.isExact ? "" : t("The page has this array in 255 levels, marked ≈."),
  ];
  const sides = [Math.max(18, Math.min(280, columns * 12)), Math.max(18, Math.min(280, rows * 12))];
  return html`<div class="shades">
    ${count > 1 ? html`<p><button disabled=${image === 0} onClick=${() => choose(at - height * width)} aria-label=${t("previous image")}>\u25c0</button>
      <span>${t("image {number} of {count}", { number: image, count })}</span>
      <button disabled=${image === count - 1} onClick=${() => choose(at + height * width)} aria-label=${t("next image")}>\u25b6</button></p>` : ""}
    <div class="marked" style=${{ width: `${sides[0]}px` }}><canvas ref=${canvas} width=${columns} height=${rows} onClick=${pick} role="img" style=${{ width: `${sides[0]}px`, height: `${sides[1]}px` }}
      aria-label=${t("{rows} rows and {columns} columns in shades", { rows, columns })}></canvas>
      ${row < rows && column < columns ? html`<i style=${{ left: `${(100 * column) / columns}%`, top: `${(100 * row) / rows}%`, width: `${100 / columns}%`, height: `${100 / rows}%` }}></i>` : ""}</div>
    <p><b>[${indexOf(node.shape, at).join(",")}]</b> = ${elementText(step, id, at)}</p>
    <${Lens} ...${{ step, id, at, height, width, block, largest, choose }} />
    <p class="muted">${notes.join(" ")}</p>
  </div>`;
}

/** The statistics of a value. @param {{step: any, id: number, t: any}} props */
export function Statistics({ step, id, t }) {
  const dtype = step.form.nodes[id].dtype;
  const [low, high, mean, deviation, norm, zeros, nans, infinities] = step.statistics[id];
  const rows = [
    [t("smallest"), numberText(low, dtype)], [t("largest"), numberText(high, dtype)], [t("mean"), step.noisyMeans.has(id) ? NOISE : numberText(mean, "float64")],
    [t("standard deviation"), numberText(deviation, "float64")], [t("norm"), numberText(norm, "float64")], [t("zeros"), String(zeros)],
  ];
  if (nans) rows.push(["NaN", String(nans)]);
  if (infinities) rows.push([t("infinite"), String(infinities)]);
  return html`<dl class="statistics">${rows.map(([name, text]) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>`;
}
