// One operation: its formula, the arithmetic of one element, where its numbers come from and what depends on them.

import { html } from "./libraries.js";
import { isSameShape, sizeOf } from "./arrays.js";
import { Equation } from "./equation.js";
import { Grid, Statistics, elementText } from "./grids.js";
import { barring } from "./moves.js";
import { OwnGradient } from "./own.js";
import { bracketed, floatText, shapeText } from "./numbers.js";
import { elementName, isExactAt, numberOf } from "./record.js";
import { placesOf } from "./state.js";
import { largestFirst, whyNot, worked } from "./terms.js";

const MOST_TERMS = 12;
const MOST_NAME = 32;

/** The inspector. @param {any} props */
export function Inspector({ step, state, enter, choose, act, select, children, isHiding, barred, t }) {
  const { form } = step;
  const { op: id, at } = state;
  const node = form.nodes[id];
  const isHidden = isHiding && id > state.seen;
  return html`<section class="inspector" aria-label=${t("inspector")}>
    <${Crumbs} ...${{ step, state, back: () => act("back"), t }} />
    <h2><span class=${`chip ${node.phase}`}>${t(node.phase)}</span> <span class="name">${node.label || node.op}</span> <span class="muted">${isHidden ? "" : shapeText(node.shape)} ${node.dtype}</span></h2>
    <p class="muted">${t("operation {number}", { number: numberOf(step, id) })}: ${node.inputs.length ? node.op : t(node.op)}${placeText(node, t)}</p>
    <p class="formula" tabindex="0"><${Equation} node=${node} /></p>
    ${form.marks[id] ? html`<p class="words muted">${form.marks[id][state.lang] ?? form.marks[id].en}</p>` : ""}
    ${isHidden || !step.words[id] ? "" : html`<p class="words muted">${step.words[id][state.lang] ?? step.words[id].en}</p>`}
    ${isHidden ? "" : html`<${Arithmetic} ...${{ step, id, at, enter, t }} />`}
    ${isHidden ? "" : html`<h3>${t("value")}</h3><${Grid} ...${{ step, id, at, choose, t }} /><${Inexact} ...${{ step, id, at, choose, t }} />`}
    ${isHidden ? "" : html`<${Statistics} ...${{ step, id, t }} />`}
    ${isHidden ? "" : html`<${OwnGradient} ...${{ step, id, at, seen: state.seen, enter, t }} />`}
    ${isHidden ? "" : children}
    <${Relations} ...${{ step, state, select, barred, t }} />
  </section>`;
}

/** The line that runs an operation; of a backward pass also the line that it differentiates. @param {any} node @param {any} t */
function placeText({ source, runs }, t) {
  if (!source) return "";
  const place = `${source[0]}:${source[1]}`;
  return runs ? `, ${runs[0]}:${runs[1]}, ${t("differentiates {place}", { place })}` : `, ${place}`;
}

/** The way from a number in levels to one that the page has exactly. @param {any} props */
function Inexact({ step, id, at, choose, t }) {
  const value = step.values[id];
  if (!value || isExactAt(value, at) || !step.chosen.has(id)) return null;
  return html`<p><button onClick=${() => choose(step.chosen.get(id))}>${t("to a number that is exact")}</button></p>`;
}

/** The way that led here. @param {any} props */
function Crumbs({ step, state, back, t }) {
  const places = placesOf(state.trail).filter(([id]) => id < step.form.nodes.length);
  if (!places.length) return html`<nav class="crumbs"></nav>`;
  return html`<nav class="crumbs" aria-label=${t("the way here")}><button onClick=${back} aria-label=${t("back out")}>\u2190</button>${places.slice(-4).map(([id, at]) =>
    html`<span>${elementName(step.form.nodes[id], id, at)} \u203a </span>`)}<b>${elementName(step.form.nodes[state.op], state.op, state.at)}</b></nav>`;
}

/** The arithmetic of an element; every operand leads to where it is from. @param {any} props */
function Arithmetic({ step, id, at, enter, t }) {
  const node = step.form.nodes[id];
  const name = elementName(node, id, at);
  const result = elementText(step, id, at);
  if (!node.inputs.length) return html`<p class="arithmetic"><b>${name}</b> = ${result}</p>`;
  const found = worked(step, id, at);
  if (!found) return html`<p class="arithmetic"><b>${name}</b> = ${result}</p><${Unworked} ...${{ step, id, at, enter, t }} />`;
  if (found.moved) return html`<p class="arithmetic"><b>${name}</b> = <${Operand} ...${{ step, operand: found.moved, enter, t, named: true }} /> = ${result}</p>`;
  if (found.pieces) {
    const pieces = found.pieces;
    // What begins a bracket, as in `exp(-2)`, needs none of its own.
    const isFirst = (/** @type {number} */ k) => k > 0 && /\($/.test(String(pieces[k - 1])) && !/^ \*\*/.test(String(pieces[k + 1]));
    return html`<p class="arithmetic"><b>${name}</b> = ${pieces.map((piece, k) =>
      typeof piece === "string" ? piece : "left" in piece ? `\u2026 ${t("and {count} more", { count: piece.left })}`
        : html`<${Operand} ...${{ step, operand: piece, enter, t, isBare: isFirst(k) }} />`)} = <b>${result}</b></p>`;
  }
  return html`<${Terms} ...${{ step, found, name, result, enter, t }} />`;
}

/** Why an element is not worked out, in a line. @param {any} props */
function Unworked({ step, id, at, enter, t }) {
  const { op } = step.form.nodes[id];
  if (!step.values[id]) return ""; // the page says which steps have values
  const place = step.chosen.get(id) ?? step.written.get(id)?.[0] ?? at;
  const texts = /** @type {Object<string, string>} */ ({
    levels: t("The page has this number in levels only."),
    operands: t("The page has numbers that it is computed from in levels only."),
    missing: t("The page does not have all values that it is computed from."),
    largest: t("Of this operation the largest element is worked out."),
    differs: t("What the page knows of {op} does not give the recorded number.", { op }),
    rule: t("The page has no rule for {op}.", { op }),
  });
  const reason = whyNot(step, id, at);
  const leads = place !== at && ["levels", "operands", "largest"].includes(reason);
  return html`<p class="muted">${texts[reason]} ${leads ? html`<button onClick=${() => enter(id, place)}>${t("to an element that is")}</button>` : ""}</p>`;
}

/** The terms of a sum, largest first. @param {any} props */
function Terms({ step, found, name, result, enter, t }) {
  const terms = largestFirst(found.terms);
  const shown = found.isExtreme ? found.terms : terms.filter((term) => term.value !== 0);
  const zeros = terms.length - shown.length;
  const rest = shown.slice(MOST_TERMS).reduce((/** @type {number} */ total, /** @type {any} */ term) => total + term.value, 0);
  const heading = found.isExtreme
    ? t("{name} is one of {count} elements", { name, count: found.terms.length })
    : found.divisor ? t("{name} is the mean of {count} terms", { name, count: found.terms.length }) : found.terms.length === 1 ? t("{name} is a sum of one term", { name }) : t("{name} is a sum of {count} terms", { name, count: found.terms.length });
  return html`<p class="arithmetic"><b>${name}</b> = <b>${result}</b></p><p class="muted">${heading}</p>
    <table class="terms"><tbody>${shown.slice(0, MOST_TERMS).map((/** @type {any} */ term) => html`<tr class=${found.isExtreme && step.values !== null && floatText(term.value) === result ? "chosen" : ""}>
      <td title=${namesOf(step, term)}>${term.operands.map((/** @type {any} */ operand, /** @type {number} */ k) => html`${k ? " \u00d7 " : ""}<${Operand} ...${{ step, operand, enter, t }} />`)}</td>
      <td class="names muted">${namesOf(step, term)}</td>
      <td class="number">${term.operands.length > 1 ? floatText(term.value) : ""}</td></tr>`)}
      ${shown.length > MOST_TERMS ? html`<tr><td class="muted">${shown.length - MOST_TERMS === 1 ? t("one smaller term") : t("{count} smaller terms", { count: shown.length - MOST_TERMS })}</td><td></td><td class="number">${found.isExtreme ? "" : floatText(rest)}</td></tr>` : ""}
      ${zeros ? html`<tr><td class="muted">${zeros === 1 ? t("one term is 0") : t("{count} terms are 0", { count: zeros })}</td><td></td><td></td></tr>` : ""}
      ${found.isExtreme ? "" : html`<tr class="total"><td>${t("total")}</td><td></td><td class="number">${found.divisor ? floatText(found.terms.reduce((/** @type {number} */ sum, /** @type {any} */ term) => sum + term.value, 0)) : result}</td></tr>`}
      ${found.divisor ? html`<tr><td class="muted">${t("divided by {count}", { count: found.divisor })}</td><td></td><td class="number">${result}</td></tr>` : ""}
    </tbody></table>`;
}

/** The elements of a term by name, as far as there is room. @param {any} step @param {any} term */
function namesOf(step, term) {
  const names = term.operands.flatMap((/** @type {any} */ each) => ("literal" in each ? [] : [elementName(step.form.nodes[each.id], each.id, each.at)]));
  const text = names.join(" ");
  return text.length > MOST_NAME ? `${text.slice(0, MOST_NAME)}\u2026` : text;
}

/** A number that leads to its element. @param {any} props */
function Operand({ step, operand, enter, t, named = false, isBare = false }) {
  const framed = isBare ? String : bracketed;
  if ("literal" in operand) {
    const number = operand.literal;
    if (number === null) return "None";
    return framed(typeof number !== "number" || Number.isInteger(number) ? String(number) : floatText(number, 6));
  }
  const { id, at } = operand;
  const node = step.form.nodes[id];
  const name = elementName(node, id, at);
  const text = elementText(step, id, at);
  return html`<button class=${`operand ${step.form.valueOf.has(id) ? "gradient" : ""}`} title=${`${name} = ${text}`} data-term=${`${id}:${at}`}
    aria-label=${t("go to {name}", { name })} onClick=${() => enter(id, at)}>${named ? name : framed(text)}</button>`;
}

/** What belongs to an operation: its inputs, its gradient or the value it is the gradient of, what uses it. @param {any} props */
function Relations({ step, state, select, barred, t }) {
  const { form } = step;
  const { op: id } = state;
  const node = form.nodes[id];
  const link = (/** @type {number} */ other) => html`<button class="link" ...${barring(barred(other))} onClick=${() => select(other, { at: isSameShape(form.nodes[other], node) ? state.at : -1 })}>${form.nodes[other].label || `#${other}`}</button> `;
  const users = form.users[id];
  const rows = [];
  const inputs = [...new Set(node.inputs.filter((/** @type {any} */ each) => typeof each === "number"))];
  if (inputs.length) rows.push([t("from"), inputs.map(link)]);
  if (users.length) rows.push([t("used by"), [...users.slice(0, 8).map(link), users.length > 8 ? t("and {count} more", { count: users.length - 8 }) : ""]]);
  const gradient = form.gradients[id];
  if (gradient !== undefined) rows.push([t("gradient"), link(gradient)]);
  if (form.own[id] !== undefined) rows.push([t("gradient of the program"), link(form.own[id])]);
  if (form.updates[id] !== undefined) rows.push([t("new value"), link(form.updates[id])]);
  if (form.valueOf.has(id)) rows.push([t("gradient of"), link(form.valueOf.get(id))]);
  if (node.ruleOf !== undefined) rows.push([t("by the rule of"), link(node.ruleOf)]);
  return html`<dl class="relations">${rows.map(([name, links]) => html`<div><dt>${name}</dt><dd>${links}</dd></div>`)}</dl>
    ${sizeOf(node.shape) ? "" : html`<p class="muted">${t("The value is empty.")}</p>`}`;
}
