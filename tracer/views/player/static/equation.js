// The formula of an operation, typeset; a copy of it is its text.

import { html } from "./libraries.js";

/** An operation as an assignment: `h1 = x @ W1 + b1`. @param {import("./record.js").Node} node */
export function equationText(node) {
  return node.formula && node.formula !== node.label ? `${node.label} = ${node.formula}` : node.label || node.op;
}

/** The formula of an operation. @param {{node: import("./record.js").Node}} props */
export function Equation({ node }) {
  const text = equationText(node);
  if (!node.math) return html`<span class="equation">${text}</span>`;
  const copy = (/** @type {any} */ event) => {
    const selection = /** @type {any} */ (getSelection());
    if (![selection.anchorNode, selection.focusNode].every((end) => event.currentTarget.contains(end))) return;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  };
  // The elements are made in Python, where every text in them is escaped.
  return html`<span class="equation typeset" role="math" aria-label=${text} onCopy=${copy} dangerouslySetInnerHTML=${{ __html: node.math }}></span>`;
}
