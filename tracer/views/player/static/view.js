// What of the graph is in sight, and how fingers, mouse and wheel move it.

const MARGIN = 14;
const BOTTOM = 44;
const MOST_SHIFT = 110;
const CLICK = 4;

/** @typedef {{x: number, y: number, scale: number}} View @typedef {{x: number, y: number, width: number, height: number}} Area */

/** The view in which a box is wholly in sight, as are its inputs as far as there is room, and few boxes are cut. @param {any} picture @param {any} frame @param {Area[]} boxes @param {number} number @returns {View} */
export function viewOf(picture, frame, boxes, number) {
  const { clientWidth, clientHeight } = frame;
  const box = boxes[number];
  const [across, down] = [clientWidth - 2 * MARGIN, clientHeight - MARGIN - BOTTOM];
  const readable = Math.max(0.9, Math.min(1.25, clientWidth / picture.width, clientHeight / picture.height));
  const scale = Math.min(readable, across / box.width, down / box.height);
  /** @type {Area} */
  let shown = box;
  const inputs = picture.wires.filter((/** @type {any[]} */ wire) => wire[1] === number && wire[0] !== number).map((/** @type {any[]} */ wire) => boxes[wire[0]]);
  const distance = (/** @type {Area} */ each) => Math.abs(each.x - box.x) + Math.abs(each.y - box.y);
  for (const input of inputs.sort((/** @type {Area} */ one, /** @type {Area} */ other) => distance(one) - distance(other))) {
    const both = around(shown, input);
    if (both.width * scale <= across && both.height * scale <= down) shown = both;
  }
  const place = (/** @type {"x" | "y"} */ axis, /** @type {"width" | "height"} */ side, /** @type {number} */ room, /** @type {number} */ end) => {
    if (picture[side] * scale <= room) return (room - picture[side] * scale) / 2;
    const [least, most] = [MARGIN - shown[axis] * scale, room - end - (shown[axis] + shown[side]) * scale]; // where it is in sight
    const edges = Math.min(MARGIN, Math.max(room - picture[side] * scale - end, room / 2 - (box[axis] + box[side] / 2) * scale));
    const wanted = Math.max(least, Math.min(most, edges));
    const cut = (/** @type {number} */ at) => boxes.filter((each) => [0, room].some((edge) => at + each[axis] * scale < edge && at + (each[axis] + each[side]) * scale > edge)).length;
    const places = boxes.flatMap((each) => [4 - each[axis] * scale, room - 4 - (each[axis] + each[side]) * scale]);
    const near = [wanted, ...places.filter((at) => at >= least && at <= most && Math.abs(at - wanted) <= MOST_SHIFT)];
    const cost = (/** @type {number} */ at) => cut(at) * MOST_SHIFT * 4 + Math.abs(at - wanted);
    return near.reduce((best, at) => (cost(at) < cost(best) ? at : best));
  };
  return { scale, x: place("x", "width", clientWidth, MARGIN), y: place("y", "height", clientHeight, BOTTOM) };
}

/** @param {Area} one @param {Area} other @returns {Area} */
function around(one, other) {
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  return { x, y, width: Math.max(one.x + one.width, other.x + other.width) - x, height: Math.max(one.y + one.height, other.y + other.height) - y };
}

/** The view of the whole picture. @param {any} picture @param {any} frame @returns {View} */
export function wholeOf(picture, frame) {
  const scale = Math.min(1.25, (frame.clientWidth - 20) / picture.width, (frame.clientHeight - 20) / picture.height);
  return { scale, x: (frame.clientWidth - picture.width * scale) / 2, y: (frame.clientHeight - picture.height * scale) / 2 };
}

/** Whether a box is out of sight. @param {Area} box @param {View} view @param {any} frame */
export function isOutside(box, view, frame) {
  const [x, y] = [view.x + box.x * view.scale, view.y + box.y * view.scale];
  return x < 0 || y < 0 || x + box.width * view.scale > frame.clientWidth || y + box.height * view.scale > frame.clientHeight;
}

/** The view at another scale, in which a point of the frame stays where it is. @param {View} view @param {number} factor @param {number} x @param {number} y @returns {View} */
export function zoomed(view, factor, x, y) {
  const scale = Math.max(0.1, Math.min(4, view.scale * factor));
  return { scale, x: x - ((x - view.x) * scale) / view.scale, y: y - ((y - view.y) * scale) / view.scale };
}

/** What the graph does on events: one pointer moves it, two and the wheel scale it; a pointer that has moved does not click. @param {any} frame @param {any} pointers @param {(next: (view: View) => View) => void} setView */
export function gestures(frame, pointers, setView) {
  const at = (/** @type {any} */ event) => {
    const box = frame.current.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const known = pointers.current;
  const end = (/** @type {PointerEvent} */ event) => known.delete(event.pointerId);
  return {
    onWheel: (/** @type {WheelEvent} */ event) => {
      event.preventDefault();
      const { x, y } = at(event);
      setView((view) => zoomed(view, Math.exp(-event.deltaY / 1200), x, y));
    },
    onPointerDown: (/** @type {PointerEvent} */ event) => {
      if (!known.size) pointers.isMoving = false;
      known.set(event.pointerId, at(event));
    },
    onPointerMove: (/** @type {PointerEvent} */ event) => {
      const old = known.get(event.pointerId);
      if (!old) return;
      const now = at(event);
      const [x, y] = [now.x - old.x, now.y - old.y];
      if (!pointers.isMoving && Math.hypot(x, y) <= CLICK) return;
      if (!pointers.isMoving) frame.current.setPointerCapture(event.pointerId);
      pointers.isMoving = true;
      known.set(event.pointerId, now);
      const other = [...known].find(([id]) => id !== event.pointerId)?.[1];
      const far = (/** @type {any} */ each) => Math.max(20, Math.hypot(each.x - other.x, each.y - other.y));
      setView((view) => (other ? zoomed(view, far(now) / far(old), other.x, other.y) : { ...view, x: view.x + x, y: view.y + y }));
    },
    onPointerUp: end,
    onPointerCancel: end,
    onPointerLeave: end,
    onClickCapture: (/** @type {MouseEvent} */ event) => pointers.isMoving && event.detail > 0 && event.stopPropagation(),
  };
}
