// The gradient that a program computes itself, beside the true one.

import { html } from "./libraries.js";
import { elementText } from "./grids.js";
import { floatText } from "./numbers.js";
import { elementName } from "./record.js";

/** The value whose gradient an operation has to do with: itself, or what it is the gradient of. @param {any} form @param {number} id */
function comparedValue(form, id) {
  return Object.keys(form.own).map(Number).find((value) => value === id || form.own[value] === id || form.gradients[value] === id);
}

/** The true gradient and that of the program, at an element and where they differ most. @param {any} props */
export function OwnGradient({ step, id, at, seen, enter, t }) {
  const { form } = step;
  const value = comparedValue(form, id);
  if (value === undefined || !step.own[value]) return null;
  const [verdict, factor, difference, place, change] = step.own[value];
  const nodes = form.nodes;
  const [own, gradient] = [form.own[value], form.gradients[value]];
  if (own > seen || gradient > seen) return null;
  const name = nodes[value].label;
  const times = floatText(factor ?? 1);
  const texts = /** @type {Object<string, string>} */ ({
    same: t("The program's own gradient is the true one, to rounding."),
    times: change ? t("What the program changes {name} by is {factor} times the true gradient.", { name, factor: times })
      : t("The program's own gradient is {factor} times the true one.", { factor: times }),
    differs: t("The program's own gradient is not the true one, nor a multiple of it."),
    unknown: t("Whether the program's own gradient is the true one cannot be told: the record does not have both."),
  });
  const link = (/** @type {number} */ other, /** @type {number} */ position) => html`<button class="operand gradient" data-own=${`${other}:${position}`}
    aria-label=${t("go to {name}", { name: elementName(nodes[other], other, position) })} onClick=${() => enter(other, position)}>${elementText(step, other, position)}</button>`;
  const places = difference === null || gradient === undefined ? [] : [...new Set([at, place])].filter((each) => each < step.values[own]?.data.length);
  return html`<section class="own"><h3>${t("gradient of the program")}</h3><p>${texts[verdict]}</p>
    ${places.length ? html`<table class="terms"><thead><tr><th></th><th>${t("true")}</th><th>${t("own")}</th></tr></thead><tbody>${places.map((each) =>
      html`<tr><td>${elementName(nodes[value], value, each)}</td><td>${link(gradient, each)}</td><td>${link(own, each)}</td></tr>`)}</tbody></table>
    <p class="muted">${t("largest difference {difference}", { difference: floatText(difference) })}</p>` : ""}
    ${verdict === "differs" ? html`<p class="muted">${t("The record cannot tell where it goes wrong: tracer check on the program can.")}</p>` : ""}</section>`;
}
