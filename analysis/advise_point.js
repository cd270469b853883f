// A line's numbers at the sizes asked for: advise_point.py again.
"use strict";

const five = (value) => rounded(value, 5);
function atSizes(line, sizes, q) {
  const found = [];
  for (const [wanted] of sizes) {
    const at = atSize(line, wanted, q);
    if (at === null) return {missing: wanted};
    found.push(at);
  }
  const parts = sizes.map(([, share]) => share), all = (name) => found.map((at) => at[name]);
  const both = {};
  for (const name of ["median", "lo", "hi", "cpu"]) both[name] = mean(all(name), parts);
  for (const name of ["tail", "tail_lo", "tail_hi"]) both[name] = longest(all(name));
  return {
    ...both, n: Math.min(...all("n")), others: Math.max(...all("others")),
    unsteady: all("unsteady").some(Boolean), rare: all("rare").some(Boolean),
    between: all("between").filter((b) => b.length), per_s: harmonic(all("per_s"), parts),
    lost: found.map((at, i) => [sizes[i][0], at.lost]).filter(([, lost]) => lost),
  };
}
function atSize(line, wanted, q) {
  const found = place(line.sizes, wanted);
  if (!found) return null;
  const [i, j, part] = found, at = {};
  for (const name of ["median", "lo", "hi", "cpu"]) at[name] = mix(line[name][i], line[name][j], part);
  const [a, b] = line.tails[q] ? [line.tails[q][i], line.tails[q][j]] : [null, null];
  const tail = [0, 1, 2].map((k) => (a && b ? mix(a[k], b[k], part) : null));
  [at.tail, at.tail_lo, at.tail_hi] = tail;
  return {
    ...at, rare: Boolean(a && b && (a[3] || b[3])), n: Math.min(line.n[i], line.n[j]),
    unsteady: line.unsteady[i] + line.unsteady[j] > 0, others: Math.max(line.others[i], line.others[j]),
    between: i === j ? [] : [wanted, line.sizes[i], line.sizes[j]], ...streamAt(line.stream, wanted),
  };
}
function streamAt(stream, wanted) {
  const found = stream ? place(stream.sizes, wanted) : null;
  if (!found) return {per_s: null, lost: 0};
  const [i, j, part] = found;
  return {per_s: mix(stream.per_s[i], stream.per_s[j], part), lost: Math.max(stream.lost[i], stream.lost[j])};
}
function place(sizes, wanted) {
  for (let i = 0; i < sizes.length; i += 1) {
    if (sizes[i] === wanted) return [i, i, 0];
    if (sizes[i] > wanted) {
      if (i === 0) return null;
      const low = Math.log(sizes[i - 1]);
      return [i - 1, i, (Math.log(wanted) - low) / (Math.log(sizes[i]) - low)];
    }
  }
  return null;
}
function mix(a, b, part) {
  if (a === null || b === null) return null;
  if (part === 0 || a <= 0 || b <= 0) return part === 0 ? a : null;
  return five(Math.exp(Math.log(a) * (1 - part) + Math.log(b) * part));
}
const sum = (values) => values.reduce((a, b) => a + b, 0);
function mean(values, parts) {
  if (values.some((v) => v === null)) return null;
  return values.length === 1 ? values[0] : five(sum(values.map((v, i) => v * parts[i])));
}
const longest = (values) => (values.some((v) => v === null) ? null : Math.max(...values));
function harmonic(rates, parts) {
  if (rates.some((r) => !r)) return null;
  return rates.length === 1 ? rates[0] : five(1 / sum(rates.map((r, i) => parts[i] / r)));
}
function carried(line, at, asked) {
  const loops = asked.sizes.length === 1 ? line.paced.filter((p) => p.size === asked.sizes[0][0]) : [];
  const above = loops.filter((p) => p.carried && p.rate >= asked.rate);
  if (above.length) {
    const used = least(above, (p) => p.rate, () => "");
    return {how: "open", per_s: used.rate, response: used.response};
  }
  const over = loops.filter((p) => !p.carried && p.rate <= asked.rate).map((p) => p.rate);
  if (over.length) return {how: "overloaded", per_s: Math.min(...over)};
  const upTo = Math.max(0, ...loops.filter((p) => p.carried).map((p) => p.rate));
  if (at.per_s) return {how: "stream", per_s: at.per_s, up_to: upTo};
  return {how: "alone", per_s: five(1e9 / at.median), up_to: upTo};
}
