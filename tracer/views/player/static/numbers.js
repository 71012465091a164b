// How numbers are written: as everywhere in tracer, with four significant digits.

export const DIGITS = 4;
export const NOISE = "~0";

/**
 * A number with `digits` significant digits, as Python's format code `g` writes it.
 * @param {number} value @param {number} [digits]
 */
export function floatText(value, digits = DIGITS) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  const [mantissa, exponent] = rounded(Math.abs(value), digits);
  const power = Number(exponent);
  const sign = value < 0 ? "-" : "";
  if (power < -4 || power >= digits) {
    const size = String(Math.abs(power)).padStart(2, "0");
    return `${sign}${withoutZeros(mantissa)}e${power < 0 ? "-" : "+"}${size}`;
  }
  const numerals = mantissa.replace(".", "");
  const fixed = power < 0 ? `0.${"0".repeat(-power - 1)}${numerals}` : `${numerals.slice(0, power + 1)}.${numerals.slice(power + 1)}`;
  return sign + withoutZeros(fixed);
}

/**
 * The mantissa and the exponent of a positive number. Of two that are equally near, Python takes the even one.
 * @param {number} value @param {number} digits @returns {string[]}
 */
function rounded(value, digits) {
  if (!mayBeTie(value, digits)) return value.toExponential(digits - 1).split("e");
  const exact = value.toExponential(60);
  const numerals = exact.split("e")[0].replace(".", "");
  const isTie = /^50*$/.test(numerals.slice(digits));
  if (isTie && Number(numerals[digits - 1]) % 2 === 0) {
    const kept = numerals.slice(0, digits);
    return [digits > 1 ? `${kept[0]}.${kept.slice(1)}` : kept, exact.split("e")[1]];
  }
  return value.toExponential(digits - 1).split("e");
}

/** Whether the shortest text of a number ends in a 5 after its digits. @param {number} value @param {number} digits */
function mayBeTie(value, digits) {
  const numerals = String(value).split("e")[0].replace(".", "").replace(/^0+|0+$/g, "");
  return numerals.length === digits + 1 && numerals.endsWith("5");
}

/** @param {string} text */
function withoutZeros(text) {
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

/**
 * A number of a dtype: integers in full, booleans as words.
 * @param {number} value @param {string} dtype
 */
export function numberText(value, dtype) {
  if (dtype === "bool") return value ? "True" : "False";
  if (/^u?int/.test(dtype)) return String(value);
  return floatText(value);
}

/** A factor or a term: in brackets if it is negative. @param {string} text */
export function bracketed(text) {
  return text.startsWith("-") ? `(${text})` : text;
}

/** @param {number[]} shape */
export function shapeText(shape) {
  return `(${shape.join(",")}${shape.length === 1 ? "," : ""})`;
}
