// The header: what the run is, its steps and losses, and the buttons.

import { html } from "./libraries.js";
import { sizeOf } from "./arrays.js";
import { barring, refusalOf } from "./moves.js";
import { floatText } from "./numbers.js";
import { Curve } from "./timeline.js";
import { lossOf } from "./whatif.js";

/** The header. @param {any} props */
export function Bar({ step, recorded, state, losses, data, isPlaying, act, go, change, t }) {
  const parameters = step.form.nodes.filter((/** @type {any} */ node) => node.op === "parameter");
  const count = parameters.reduce((/** @type {number} */ sum, /** @type {any} */ node) => sum + sizeOf(node.shape), 0);
  const last = data.steps[data.steps.length - 1].index;
  const refused = (/** @type {string} */ action) => barring(t(refusalOf(action, state, step, data)));
  return html`<header>
    <div><h1>${data.title || "tracer"}</h1><p class="muted" title=${data.subtitle}>${t("{count} parameters", { count: count.toLocaleString("en") })}${data.subtitle ? `. ${data.subtitle}` : ""}</p></div>
    <span class="muted">${t("step")} </span>
    <button onClick=${() => act("previousStep")} ...${refused("previousStep")} aria-label=${t("previous training step")}>\u25c0</button>
    <output>${step.index} / ${last}</output>
    <button onClick=${() => act("nextStep")} ...${refused("nextStep")} aria-label=${t("next training step")}>\u25b6</button>
    ${data.isExercise ? "" : html`<span class="muted">${t("loss")} ${floatText(Number(losses[state.step]))}</span>
      <${Curve} ...${{ losses, current: state.step, go, t }} />`}
    <span class="fill"></span>
    ${state.edits && step !== recorded ? html`<span class="edited" role="status">${t("recomputed, not recorded")}: ${t("loss")} ${floatText(lossOf(step))}
      <button onClick=${() => change(() => ({ edits: "" }))}>${t("undo all")}</button></span>` : ""}
    <button onClick=${() => act("play")} ...${isPlaying ? {} : refused("play")}>${isPlaying ? t("pause") : t("play")}</button>
    ${data.isExercise ? "" : html`<button onClick=${() => act("predict")} aria-pressed=${state.mode === "predict"}>${t("predict")}</button>`}
    <button onClick=${() => act("search")}>${t("search")}</button>
    <button onClick=${() => change(() => ({ lang: state.lang === "zh" ? "en" : "zh" }))}>${state.lang === "zh" ? "English" : "\u4e2d\u6587"}</button>
    <button onClick=${() => change(() => ({ theme: state.theme === "dark" ? "light" : "dark" }))}>${state.theme === "dark" ? t("light") : t("dark")}</button>
    <button onClick=${() => act("help")} aria-label=${t("keys")}>?</button>
  </header>`;
}
