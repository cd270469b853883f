// The rules of advice: advise_rules.py again, function by function; tests/test_advise.py asks both the same questions.
"use strict";

const KINDS = ["lacks", "unstated", "unmeasured", "no_tail", "late", "slow", "no_cpu", "dear", "level"];
const TIES_NAMED = 3;

function answer(facts, asked) {
  words = facts.words;
  const where = asked.where || facts.wheres[0] || "";
  const lines = facts.lines.filter((line) => line.where === where);
  const level = usualLevel(lines);
  const judged = lines.map((line) => judge(line, facts, asked, level));
  const fits = judged.filter((one) => !one.why.length).sort(by((one) => one.key, (one) => one.mechanism));
  const out = judged.filter((one) => one.why.length);
  fits.forEach((one, i) => Object.assign(one, {rank: i + 1, tied: i > 0 && overlap(fits[0], one)}));
  const absent = facts.absent.filter((a) => a.where === where);
  return {
    where, verdict: verdict(fits, out, asked),
    ranked: fits.map((one) => shown(one, ["rank", "tied", "evidence", "doubts"])),
    left_out: [...out.map((one) => shown(one, ["why"])),
               ...absent.map((a) => ({mechanism: a.name, why: [a.why]}))],
    hybrids: hybrids(facts, where, asked), doubts: doubts(facts, where, asked),
  };
}
const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const by = (first, second) => (a, b) => order(first(a), first(b)) || order(second(a), second(b));
const least = (items, first, second) => [...items].sort(by(first, second))[0];
function usualLevel(lines) {
  const seen = new Map();
  for (const line of lines) seen.set(line.level, (seen.get(line.level) || 0) + 1);
  return seen.size ? least([...seen], ([, n]) => -n, ([name]) => name)[0] : "";
}
function judge(line, facts, asked, level) {
  const one = {mechanism: line.name, why: [], kinds: {}, doubts: [], evidence: {}};
  if (line.level !== level) {
    refuse(one, "level", say("level", {level: line.level || "usual"}));
    return one;
  }
  for (const need of asked.needs) {
    const has = (facts.abilities[line.transport] || {})[need];
    if (has === undefined) refuse(one, "unstated", say("unstated", {need}));
    else if (!has) refuse(one, "lacks", say("lacks", {need}));
  }
  const at = atSizes(line, asked.sizes, asked.percentile);
  if ("missing" in at) {
    refuse(one, "unmeasured", unmeasured(line, at.missing));
    return one;
  }
  latency(one, at, asked);
  throughput(one, at, line, asked);
  cpu(one, at, line, asked);
  const {median, lo, hi, n, tail, tail_lo, tail_hi} = at;
  one.values = {median, lo, hi, n, tail, tail_lo, tail_hi, cpu: at.cpu};
  rank(one, at, asked);
  return one;
}
function refuse(one, kind, why, value = 0) {
  one.why.push(why);
  one.kinds[kind] = value;
}
function unmeasured(line, missing) {
  const last = line.sizes[line.sizes.length - 1], first = line.sizes[0];
  const key = line.sizes.length > 1 ? "unmeasured" : "unmeasured_one";
  const why = say(key, {size: size(missing), low: size(first), high: size(last)});
  const beyond = missing > last ? line.beyond : "";
  return beyond ? say("because", {why, reason: beyond}) : why;
}
function latency(one, at, asked) {
  const q = asked.percentile, target = asked.latency_ns;
  one.took = say("took", {time: time(at.median), interval: interval(at.lo, at.hi, time), launches: launches(at.n)});
  one.evidence.took = one.took;
  measuredHow(one, at);
  if (q === "50") {
    Object.assign(at, {tail: at.median, tail_lo: at.lo, tail_hi: at.hi});
  } else if (at.tail !== null) {
    one.evidence.tail = say("tail", {q, time: time(at.tail), interval: interval(at.tail_lo, at.tail_hi, time)});
    one.took += `, ${one.evidence.tail}`;
    if (at.rare) one.doubts.push(say("rare", {q}));
    if (asked.sizes.length > 1) one.doubts.push(say("bound", {q}));
  }
  if (target === null) {
    if (at.tail === null) one.doubts.push(say("no_tail", {q}));
  } else if (at.tail === null) refuse(one, "no_tail", say("no_tail", {q}));
  else if (at.tail > target) {
    refuse(one, "late", say("late", {q, time: time(at.tail), target: time(target)}), at.tail);
  } else if (at.tail_hi !== null && at.tail_hi > target) {
    one.doubts.push(say("may_be_over", {q, time: time(at.tail_hi)}));
  }
}
function measuredHow(one, at) {
  if (at.n < 6) one.doubts.push(say("few", {launches: launches(at.n)}));
  if (at.unsteady) one.doubts.push(say("unsteady"));
  if (at.others) one.doubts.push(say("others", {launches: launches(at.others)}));
  for (const [wanted, low, high] of at.between) {
    one.doubts.push(say("between", {size: size(wanted), low: size(low), high: size(high)}));
  }
}
function throughput(one, at, line, asked) {
  for (const [wanted, share] of at.lost) {
    one.doubts.push(say("lost", {share: three(100 * share), size: size(wanted)}));
  }
  if (asked.rate === null) return;
  const wanted = rate(asked.rate), found = carried(line, at, asked), told = rate(found.per_s);
  if (found.how === "overloaded") {
    refuse(one, "slow", say("overloaded", {rate: told}));
  } else if (found.how === "open") {
    const key = found.per_s === asked.rate ? "rate_measured" : "rate_next";
    one.evidence.rate = say(key, {rate: told, asked: wanted});
    response(one, found, asked);
  } else if (found.per_s < asked.rate) {
    refuse(one, "slow", say(`slow_${found.how}`, {rate: told, asked: wanted}));
  } else {
    const share = three((100 * asked.rate) / found.per_s);
    one.doubts.push(say(`rate_${found.how}`, {rate: told, asked: wanted, share}));
    if (found.up_to) one.doubts.push(say("rate_up_to", {rate: rate(found.up_to)}));
  }
}
function response(one, found, asked) {
  const q = asked.percentile, target = asked.latency_ns, at = found.response[q];
  if (at === undefined || at === null) return;
  one.evidence.response = say("response", {q, time: time(at)});
  if (target !== null && at > target) {
    refuse(one, "late", say("late_response", {q, rate: rate(found.per_s), time: time(at), target: time(target)}), at);
  }
}
function cpu(one, at, line, asked) {
  if (at.cpu === null) {
    if (asked.cpu_ns !== null) refuse(one, "no_cpu", say("no_cpu"));
    return;
  }
  if (asked.rate !== null && ["spin", "yield"].includes(line.wait)) {
    const whole = 1e9 / asked.rate;
    if (whole > at.cpu) {
      at.cpu = whole;
      one.doubts.push(say("spins", {time: time(whole), rate: rate(asked.rate)}));
    }
  }
  one.evidence.cpu = say("cpu", {time: time(at.cpu)});
  if (asked.cpu_ns !== null && at.cpu > asked.cpu_ns) {
    refuse(one, "dear", say("dear", {time: time(at.cpu), target: time(asked.cpu_ns)}), at.cpu);
  }
}
function rank(one, at, asked) {
  let found = [at.median, at.lo, at.hi];
  if (asked.latency_ns !== null) found = [at.tail, at.tail_lo, at.tail_hi];
  if (asked.by === "cpu") found = [at.cpu, null, null];
  [one.key, one.key_lo, one.key_hi] = [found[0] === null ? 1e300 : found[0], found[1], found[2]];
}
function overlap(best, one) {
  if (best.key_hi === null || one.key_lo === null) return best.key === one.key;
  return one.key_lo <= best.key_hi;
}
const shown = (one, parts) => ({
  mechanism: one.mechanism, ...(one.values || {}), ...Object.fromEntries(parts.map((name) => [name, one[name]])),
});
function verdict(fits, out, asked) {
  if (!fits.length) return none(out, asked);
  const ties = fits.slice(1).filter((one) => one.tied).map((one) => one.mechanism);
  const [first] = fits;
  let text = say("best", {name: first.mechanism, took: first.took, n: fits.length, all: fits.length + out.length});
  if (ties.length) {
    const more = ties.length - TIES_NAMED;
    const named = ties.slice(0, TIES_NAMED).join(", ");
    text += say("ties", {names: named + (more > 0 ? say("more", {n: more}) : "")});
  }
  return text;
}
function none(out, asked) {
  const reasons = [];
  for (const kind of KINDS) {
    const mine = out.filter((one) => kind in one.kinds);
    if (!mine.length) continue;
    const near = least(mine, (one) => one.kinds[kind], (one) => one.mechanism);
    const target = kind === "dear" ? asked.cpu_ns : asked.latency_ns;
    reasons.push(say(`of_${kind}`, {
      n: mine.length, q: asked.percentile, name: near.mechanism, asked: rate(asked.rate || 0),
      target: time(target || 0), time: time(near.kinds[kind]),
    }));
  }
  return say("none", {reasons: reasons.join("; ") || say("none_here")});
}
function hybrids(facts, where, asked) {
  const condition = where.split(" · ").slice(1).join(" · ");
  return facts.hybrids.filter((one) => one.condition === condition).map((one) => {
    const text = threshold(one, asked), against = one.doubts.join("; ");
    return against ? say("T_doubt", {text, doubts: against}) : text;
  });
}
function threshold(one, asked) {
  const said = {name: one.transport, wait: one.wait};
  if (one.status === "several") {
    return say("T_several", {...said, T: one.crossings.map((c) => about(c.T_bytes)).join(", ")});
  }
  if (one.status !== "ok" || one.T_bytes === null) {
    return say({shm: "T_zero", queue: "T_never"}[one.winner] || "T_open", said);
  }
  Object.assign(said, {T: about(one.T_bytes), interval: interval(one.lo, one.hi, about)});
  if (one.crossings.length && !one.crossings[0].rising) return say("T_down", said);
  return say("T", {...said, goes: goes(one.T_bytes, asked.sizes)});
}
function goes(T, sizes) {
  if (sizes.length === 1) return say(sizes[0][0] > T ? "goes_shm" : "goes_queue", {size: size(sizes[0][0])});
  return say("goes_share", {share: three(100 * sum(sizes.filter(([s]) => s > T).map(([, part]) => part)))});
}
function doubts(facts, where, asked) {
  const found = asked.rate !== null && !facts.open_loop ? [say("no_open_loop")] : [];
  if (asked.needs.length && !Object.keys(facts.abilities).length) found.push(say("no_abilities"));
  if (facts.doubts.length) found.push(say("of_the_run", {names: facts.doubts.join(", ")}));
  const others = facts.wheres.filter((w) => w !== where);
  return others.length ? [...found, say("elsewhere", {names: others.join("; ")})] : found;
}
