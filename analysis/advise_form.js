// The report's form: reads it, shows the answer. Text is never parsed as markup.
"use strict";

const facts = JSON.parse(document.getElementById("facts").textContent);
const form = document.getElementById("advise");

function element(tag, text, ...children) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

// The form's fields by the flags' names; an empty one was not asked.
function asked() {
  const data = new FormData(form), text = Object.fromEntries(data);
  for (const name of Object.keys(text)) text[name] = text[name].trim();
  text.need = data.getAll("need").join(",");
  text.sizes = text.sizes ? ["sizes", text.sizes] : null;
  if (text.sizes && text.message_bytes === form.elements.message_bytes.defaultValue) text.message_bytes = "";
  return text;
}

// The same question for a terminal.
function command(text) {
  const parts = [`analysis/advise.py ${facts.path}`];
  const quoted = (value) => (/^[\w.,/]+$/.test(value) ? value : `'${value}'`);
  if (text.sizes) parts.push("--sizes FILE");
  const plain = {percentile: "99", where: facts.wheres[0], by: "latency"};
  for (const name of ["message_bytes", "rate", "latency", "percentile", "cpu", "need", "where", "by"]) {
    if (text[name] && text[name] !== plain[name]) parts.push(`--${name.replace("_", "-")} ${quoted(text[name])}`);
  }
  return parts.join(" ");
}

const COLUMNS = {took: "round trip", tail: "percentile", cpu: "CPU time", rate: "rate", response: "at the rate"};
const ROWS_SHOWN = 8;

function table(ranked) {
  const names = Object.keys(COLUMNS).filter((name) => ranked.some((one) => one.evidence[name]));
  const titles = ["", "mechanism", ...names.map((name) => COLUMNS[name]), "doubts"];
  const head = titles.map((title) => element("th", title));
  head.forEach((cell) => cell.setAttribute("scope", "col"));
  const rows = ranked.map((one) => {
    const cells = [`${one.rank}${one.tied ? " ≈" : ""}`, one.mechanism, ...names.map((name) => one.evidence[name] || "")];
    return element("tr", "", ...[...cells, one.doubts.join("; ")].map((text) => element("td", text)));
  });
  const made = element("table", "", element("thead", "", element("tr", "", ...head)), element("tbody", "", ...rows));
  const scroll = element("div", "", made);
  scroll.className = "scroll ranked";
  return scroll;
}

function tables(ranked) {
  const rest = ranked.slice(ROWS_SHOWN), shown = ranked.length ? [table(ranked.slice(0, ROWS_SHOWN))] : [];
  return rest.length ? [...shown, element("details", "", element("summary", `${rest.length} more`), table(rest))] : shown;
}

function list(title, lines, open) {
  const shown = element("details", "", element("summary", title), element("ul", "", ...lines.map((l) => element("li", l))));
  shown.open = open;
  return lines.length ? [shown] : [];
}

function show() {
  const said = document.getElementById("said"), told = document.getElementById("told");
  let text, answered;
  try {
    text = asked();
    answered = answer(facts, question(text, facts.wheres));
  } catch (error) {
    const wrong = element("p", error.message);
    wrong.className = "warn";
    said.replaceChildren(wrong);
    told.replaceChildren();
    return;
  }
  const verdictLine = element("p", answered.verdict);
  verdictLine.className = "verdict";
  said.replaceChildren(verdictLine);
  const out = answered.left_out.map((one) => `${one.mechanism}: ${one.why.join("; ")}`);
  told.replaceChildren(
    ...tables(answered.ranked),
    ...list("T of the hybrids", answered.hybrids, true),
    ...list(`left out: ${out.length}`, out, !answered.ranked.length),
    ...list("doubts", answered.doubts, true),
    element("p", "", element("code", command(text))));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});
form.addEventListener("input", show);
show();
