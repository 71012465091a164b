// The vendored libraries under the names that the page uses.

/** @type {any} */
const globals = globalThis;

export const render = globals.preact.render;
export const useState = globals.preactHooks.useState;
export const useEffect = globals.preactHooks.useEffect;
export const useLayoutEffect = globals.preactHooks.useLayoutEffect;
export const useRef = globals.preactHooks.useRef;
export const useMemo = globals.preactHooks.useMemo;
export const html = globals.htm.bind(globals.preact.h);
