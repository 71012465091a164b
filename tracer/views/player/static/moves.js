// What an action makes of the state, and why it makes nothing of it: functions of a state and a step, without a page.

import { isSameShape } from "./arrays.js";
import { nextAsked } from "./predict.js";
import { PHASES } from "./record.js";
import { entered, left } from "./state.js";
import { largestFirst, operandsOf, worked } from "./terms.js";

/** @typedef {import("./state.js").State} State @typedef {import("./record.js").Step} Step */

/** The element of an operation that is shown first: one with exact numbers, or with an arithmetic. @param {Step} step @param {number} op */
export function firstElement(step, op) {
  const [largest, elements] = step.written.get(op) ?? [0, {}];
  return step.chosen.get(op) ?? (0 in elements ? 0 : largest);
}

/** The state at an operation. What was computed by then is shown; with `isPlaying`, only that. @param {State} state @param {Step} step @param {number} op @param {boolean} [isPlaying] */
export function selected(state, step, op, isPlaying = false) {
  return { ...state, op, at: firstElement(step, op), trail: "", seen: isPlaying ? op : Math.max(state.seen, op) };
}

/** The state when a result is shown: up to the next one that is asked of. @param {State} state @param {Step} step @param {number} op @param {number} at */
export function revealed(state, step, op, at) {
  return { ...state, op, at, trail: "", seen: Math.max(op, nextAsked(step, op) - 1) };
}

/** An exercise shows nothing that was not predicted, and takes back nothing that was. @param {State} old @param {State} found @param {number} shown */
export function guarded(old, found, shown) {
  const seen = Math.max(old.seen, shown);
  return found.op > seen ? { ...found, op: old.op, at: old.at, seen } : { ...found, seen };
}

export const UNKNOWN = "Predict the next result first.";
const AT_END = "This is the last operation of the step.";
const AT_START = "This is the first operation of the step.";
/** @type {Object<string, string>} why a move leads nowhere */
const NOWHERE = {
  next: AT_END, nextPhase: AT_END, previous: AT_START, previousPhase: AT_START, back: "There is no way back from here.",
  enter: "There is no number to go to.", twin: "There is no gradient or value to go to.",
};

/** Why an action does nothing here; empty if it does something. @param {string} action @param {State} state @param {Step} step @param {any} data */
export function refusalOf(action, state, step, data) {
  const last = step.form.nodes.length - 1;
  if (action === "play") return refusalOf("next", state, step, data);
  if (action === "previousStep" && state.step === 0) return "This is the first step.";
  if (action === "previousStep") return data.isExercise ? "An exercise goes forwards only." : "";
  if (action === "nextStep" && state.step === data.steps.length - 1) return "This is the last step on record.";
  if (action === "nextStep") return data.isExercise && state.seen < last ? "The next step opens when all results of this one are shown." : "";
  const found = MOVES[action]?.(state, step);
  if (!found || !(action in NOWHERE)) return "";
  if (data.isExercise && found.op > state.seen) return UNKNOWN;
  const isNowhere = found === state || (/next|previous/.test(action) && found.op === state.op);
  return isNowhere ? NOWHERE[action] : "";
}

/** The attributes of what is greyed out for a reason; none without a reason. It still says the reason when it is used. @param {string} reason */
export function barring(reason) {
  return reason ? { "aria-disabled": "true", title: reason } : {};
}

/** @type {Object<string, (state: State, step: Step) => State>} the moves within a step, by the names of the actions */
export const MOVES = {
  next: (state, step) => selected(state, step, Math.min(state.op + 1, step.form.nodes.length - 1), true),
  previous: (state, step) => selected(state, step, Math.max(0, state.op - 1), true),
  nextPhase: (state, step) => selected(state, step, phaseStart(state, step, 1), true),
  previousPhase: (state, step) => selected(state, step, phaseStart(state, step, -1), true),
  enter: (state, step) => {
    const operand = mostImportant(worked(step, state.op, state.at));
    return operand ? entered(state, operand.id, operand.at) : state;
  },
  back: (state) => left(state),
  zoom1: (state) => ({ ...state, zoom: 1, open: "" }),
  zoom2: (state, step) => ({ ...state, zoom: 2, open: moduleOf(state, step) }),
  zoom3: (state) => ({ ...state, zoom: 3, open: "all" }),
  zoom4: (state) => ({ ...state, zoom: 4 }),
  twin: (state, step) => {
    const { nodes } = step.form;
    const other = twinOf(step.form, state.op);
    if (other === undefined) return state;
    return { ...entered(state, other, 0), at: isSameShape(nodes[other], nodes[state.op]) ? state.at : firstElement(step, other) };
  },
};

/** The gradient of a value, or the value that a gradient is of. @param {import("./record.js").Form} form @param {number} op @returns {number | undefined} */
export function twinOf(form, op) {
  const { nodes, gradients } = form;
  if (nodes[op].phase !== "backward") return gradients[op];
  return form.valueOf.get(op) ?? nodes[op].gradientOf;
}

/** The first operation of the next or previous phase. @param {State} state @param {Step} step @param {number} direction */
function phaseStart(state, step, direction) {
  const { nodes } = step.form;
  const phases = nodes.map((node) => PHASES.indexOf(node.phase));
  const wanted = phases[state.op] + direction;
  const found = phases.findIndex((phase) => phase >= Math.max(0, wanted));
  return found < 0 ? nodes.length - 1 : found;
}

/** The number of the module that an operation is shown in; empty for none. @param {State} state @param {Step} step */
function moduleOf(state, step) {
  const { homes, layouts } = step.form;
  const box = layouts.pictures[""]?.boxes.find((/** @type {any} */ each) => each.ids.includes(homes[state.op]));
  return box && box.module >= 0 ? String(box.module) : "";
}

/** The element that decides most: of the largest term, else the first. @param {import("./terms.js").Worked | null} found */
function mostImportant(found) {
  if (!found) return undefined;
  const operands = found.terms ? largestFirst(found.terms)[0]?.operands ?? [] : operandsOf(found);
  return operands.flatMap((operand) => ("literal" in operand ? [] : [operand]))[0];
}
