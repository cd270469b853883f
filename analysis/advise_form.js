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
  for (const name of ["message_bytes", "rate", "latency", "percentile", "cpu", "need", "where", "by"]) {
    if (text[name]) parts.push(`--${name.replace("_", "-")} ${quoted(text[name])}`);
  }
  return parts.join(" ");
}

function ranked(answer) {
  const head = ["", "mechanism", "evidence", "doubts"].map((name) => element("th", name));
  head.forEach((cell) => cell.setAttribute("scope", "col"));
  const rows = answer.ranked.map((one) => element("tr", "",
    element("td", `${one.rank}${one.tied ? " ≈" : ""}`), element("td", one.mechanism),
    element("td", one.evidence.join(", ")), element("td", one.doubts.join("; "))));
  const table = element("table", "", element("thead", "", element("tr", "", ...head)), element("tbody", "", ...rows));
  const scroll = element("div", "", table);
  scroll.className = "scroll";
  return scroll;
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
    ...(answered.ranked.length ? [ranked(answered)] : []),
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
