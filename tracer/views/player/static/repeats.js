// Repetitions: boxes that show one of several layers, cells or operations at a time. Which one follows from the operation chosen.

import { html } from "./libraries.js";
import { twinOf } from "./moves.js";
import { shapeText } from "./numbers.js";

const TITLE_LENGTH = 26;
const FORMULA_LENGTH = 30;
const STEPPER_WIDTH = 120;

/** For each group of a picture, the repetition that a node is in. @param {any} picture @returns {Map<number, number>[]} */
function membersOf(picture) {
  if (picture.members) return picture.members;
  picture.members = picture.groups.map(() => new Map());
  for (const box of picture.boxes) {
    if (!box.cells) continue;
    const { outer, times } = picture.groups[box.group];
    box.cells.forEach((/** @type {number[]} */ cell, /** @type {number} */ number) => {
      for (const id of cell) {
        picture.members[box.group].set(id, number);
        if (outer >= 0) picture.members[outer].set(id, Math.floor(number / (times / picture.groups[outer].times)));
      }
    });
  }
  return picture.members;
}

/** The repetition that each group shows: that of an operation, else the last one before it. @param {import("./record.js").Form} form @param {any} picture @param {number} op @returns {number[]} */
export function numbersOf(form, picture, op) {
  /** @type {number[]} */
  const numbers = [];
  picture.groups.forEach((/** @type {any} */ group, /** @type {number} */ at) => {
    const count = group.outer < 0 ? group.times : group.times / picture.groups[group.outer].times;
    const first = group.outer < 0 ? 0 : numbers[group.outer] * count;
    const members = membersOf(picture)[at];
    let found = -1;
    for (let id = op; id >= 0 && (found < first || found >= first + count); id -= 1) found = members.get(form.homes[id]) ?? -1;
    numbers.push(found < first || found >= first + count ? first : found);
  });
  return numbers;
}

/** The boxes with what they show in these repetitions. @param {import("./record.js").Form} form @param {any} picture @param {number[]} numbers @returns {any[]} */
export function boxesAt(form, picture, numbers) {
  return picture.boxes.map((/** @type {any} */ box) => {
    if (!box.cells) return box;
    const ids = [...box.cells[numbers[box.group]], ...box.shared];
    if (box.module >= 0) return { ...box, ids };
    const { label = "", op, formula = "", shape } = form.nodes[ids[0]];
    return { ...box, ids, title: cut(label || op, TITLE_LENGTH), formula: formula === label ? "" : cut(formula, FORMULA_LENGTH), note: shape.length ? shapeText(shape) : "", kind: picture.groups[box.group].isList ? kindOf(form.nodes[ids[0]]) : box.kind };
  });
}

/** @param {import("./record.js").Node} node */
function kindOf({ op, phase, inputs }) {
  return op === "hyperparameter" ? "setting" : inputs?.length ? phase : op;
}

/** The same operation in another repetition; for one that is not in the group, the result of that repetition. @param {import("./record.js").Form} form @param {any} picture @param {number} group @param {number} number @param {number} op */
export function sameIn(form, picture, group, number, op) {
  const home = form.homes[op];
  const { boxes, groups } = picture;
  const per = (/** @type {any} */ box) => groups[box.group].times / groups[group].times;
  const inside = boxes.filter((/** @type {any} */ box) => box.cells && (box.group === group || groups[box.group].outer === group));
  for (const box of inside) {
    const now = box.cells.findIndex((/** @type {number[]} */ cell) => cell.includes(home));
    if (now < 0) continue;
    const other = box.cells[number * per(box) + (now % per(box))][box.cells[now].indexOf(home)];
    if (other === undefined) break;
    if (op === home) return other;
    if (form.updates[home] === op) return form.updates[other] ?? other;
    return form.own[home] === op ? form.own[other] ?? other : twinOf(form, other) ?? other;
  }
  return Math.max(...inside.flatMap((/** @type {any} */ box) => box.cells.slice(number * per(box), (number + 1) * per(box)).flat()).filter((/** @type {number} */ id) => form.nodes[id].inputs?.length || groups[group].isList));
}

/** The title of a box or a frame. @param {string} title @param {any} t */
export function titleText(title, t) {
  return title === "LSTM cell" ? t("LSTM cell") : title;
}

/** Which repetition an operation is in, in words; empty if it is in none. @param {import("./record.js").Form} form @param {any} picture @param {number} op @param {any} t */
export function repetitionText(form, picture, op, t) {
  const at = picture ? picture.groups.findIndex((/** @type {any} */ group, /** @type {number} */ each) => !group.isList && membersOf(picture)[each].has(form.homes[op])) : -1;
  return at < 0 ? "" : placeText(picture.groups[at], membersOf(picture)[at].get(form.homes[op]) ?? 0, t);
}

/** @param {any} group @param {number} number @param {any} t */
function placeText(group, number, t) {
  const fields = { number: number + 1, all: group.times };
  return group.isList ? t("operation {number} of {all}", fields) : t("{name} {number} of {all}", { name: titleText(group.title, t), ...fields });
}

/** The buttons to the repetitions before and after. @param {any} props */
export function Stepper({ group, number, go, x, y, t }) {
  const button = (/** @type {number} */ by, /** @type {string} */ sign, /** @type {number} */ at, /** @type {string} */ name) => {
    const isOver = number + by < 0 || number + by >= group.times;
    const act = (/** @type {Event} */ event) => {
      event.stopPropagation();
      event.preventDefault();
      if (!isOver) go(number + by);
    };
    return html`<g class="turn" role="button" tabindex="0" aria-label=${name} aria-disabled=${isOver} onClick=${act} onDblClick=${(/** @type {Event} */ event) => event.stopPropagation()}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => ["Enter", " "].includes(event.key) && act(event)}><rect x=${at} y=${y - 13} width="22" height="18" rx="4" /><text x=${at + 6} y=${y}>${sign}</text></g>`;
  };
  return html`<g class="stepper" role="group" aria-label=${placeText(group, number, t)}>${button(-1, "\u25c0", x, t("previous repetition"))}
    <text x=${x + STEPPER_WIDTH / 2} y=${y} text-anchor="middle">${`${number + 1}/${group.times}`}</text>${button(1, "\u25b6", x + STEPPER_WIDTH - 22, t("next repetition"))}</g>`;
}

/** @param {string} text @param {number} most */
function cut(text, most) {
  const end = Math.floor((most - 3) / 3);
  return text.length > most ? `${text.slice(0, most - 3 - end)}...${text.slice(-end)}` : text;
}
