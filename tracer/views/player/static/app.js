// The page: reads the data, keeps the state in the address, and joins the panes.

import { html, render, useEffect, useMemo, useRef, useState } from "./libraries.js";
import { Around } from "./around.js";
import { Bar } from "./bar.js";
import { Code, Operations } from "./code.js";
import { Help, Search } from "./dialogs.js";
import { Graph, pictureOf } from "./graph.js";
import { elementText } from "./grids.js";
import { Inspector } from "./inspector.js";
import { actionOf } from "./keys.js";
import { keep, remembered } from "./memory.js";
import { MOVES, UNKNOWN, guarded, refusalOf, revealed, selected } from "./moves.js";
import { Predict, nextAsked } from "./predict.js";
import { elementName, formsOf, stepOf } from "./record.js";
import { repetitionText } from "./repeats.js";
import { entered, hashOf, stateOf, within } from "./state.js";
import { Timeline } from "./timeline.js";
import { WhatIf, edited, editsOf, recomputed, whyNotRecomputed } from "./whatif.js";

const PACE = 700;
const data = JSON.parse(/** @type {any} */ (document.getElementById("data")).textContent);
const losses = data.steps.map((/** @type {any} */ step) => step.loss);
const withValues = data.steps.filter((/** @type {any} */ step) => step.hasValues).map((/** @type {any} */ step) => step.index).join(", ");
/** @type {import("./state.js").State} */
const FIRST = { step: 0, op: 0, seen: 0, at: 0, zoom: 3, open: "", mode: "", lang: data.language, theme: data.theme, trail: "", edits: "" };
const memory = remembered(data);
if (data.followsTheme && !location.hash) FIRST.theme = themeAround();
/** A text in a language, with its fields. @param {string} lang */
function translator(lang) {
  return (/** @type {string} */ text, /** @type {Object<string, any>} */ fields = {}) =>
    (data.texts[lang]?.[text] ?? text).replace(/\{(\w+)\}/g, (/** @type {string} */ slot, /** @type {string} */ name) => String(fields[name] ?? slot));
}

/** The page. @param {{forms: any[], first: any, start: import("./state.js").State}} props */
function App({ forms, first, start }) {
  const [state, setState] = useState(start);
  const [recorded, setRecorded] = useState(first);
  const isLoaded = data.steps[state.step].index === recorded.index;
  const step = useMemo(() => (state.edits && isLoaded && !whyNotRecomputed(recorded) ? recomputed(recorded, editsOf(state.edits)) : recorded), [recorded, isLoaded, state.edits]);
  const [isPlaying, setPlaying] = useState(false);
  const [dialog, setDialog] = useState("");
  const [answers, setAnswers] = useState(memory.answers);
  const [notice, setNotice] = useState(/** @type {{text: string, label?: string, act?: () => void}} */ ({ text: "" }));
  const t = translator(state.lang);
  const [tab, setTab] = useState(innerWidth > 900 || stateOf(location.hash, { ...FIRST, ...data.start }).op > 0 ? "inspector" : "program");
  const [hover, setHover] = useState(/** @type {number[]} */ ([]));
  const isHiding = data.isExercise || state.mode === "predict";
  const latest = useRef({ step, isJump: false, isFromAddress: false });
  latest.current.step = step;
  /** Change the state; what was jumped to stands in the browser's history. */
  const change = (/** @type {any} */ next, { isJump = false, shown = 0 } = {}) => setState((/** @type {any} */ old) => {
    const found = within({ ...old, ...next(old, latest.current.step) }, latest.current.step, data.steps.length);
    latest.current.isJump ||= isJump && (found.op !== old.op || found.at !== old.at);
    return data.isExercise ? guarded(old, found, shown) : found;
  });
  useEffect(() => {
    if (!latest.current.isFromAddress) remember(state, latest.current.isJump);
    latest.current.isJump = latest.current.isFromAddress = false;
    document.documentElement.dataset.theme = state.theme === "dark" ? "dark" : "light";
    document.documentElement.lang = state.lang;
  }, [state]);
  useEffect(() => {
    const read = () => {
      latest.current.isFromAddress = true;
      setNotice({ text: "" });
      change((/** @type {any} */ old) => ({ ...stateOf(location.hash, FIRST), lang: old.lang, theme: old.theme, ...(data.isExercise ? { step: old.step } : {}) }));
    };
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  useEffect(() => {
    if (isLoaded) keep(data, { answers, step: state.step, seen: state.seen });
  }, [answers, isLoaded, state.step, state.seen]);
  useEffect(() => {
    if (isLoaded) return;
    stepOf(data.steps[state.step], forms).then((loaded) => {
      latest.current.step = loaded;
      setRecorded(loaded);
      setState((/** @type {any} */ old) => (data.isExercise ? started({ ...old, op: 0 }, loaded) : within(old, loaded, data.steps.length)));
    });
  }, [state.step]);

  const barred = (/** @type {number} */ op) => (data.isExercise && op > state.seen ? t(UNKNOWN) : "");
  const select = (/** @type {number} */ op, { isPlaying: plays = false, at = -1 } = {}) => {
    setNotice({ text: barred(op) });
    if (barred(op)) return;
    change((/** @type {any} */ old, /** @type {any} */ now) => {
      const found = selected(old, now, op, plays);
      return at < 0 ? found : { ...found, at };
    }, { isJump: !plays });
  };
  const enter = (/** @type {number} */ op, /** @type {number} */ at) => change((/** @type {any} */ old) => entered(old, op, at), { isJump: true });
  const go = (/** @type {number} */ number) => {
    change(() => ({ step: number, edits: "" })); // an edit is of the step it was made in
    const edits = editsOf(state.edits);
    if (!edits.length || number === state.step) return;
    const names = edits.map(([id, at]) => (step.form.nodes[id] ? elementName(step.form.nodes[id], id, at) : "")).join(", ");
    const [op, at] = edits[edits.length - 1];
    setNotice({ text: t("The new value of {name} was of step {step}.", { name: names, step: step.index }), label: t("back to it"), act: () => change(() => ({ step: state.step, op, at, seen: state.seen, edits: state.edits })) });
  };
  const again = () => {
    setAnswers({});
    if (data.isExercise) setState((/** @type {any} */ old) => (old.step ? { ...old, step: 0 } : started(old, step)));
  };
  const edit = (/** @type {number} */ op, /** @type {number} */ at, /** @type {number | null} */ value) =>
    change((/** @type {any} */ old) => ({ edits: edited(old.edits, op, at, value) }));
  const reveal = (/** @type {number} */ op, /** @type {number} */ at) => {
    const found = revealed(state, step, op, at);
    change(() => found, { shown: found.seen });
  };
  /** @type {Object<string, () => void>} */
  const others = {
    nextStep: () => go(state.step + 1),
    previousStep: () => go(state.step - 1),
    play: () => setPlaying(!isPlaying),
    whatIf: () => {
      setTab("inspector");
      setTimeout(() => {
        const slider = /** @type {HTMLElement | null} */ (document.querySelector(".whatif input[type=range]"));
        if (slider) slider.focus();
        else setNotice({ text: t("What if is at the elements of parameters; the inspector says where it is not.") });
      });
    },
    predict: () => (data.isExercise ? document.getElementById("answer")?.focus() : change((/** @type {any} */ old) => ({ mode: old.mode === "predict" ? "" : "predict" }))),
    search: () => setDialog("search"),
    help: () => setDialog("help"),
    close: () => {
      setDialog("");
      /** @type {HTMLElement | null} */ (document.activeElement)?.blur(); // the keys are those of the page again
    },
  };
  const act = (/** @type {string} */ action) => {
    const reason = isPlaying && action === "play" ? "" : refusalOf(action, state, step, data);
    setNotice({ text: t(reason) });
    if (reason) return;
    if (action in MOVES) change(MOVES[action], { isJump: ["enter", "twin"].includes(action) });
    else others[action]();
  };
  useEffect(() => {
    const press = (/** @type {KeyboardEvent} */ event) => {
      const action = actionOf(event);
      if (!action || (dialog && action !== "close")) return;
      event.preventDefault();
      act(action);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
  useEffect(() => {
    // For the console of the browser, and for tests: `player.step.values[49].data`.
    /** @type {any} */ (globalThis).player = { step, state };
  }, [step, state]);
  useEffect(() => {
    if (!isPlaying) return undefined;
    if (state.op >= step.form.nodes.length - 1 || (data.isExercise && state.op >= state.seen)) {
      setPlaying(false);
      return undefined;
    }
    const timer = setTimeout(() => act("next"), PACE);
    return () => clearTimeout(timer);
  }, [isPlaying, state, step]);

  const node = step.form.nodes[state.op];
  const repetition = repetitionText(step.form, pictureOf(step.form, state.zoom, state.open), state.op, t);
  const said = `${repetition && `${repetition}, `}${t(node.phase)}: ${elementName(node, state.op, state.at)} = ${isHiding && state.op > state.seen ? "?" : elementText(step, state.op, state.at)}`;
  const choose = (/** @type {number} */ at) => change(() => ({ at }), { isJump: true });
  const panes = { step, state, select, enter, choose, act, t, hover, setHover, isHiding, barred };
  const bar = { step, recorded, state, losses, data, isPlaying, act, go, t, change };
  const fromGraph = (/** @type {number} */ op) => {
    setTab("inspector");
    select(op);
  };
  const openModule = (/** @type {number} */ number) => change(() => ({ zoom: 2, open: String(number) }));
  return html`<${Bar} ...${bar} />
    <nav class="tabs" role="tablist">${["program", "inspector"].map((name) => html`<button role="tab" aria-selected=${tab === name} onClick=${() => setTab(name)}>${t(name)}</button>`)}</nav>
    <main data-tab=${tab}>
      <section class="program" aria-label=${t("program")}><${Code} ...${panes} sources=${data.sources} /><${Operations} ...${panes} /></section>
      ${state.zoom === 4 ? html`<${Around} ...${panes} />` : html`<${Graph} ...${panes} select=${fromGraph} openModule=${openModule} />`}
      <${Inspector} ...${panes}><${WhatIf} ...${{ recorded, state, edit, isExercise: data.isExercise, t }} /><//>
    </main>
    <footer>
      <${Timeline} ...${panes} />
      ${data.isExercise ? "" : data.notes.map((/** @type {Object<string, string>} */ note) => html`<p class="muted">${note[state.lang] ?? note.en}</p>`)}
      ${step.hasValues ? "" : html`<p class="muted">${t("Of this step the page has statistics only; it has the values of the steps {steps}.", { steps: withValues })}</p>`}
      ${isHiding ? html`<${Predict} ...${{ ...panes, reveal, answers, setAnswers, again }} />` : ""}
      <p class="said" aria-live="polite">${notice.text ? html`<span class="notice">${notice.text}</span> ` : ""}${notice.act ? html`<button onClick=${() => { notice.act?.(); setNotice({ text: "" }); }}>${notice.label}</button> ` : ""}${said}</p>
    </footer>
    ${dialog === "help" ? html`<${Help} close=${others.close} t=${t} />` : ""}
    ${dialog === "search" ? html`<${Search} ...${panes} close=${others.close} />` : ""}`;
}

/** Keep the state in the address. A frame of a notebook has none of its own. @param {any} state @param {boolean} isJump */
function remember(state, isJump) {
  if (location.protocol === "about:") return;
  if (isJump) history.pushState(null, "", hashOf(state));
  else history.replaceState(null, "", hashOf(state));
}

/** The state before the first question of a step. @param {any} state @param {any} step */
function started(state, step) {
  const seen = Math.max(0, nextAsked(step, -1) - 1);
  return { ...within({ ...state, op: seen, mode: "predict", edits: "", trail: "" }, step, data.steps.length), seen };
}

// What was clicked does not keep the keys: Space plays, Enter goes into a number, and arrows go through steps.
addEventListener("click", (event) => {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  if (event.detail > 0 && focused?.matches("button, .code, .operations")) focused.blur();
});

formsOf(data.forms).then(async (forms) => {
  let start = within(stateOf(location.hash, { ...FIRST, ...data.start }), null, data.steps.length);
  if (data.isExercise) start.step = Math.min(memory.step, data.steps.length - 1);
  const first = await stepOf(data.steps[start.step], forms);
  if (data.isExercise) {
    const from = started(start, first);
    const seen = Math.max(from.seen, memory.seen);
    start = { ...from, seen, op: /\bop=/.test(location.hash) ? Math.min(start.op, seen) : seen };
  }
  else if (!location.hash) start = { ...selected(start, first, data.start.op ?? firstComputed(first), true), ...data.start };
  render(html`<${App} forms=${forms} first=${first} start=${within(start, first, data.steps.length)} />`, document.getElementById("player"));
});

/** The theme of the notebook that the page is in: dark if its text is light. */
function themeAround() {
  const frame = globalThis.frameElement; // null in a page of its own
  const [color, first] = (frame && /([\d.]+)/.exec(parent.getComputedStyle(frame).color)) ?? ["", ""];
  return first && Number(first) > (Number(first) > 1 ? 127 : 0.5) ? "dark" : "light";
}

/** The first operation of the step that is computed. @param {any} step */
function firstComputed(step) {
  return Math.max(0, step.form.nodes.findIndex((/** @type {any} */ node) => node.inputs.length && node.phase !== "init"));
}
