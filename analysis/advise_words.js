// Words and numbers of the report's selector, as advise_words.py writes them: the templates come with the facts.
"use strict";

let words = {};

const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

// Three digits; a tie goes to the even digit, as in Python.
function rounded(value, digits) {
  if (value === 0) return 0;
  const [mantissa, exponent] = value.toExponential(40).split("e");
  const figures = mantissa.replace(".", "");
  const up = Number(value.toPrecision(digits));
  if (!/^50*$/.test(figures.slice(digits))) return up;
  const down = Number(`${mantissa.slice(0, digits + 1)}e${exponent}`);
  return Number(figures[digits - 1]) % 2 === 0 ? down : up;
}
function three(value) {
  const shown = rounded(value, 3), plain = Math.abs(shown) < 1e6 && Math.abs(shown) >= 1e-4;
  if (plain || shown === 0) return String(shown);
  return shown.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}
function scaled(value, steps) {
  const [factor, unit] = steps.find(([f]) => rounded(value, 3) >= f) || steps[steps.length - 1];
  return `${rounded(value / factor, 3)} ${unit}`;
}
const time = (ns) => scaled(ns, [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]]);
const rate = (perS) => (perS >= 1000
  ? scaled(perS, [[1e12, "T/s"], [1e9, "G/s"], [1e6, "M/s"], [1e3, "k/s"]]) : `${three(perS)} /s`);
function size(value) {
  for (const [factor, suffix] of [[2 ** 30, "Gi"], [2 ** 20, "Mi"], [2 ** 10, "Ki"]]) {
    if (value >= factor && value % factor === 0) return `${value / factor}${suffix}`;
  }
  return String(value);
}
function about(given) {
  const value = given === "inf" ? Infinity : given === "-inf" ? -Infinity : given;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "0";
  for (const [factor, suffix] of [[2 ** 20, "Mi"], [2 ** 10, "Ki"]]) {
    if (value >= factor) return three(value / factor) + suffix;
  }
  return three(value);
}
const interval = (lo, hi, label) =>
  (lo === null || hi === null ? "" : say("interval", {lo: label(lo), hi: label(hi)}));
const launches = (count) => `${count} launch${count === 1 ? "" : "es"}`;
