// The report's form read as advise_question.py reads the command line: the same units, the same errors.
"use strict";

const UNITS = {
  bytes: ["bytes", "1Ki", {B: 1, Ki: 1 << 10, Mi: 1 << 20, Gi: 1 << 30}],
  time: ["nanoseconds", "1us", {ns: 1, us: 1e3, ms: 1e6, s: 1e9, min: 6e10, h: 3.6e12}],
  rate: ["messages per second", "1k", {"/s": 1, k: 1e3, M: 1e6, G: 1e9}],
};
const PERCENTILES = ["50", "90", "99", "99.9", "99.99"];
const ORDERS = ["latency", "cpu"];
const NEEDS = ["boundaries", "lossless", "order", "priority", "mailbox"];
const LARGEST = 2 ** 30, MOST_POINTS = 128;

function question(text, wheres) {
  if (Boolean(text.message_bytes) === Boolean(text.sizes)) {
    throw new Error("name the size: --message-bytes or --sizes, one of them");
  }
  return {
    sizes: text.sizes ? shares(...text.sizes) : [[flagged("message-bytes", () => bytes(text.message_bytes)), 1]],
    rate: optional(text, "rate", "rate"),
    latency_ns: optional(text, "latency", "time"),
    percentile: word("percentile", text.percentile || "99", PERCENTILES),
    cpu_ns: optional(text, "cpu", "time"),
    needs: (text.need || "").split(",").filter(Boolean).map((n) => word("need", n, NEEDS)),
    where: text.where ? word("where", text.where, wheres) : null,
    by: word("by", text.by || "latency", ORDERS),
  };
}
function quantity(text, unit) {
  const [noun, example, scales] = UNITS[unit];
  const found = /^([0-9]+(?:\.[0-9]*)?)([^]*)$/.exec(text);
  const units = Object.keys(scales).join(", ");
  if (!found) throw new Error(`\`${text}\` is not a number of ${noun}; write ${example} (units: ${units})`);
  if (found[2] && !Object.hasOwn(scales, found[2])) {
    throw new Error(`unknown unit \`${found[2]}\` in \`${text}\`; valid: ${units}`);
  }
  return Number(found[1]) * (found[2] ? scales[found[2]] : 1);
}
function bytes(text) {
  const value = quantity(text, "bytes");
  if (!Number.isInteger(value)) throw new Error(`\`${text}\` is not a whole number of bytes`);
  if (value < 1 || value > LARGEST) throw new Error(`\`${text}\` is out of range; valid: 1 to 1Gi`);
  return value;
}
function optional(text, name, unit) {
  if (!text[name]) return null;
  const value = flagged(name, () => quantity(text[name], unit));
  if (value <= 0) throw new Error(`--${name}: \`${text[name]}\` is out of range; valid: more than 0`);
  return value;
}
function flagged(name, read) {
  try {
    return read();
  } catch (error) {
    throw new Error(`--${name}: ${error.message}`);
  }
}
function word(name, text, valid) {
  if (!valid.includes(text)) throw new Error(`--${name}: unknown \`${text}\`; valid: ${valid.join(", ")}`);
  return text;
}
function shares(name, lines) {
  const points = [];
  let number = 0;
  try {
    for (const line of lines.replace(/\n$/, "").split("\n")) {
      number += 1;
      const found = line.split("#")[0].split(/[ \t\r]+/).filter(Boolean);
      if (found.length) append(points, found);
    }
    if (!points.length) throw new Error("no point: valid: a size and a share a line");
    const [, share, told] = points[points.length - 1];
    if (share !== 1) throw new Error(`ends at a share of ${told}: the last is 1`);
  } catch (error) {
    throw new Error(`${name}:${number}: ${error.message}`);
  }
  const found = points.map(([bytesOf, share], i) => [bytesOf, share - (i ? points[i - 1][1] : 0)]);
  return found.filter(([, share]) => share > 0);
}
function append(points, found) {
  if (found.length !== 2) {
    throw new Error(`${found.length} words; valid: a size and a share, as in \`64Ki 0.9\``);
  }
  if (!/^([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$/.test(found[1]) || Number(found[1]) > 1) {
    throw new Error(`\`${found[1]}\` is not a share: valid: 0 to 1`);
  }
  const [wanted, share] = [bytes(found[0]), Number(found[1])];
  const last = points[points.length - 1];
  if (last && wanted <= last[0]) throw new Error(`${wanted} B after ${last[0]} B: sizes ascend`);
  if (last && share < last[1]) {
    throw new Error(`a share of ${found[1]} after ${last[2]}: a cumulative one never falls`);
  }
  if (points.length === MOST_POINTS) throw new Error(`more than ${MOST_POINTS} points`);
  points.push([wanted, share, found[1]]);
}
