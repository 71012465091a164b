// The page: reads the data, keeps the state in the address, and joins the panes.

import { html, render, useEffect, useMemo, useRef, useState } from "./libraries.js";
import { Around } from "./around.js";
import { Code, Operations } from "./code.js";
import { Graph } from "./graph.js";
import { elementText } from "./grids.js";
import { Inspector } from "./inspector.js";
import { KEYS, actionOf, keyText } from "./keys.js";
import { floatText } from "./numbers.js";
import { Predict, nextAsked } from "./predict.js";
import { PHASES, elementName, formsOf, stepOf } from "./record.js";
import { entered, hashOf, left, stateOf, within } from "./state.js";
import { worked } from "./terms.js";
import { Curve, Timeline } from "./timeline.js";
import { WhatIf, canRecompute, edited, editsOf, recomputed } from "./whatif.js";

const PACE = 700;
const data = JSON.parse(/** @type {any} */ (document.getElementById("data")).textContent);
const losses = data.steps.map((/** @type {any} */ step) => step.loss);
/** @type {import("./state.js").State} */
const FIRST = { step: 0, op: 0, seen: 0, at: 0, zoom: 3, open: "", mode: "", lang: data.language, theme: data.theme, trail: "", edits: "" };
/** A text in a language, with its fields. @param {string} lang */
function translator(lang) {
  return (/** @type {string} */ text, /** @type {Object<string, any>} */ fields = {}) =>
    (data.texts[lang]?.[text] ?? text).replace(/\{(\w+)\}/g, (/** @type {string} */ slot, /** @type {string} */ name) => String(fields[name] ?? slot));
}

/** The page. @param {{forms: any[], first: any, start: import("./state.js").State}} props */
function App({ forms, first, start }) {
  const [state, setState] = useState(start);
  const [recorded, setRecorded] = useState(first);
  const step = useMemo(() => (state.edits && canRecompute(recorded) ? recomputed(recorded, editsOf(state.edits)) : recorded), [recorded, state.edits]);
  const [isPlaying, setPlaying] = useState(false);
  const [dialog, setDialog] = useState("");
  const [score, setScore] = useState({ right: 0, asked: 0 });
  const t = translator(state.lang);
  const [tab, setTab] = useState("program");
  const [hover, setHover] = useState(/** @type {number[]} */ ([]));
  const isHiding = data.isExercise || state.mode === "predict";
  const latest = useRef({ state, step });
  latest.current = { state, step };
  const change = (/** @type {any} */ next) => setState((/** @type {any} */ old) => {
    /** @type {any} */
    const found = within(typeof next === "function" ? next(old) : { ...old, ...next }, latest.current.step);
    // An exercise shows nothing that was not predicted, whatever the address says.
    return data.isExercise && found.op > old.seen && !found.isRevealed ? { ...found, op: old.op, at: old.at, seen: old.seen } : { ...found, isRevealed: undefined };
  });

  useEffect(() => {
    remember(state);
    document.documentElement.dataset.theme = state.theme === "dark" ? "dark" : "light";
    document.documentElement.lang = state.lang;
  }, [state]);
  useEffect(() => {
    const read = () => change(() => stateOf(location.hash, FIRST));
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  useEffect(() => {
    const wanted = Math.min(state.step, data.steps.length - 1);
    if (data.steps[wanted].index === step.index) return;
    stepOf(data.steps[wanted], forms).then((loaded) => {
      latest.current.step = loaded;
      setRecorded(loaded);
      setState((/** @type {any} */ old) => (data.isExercise ? started({ ...old, step: wanted, op: 0, seen: 0 }, loaded) : within({ ...old, step: wanted }, loaded)));
    });
  }, [state.step]);

  const select = (/** @type {number} */ op, { isPlaying: plays = false } = {}) =>
    change((/** @type {any} */ old) => ({ ...old, op, at: latest.current.step.chosen.get(op) ?? latest.current.step.written.get(op)?.[0] ?? 0, trail: "", seen: plays ? op : Math.max(old.seen, op) }));
  const enter = (/** @type {number} */ op, /** @type {number} */ at) => change((/** @type {any} */ old) => entered(old, op, at));
  const go = (/** @type {number} */ number) => {
    const isOver = state.seen >= step.form.nodes.length - 1;
    if (data.isExercise && !(number === state.step + 1 && isOver)) return;
    change({ step: Math.max(0, Math.min(data.steps.length - 1, number)) });
  };
  const edit = (/** @type {number} */ op, /** @type {number} */ at, /** @type {number | null} */ value) =>
    change((/** @type {any} */ old) => ({ ...old, edits: edited(old.edits, op, at, value) }));
  const reveal = (/** @type {number} */ op, at = 0) =>
    change((/** @type {any} */ old) => ({ ...old, op, at, trail: "", seen: Math.max(op, nextAsked(latest.current.step, op) - 1), isRevealed: true }));
  const phaseStart = (/** @type {number} */ direction) => {
    const { nodes } = step.form;
    const phase = PHASES.indexOf(nodes[state.op].phase) + direction;
    const found = PHASES.slice(Math.max(0, phase)).map((name) => nodes.findIndex((/** @type {any} */ node) => node.phase === name)).find((id) => id >= 0);
    if (direction < 0) return Math.max(0, nodes.findIndex((/** @type {any} */ node) => PHASES.indexOf(node.phase) >= Math.max(0, phase)));
    return found === undefined || phase >= PHASES.length ? nodes.length - 1 : found;
  };
  const moduleOf = () => {
    const home = step.form.homes[state.op];
    const box = step.form.layouts.pictures[""]?.boxes.find((/** @type {any} */ each) => each.ids.includes(home));
    return box && box.module >= 0 ? String(box.module) : "";
  };
  /** @type {Object<string, () => void>} */
  const actions = {
    next: () => select(Math.min(state.op + 1, step.form.nodes.length - 1), { isPlaying: true }),
    previous: () => select(Math.max(0, state.op - 1), { isPlaying: true }),
    nextPhase: () => select(phaseStart(1), { isPlaying: true }),
    previousPhase: () => select(phaseStart(-1), { isPlaying: true }),
    nextStep: () => go(state.step + 1),
    previousStep: () => go(state.step - 1),
    play: () => setPlaying(!isPlaying),
    enter: () => {
      const found = worked(step, state.op, state.at);
      const operand = found?.moved ?? largest(found?.terms) ?? found?.pieces?.find((piece) => typeof piece === "object" && "id" in piece);
      if (operand && typeof operand === "object" && "id" in operand) enter(operand.id, operand.at);
    },
    back: () => change(left),
    zoom1: () => change({ zoom: 1, open: "" }),
    zoom2: () => change({ zoom: 2, open: moduleOf() }),
    zoom4: () => change({ zoom: 4 }),
    zoom3: () => change({ zoom: 3, open: "all" }),
    twin: () => {
      const { nodes, gradients } = step.form;
      const other = nodes[state.op].gradientOf ?? gradients[state.op];
      if (other !== undefined) change((/** @type {any} */ old) => ({ ...entered(old, other, 0), at: sameShape(nodes[other], nodes[old.op]) ? old.at : 0 }));
    },
    predict: () => data.isExercise || change((/** @type {any} */ old) => ({ ...old, mode: old.mode === "predict" ? "" : "predict" })),
    search: () => setDialog("search"),
    help: () => setDialog(dialog === "help" ? "" : "help"),
    close: () => setDialog(""),
  };
  useEffect(() => {
    const press = (/** @type {KeyboardEvent} */ event) => {
      const action = actionOf(event);
      if (!action) return;
      event.preventDefault();
      actions[action]();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
  useEffect(() => {
    if (!isPlaying) return undefined;
    if (state.seen >= step.form.nodes.length - 1 && state.op >= state.seen) {
      setPlaying(false);
      return undefined;
    }
    const timer = setTimeout(actions.next, PACE);
    return () => clearTimeout(timer);
  }, [isPlaying, state, step]);

  const node = step.form.nodes[state.op];
  const said = `${t(node.phase)}: ${elementName(node, state.op, state.at)} = ${isHiding && state.op > state.seen ? "?" : elementText(step, state.op, state.at)}`;
  const panes = { step, state, select, enter, t, hover, setHover, isHiding, choose: (/** @type {number} */ at) => change({ at }), back: actions.back };
  return html`<header>
      <h1>${data.title || "tracer"}</h1><span class="muted">${t("step")} </span>
      <button onClick=${actions.previousStep} aria-label=${t("previous training step")}>\u25c0</button>
      <output>${step.index} / ${data.steps[data.steps.length - 1].index}</output>
      <button onClick=${actions.nextStep} aria-label=${t("next training step")}>\u25b6</button>
      ${data.isExercise ? "" : html`<span class="muted">${t("loss")} ${floatText(Number(data.steps[state.step]?.loss))}</span>
      <${Curve} ...${{ losses, current: state.step, go, t }} />`}
      <span class="fill"></span>
      ${state.edits ? html`<span class="edited" role="status">${t("recomputed, not recorded")} <button onClick=${() => change({ edits: "" })}>${t("undo all")}</button></span>` : ""}
      <button onClick=${actions.play}>${isPlaying ? t("pause") : t("play")}</button>
      <button onClick=${actions.predict} aria-pressed=${state.mode === "predict"}>${t("predict")}</button>
      <button onClick=${() => change({ lang: state.lang === "zh" ? "en" : "zh" })}>${state.lang === "zh" ? "English" : "\u4e2d\u6587"}</button>
      <button onClick=${() => change({ theme: state.theme === "dark" ? "light" : "dark" })}>${state.theme === "dark" ? t("light") : t("dark")}</button>
      <button onClick=${actions.help} aria-label=${t("keys")}>?</button>
    </header>
    <nav class="tabs" role="tablist">${["program", "inspector"].map((name) => html`<button role="tab" aria-selected=${tab === name} onClick=${() => setTab(name)}>${t(name)}</button>`)}</nav>
    <main data-tab=${tab}>
      <section class="program" aria-label=${t("program")}><${Code} ...${panes} sources=${data.sources} /><${Operations} ...${panes} /></section>
      ${state.zoom === 4 ? html`<${Around} ...${panes} />`
        : html`<${Graph} ...${panes} openModule=${(/** @type {number} */ number) => change({ zoom: 2, open: String(number) })} />`}
      <${Inspector} ...${panes}><${WhatIf} recorded=${recorded} state=${state} edit=${edit} t=${t} /><//>
    </main>
    <footer>
      <${Timeline} ...${panes} />
      ${step.hasValues ? "" : html`<p class="muted">${t("Of this step the page has statistics only.")}</p>`}
      ${isHiding ? html`<${Predict} ...${panes} reveal=${reveal} score=${score}
        count=${(/** @type {boolean} */ right) => setScore({ right: score.right + Number(right), asked: score.asked + 1 })} />` : ""}
      <p class="said" aria-live="polite">${said}</p>
    </footer>
    ${dialog === "help" ? html`<${Help} close=${actions.close} t=${t} />` : ""}
    ${dialog === "search" ? html`<${Search} ...${panes} close=${actions.close} />` : ""}`;
}

/** Keep the state in the address. A frame of a notebook has none of its own. @param {any} state */
function remember(state) {
  if (location.protocol !== "about:") history.replaceState(null, "", hashOf(state));
}

/** The state before the first question of a step. @param {any} state @param {any} step */
function started(state, step) {
  const seen = Math.max(0, nextAsked(step, -1) - 1);
  return within({ ...state, op: Math.min(state.op, seen), seen, mode: "predict", edits: "", trail: "" }, step);
}

/** The first operand of the largest term. @param {any[] | undefined} terms */
function largest(terms) {
  return terms?.reduce((best, term) => (Math.abs(term.value) > Math.abs(best.value) ? term : best)).operands[0];
}

/** @param {any} one @param {any} other */
function sameShape(one, other) {
  return one.shape.join() === other.shape.join();
}

/** What the keys do. @param {any} props */
function Help({ close, t }) {
  return html`<div class="dialog" role="dialog" aria-modal="true" aria-label=${t("keys")}><dl>${KEYS.map(([keys, , text]) =>
    html`<div><dt><kbd>${keyText(keys[keys.length - 1])}</kbd></dt><dd>${t(text)}</dd></div>`)}</dl><button onClick=${close} autofocus>${t("close")}</button></div>`;
}

/** Finds operations by name, formula or number. @param {any} props */
function Search({ step, select, close, t }) {
  const [text, setText] = useState("");
  const field = useRef(/** @type {any} */ (null));
  useEffect(() => field.current?.focus(), []);
  const wanted = text.trim().toLowerCase();
  const found = wanted ? step.form.nodes.flatMap((/** @type {any} */ node, /** @type {number} */ id) =>
    `${node.label} ${node.formula || ""} ${node.op} ${id}`.toLowerCase().includes(wanted) ? [id] : []).slice(0, 12) : [];
  const pick = (/** @type {number} */ id) => { select(id); close(); };
  return html`<form class="dialog" role="dialog" aria-modal="true" aria-label=${t("search")} onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); if (found.length) pick(found[0]); }}>
    <input ref=${field} value=${text} placeholder=${t("name, formula or operation")} aria-label=${t("search")} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
    <ul>${found.map((/** @type {number} */ id) => html`<li><button type="button" onClick=${() => pick(id)}><span class="muted">${id}</span> ${step.form.nodes[id].label} ${step.form.nodes[id].formula || ""}</button></li>`)}</ul></form>`;
}

formsOf(data.forms).then(async (forms) => {
  let start = stateOf(location.hash, { ...FIRST, ...data.start });
  const number = Math.min(start.step, data.steps.length - 1);
  const first = await stepOf(data.steps[number], forms);
  if (data.isExercise) {
    start = started({ ...start, step: number }, first);
  } else if (!location.hash && data.start.op === undefined) {
    start = { ...start, op: first.form.loss, seen: first.form.loss };
  }
  render(html`<${App} forms=${forms} first=${first} start=${within(start, first)} />`, document.getElementById("player"));
});
