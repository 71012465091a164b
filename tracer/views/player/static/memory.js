// What the reader did, kept while the tab is open: the answers, and how far an exercise is. In the address it could be changed to show results.

/** @typedef {{answers: Object<string, boolean>, step: number, seen: number}} Memory the answers by `step:operation`, and what is shown */

/** The name of the memory of a page: of its file and content. @param {any} data */
function keyOf(data) {
  const size = data.steps.reduce((/** @type {number} */ sum, /** @type {any} */ step) => sum + step.chunk.length, data.forms.length);
  return `tracer ${location.pathname} ${size}`;
}

/** What is kept; nothing in a page that keeps nothing. @param {any} data @returns {Memory} */
export function remembered(data) {
  const nothing = { answers: {}, step: 0, seen: -1 };
  try {
    return { ...nothing, ...JSON.parse(sessionStorage.getItem(keyOf(data)) ?? "{}") };
  } catch {
    return nothing;
  }
}

/** Keep it. @param {any} data @param {Memory} memory */
export function keep(data, memory) {
  try {
    sessionStorage.setItem(keyOf(data), JSON.stringify(memory));
  } catch {
    // A frame without storage.
  }
}
