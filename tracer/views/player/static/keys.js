// What the keys do. The page and its help read the same table.

/** @type {[string[], string, string][]} the keys, the name of the action, and what it does */
export const KEYS = [
  [["ArrowRight"], "next", "next operation"],
  [["ArrowLeft"], "previous", "previous operation"],
  [["Shift+ArrowRight"], "nextPhase", "next phase"],
  [["Shift+ArrowLeft"], "previousPhase", "previous phase"],
  [["ArrowDown"], "nextStep", "next training step"],
  [["ArrowUp"], "previousStep", "previous training step"],
  [[" "], "play", "play or pause"],
  [["Enter"], "enter", "into the largest number of the arithmetic"],
  [["Backspace"], "back", "back out"],
  [["1"], "zoom1", "all modules closed"],
  [["2"], "zoom2", "the module of the operation open"],
  [["3"], "zoom3", "all modules open"],
  [["4"], "zoom4", "one number and where it is from"],
  [["t", "T"], "twin", "forward twin of a gradient, or gradient of a value"],
  [["p", "P"], "predict", "predict the next result"],
  [["w", "W"], "whatIf", "what if: to the slider"],
  [["/"], "search", "search"],
  [["?"], "help", "keys"],
  [["Escape"], "close", "close"],
];

/** The action of a key event; empty if there is none. @param {KeyboardEvent} event */
export function actionOf(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey) return "";
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && event.key !== "Escape") return "";
  if ([" ", "Enter"].includes(event.key) && target.closest("button, [role=button]") && !target.closest(".chosen")) return "";
  if (["ArrowUp", "ArrowDown"].includes(event.key) && target.closest(".code, .operations")) return "";
  const name = event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key;
  return KEYS.find(([keys]) => keys.includes(name))?.[1] ?? "";
}

/** A key as people call it. @param {string} key */
export function keyText(key) {
  const names = { ArrowRight: "\u2192", ArrowLeft: "\u2190", ArrowDown: "\u2193", ArrowUp: "\u2191", " ": "Space" };
  return key.split("+").map((part) => names[/** @type {keyof names} */ (part)] ?? part.toUpperCase()).join(" ");
}
