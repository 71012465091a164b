// Predict, then reveal: the sign, the shape and the number of the next result are asked before it is shown.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./libraries.js";
import { sizeOf } from "./arrays.js";
import { Equation } from "./equation.js";
import { elementText } from "./grids.js";
import { shapeText } from "./numbers.js";
import { elementName, isExactAt } from "./record.js";
import { largestFirst, operandsOf, worked } from "./terms.js";

/** The element that is asked of: the one that was chosen, else the first that is not 0. @param {any} step @param {number} id */
export function askedElement(step, id) {
  const wanted = step.form.asked.find((/** @type {number[]} */ each) => each[0] === id)?.[1] ?? -1;
  if (wanted >= 0) return wanted;
  if (step.chosen.has(id)) return step.chosen.get(id);
  const value = step.values[id];
  const found = value ? Array.prototype.findIndex.call(value.data, (each, at) => each !== 0 && Number.isFinite(each) && !step.noise.get(id)?.has(at)) : 0;
  return Math.max(0, found);
}

/** Whether an operation can be asked about: it is computed, and its value is in the page. @param {any} step @param {number} id */
export function isAsked(step, id) {
  const { nodes, asked } = step.form;
  const isWanted = asked.length ? asked.some((/** @type {number[]} */ each) => each[0] === id) : nodes[id].inputs.length > 0;
  if (!isWanted || !step.values[id] || sizeOf(nodes[id].shape) === 0) return false;
  const at = askedElement(step, id);
  return isExactAt(step.values[id], at) && Number.isFinite(Number(step.values[id].data[at]));
}

/** Whether a text is an answer at all. @param {string} question @param {string} answer */
export function isAnswer(question, answer) {
  if (question === "sign") return true;
  return question === "shape" ? shapeOf(answer) !== null : Number.isFinite(numberOf(answer));
}

/** An answer in plain characters: full-width ones and the minus sign of typesetting are typed too. @param {string} answer */
function plain(answer) {
  return answer.normalize("NFKC").replace(/[\u2212\u2013]/g, "-").trim().toLowerCase();
}

/** A number as people type it: with a point or a comma; NaN if it is none. @param {string} answer */
function numberOf(answer) {
  const text = plain(answer).replace(",", ".");
  if (text === "true" || text === "false") return Number(text === "true");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(text) ? Number(text) : NaN;
}

/** A shape as people type it, `(3, 5)`, `3x5` or `3 5`, as `3,5`; null if it is none. @param {string} answer */
function shapeOf(answer) {
  const text = plain(answer).replace(/^[([]|[)\]]$/g, "").trim();
  if (plain(answer) === "" || !/^(\d+([\s,x*\u00d7]+|$))*$/.test(text)) return null;
  return (text.match(/\d+/g) ?? []).map(Number).join(",");
}

/** The next operation to ask about; the number of operations if there is none. @param {any} step @param {number} seen */
export function nextAsked(step, seen) {
  let next = seen + 1;
  while (next < step.form.nodes.length && !isAsked(step, next)) next += 1;
  return next;
}

/** Whether a number is within one percent, or a shape or sign is the same. @param {string} question @param {string} answer @param {number} value @param {number[]} shape */
export function isRight(question, answer, value, shape) {
  if (question === "sign") return answer === (value > 0 ? "+" : value < 0 ? "-" : "0");
  if (question === "shape") return shapeOf(answer) === shape.join(",");
  return Math.abs(numberOf(answer) - value) <= 0.01 * Math.abs(value) + 1e-12;
}

/** What helps after wrong answers: the formula, the operands, the largest product. @param {any} step @param {number} id @param {number} at @param {number} wrong @param {string} question */
function hintOf(step, id, at, wrong, question) {
  const { nodes } = step.form;
  const inputs = nodes[id].inputs.filter((/** @type {any} */ each) => typeof each === "number");
  if (wrong === 1) return nodes[id].formula ?? nodes[id].op;
  if (question === "shape" || wrong === 2) return inputs.map((/** @type {number} */ each) => `${nodes[each].label} ${shapeText(nodes[each].shape)}`).join(", ");
  const found = worked(step, id, at);
  const operands = found?.terms ? largestFirst(found.terms)[0]?.operands ?? [] : found ? operandsOf(found) : [];
  return operands.map((each) => ("literal" in each ? String(each.literal) : `${elementName(nodes[each.id], each.id, each.at)} = ${elementText(step, each.id, each.at)}`)).join(", ");
}

/** How many results of a step are asked of, and how many of these are shown already. @param {any} step @param {number} seen */
function progress(step, seen) {
  const asked = step.form.nodes.flatMap((/** @type {any} */ _, /** @type {number} */ id) => (isAsked(step, id) ? [id] : []));
  return { all: asked.length, done: asked.filter((/** @type {number} */ id) => id <= seen).length };
}

/** The questions about the next result. A result counts as right if nothing about it was wrong or shown. @param {any} props */
export function Predict({ step, state, reveal, answers, setAnswers, again, t }) {
  const next = nextAsked(step, state.seen);
  const [stage, setStage] = useState(0);
  const [wrong, setWrong] = useState(0);
  const [isSpoiled, setSpoiled] = useState(false);
  const [answer, setAnswer] = useState("");
  const [told, setTold] = useState("");
  const field = useRef(/** @type {any} */ (null));
  const given = Object.values(answers);
  const score = { right: given.filter(Boolean).length, asked: given.length };
  const { all, done } = useMemo(() => progress(step, state.seen), [step, state.seen]);
  useEffect(() => {
    setStage(0);
    setWrong(0);
    setSpoiled(false);
    setAnswer("");
  }, [next, step]);
  useEffect(() => setTold(""), [step]);
  useLayoutEffect(() => {
    if (document.hasFocus()) field.current?.focus(); // a page in a notebook does not take the keys from a cell
  }, [next, stage, step]);
  const result = score.asked ? html`<b class="score">${t("{right} of {asked} right", score)}</b> <button type="button" onClick=${again}>${t("start again")}</button>` : "";
  if (next >= step.form.nodes.length) {
    return html`<p class="predict"><span class="told" aria-live="polite">${told}</span> ${t("That was the last question of this step.")} ${result}
      ${state.seen < next - 1 ? html` <button onClick=${() => reveal(next - 1, 0)}>${t("show")}</button>` : ""}</p>`;
  }
  const node = step.form.nodes[next];
  const at = askedElement(step, next);
  const value = step.noise.get(next)?.has(at) ? 0 : Number(step.values[next].data[at]);
  const questions = [...(node.shape.length ? ["shape"] : []), ...(node.dtype === "bool" ? [] : ["sign"]), "number"];
  const question = questions[stage];
  const name = elementName(node, next, at);
  const finish = (/** @type {boolean} */ isRight) => {
    const key = `${step.index}:${next}`;
    setAnswers({ ...answers, [key]: answers[key] ?? isRight }); // the first answer counts
    setTold(t("{name} = {number}", { name, number: elementText(step, next, at) }));
    reveal(next, at);
  };
  const check = (/** @type {string} */ given) => {
    if (!isAnswer(question, given)) {
      setTold(question === "shape" ? t("Type a shape, such as (3,5).") : t("Type a number, such as -0.25."));
    } else if (!isRight(question, given, value, node.shape)) {
      setWrong(wrong + 1);
      setSpoiled(true);
      setTold(t("not quite: {hint}", { hint: hintOf(step, next, at, wrong + 1, question) }));
    } else if (stage + 1 < questions.length) {
      setStage(stage + 1);
      setWrong(0);
      setAnswer("");
      setTold(t("right"));
    } else {
      finish(!isSpoiled);
    }
  };
  const wording = { sign: t("What is the sign of {name}?", { name }), shape: t("What is its shape?"), number: node.dtype === "bool" ? t("Is {name} True or False?", { name }) : t("What is {name}, to one percent?", { name }) };
  return html`<form class="predict" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); check(answer); }}>
    <span class="muted">${t("result {number} of {all}", { number: done + 1, all })}</span>
    <${Equation} node=${node} /> <label for="answer">${wording[/** @type {keyof wording} */ (question)]}</label>
    ${question === "sign"
      ? ["+", "0", "-"].map((sign) => html`<button type="button" key=${sign} ref=${sign === "+" ? field : null} data-answer=${sign} onClick=${() => check(sign)}>${sign}</button>`)
      : html`<input id="answer" ref=${field} value=${answer} onInput=${(/** @type {any} */ event) => setAnswer(event.target.value)} autocomplete="off" /><button key="check">${t("check")}</button>`}
    <button type="button" onClick=${() => finish(false)}>${t("show")}</button>
    <span class="told" aria-live="polite">${told}</span> ${result}
  </form>`;
}
