// One pair: both arms side by side, with what each agent was told, what it said and decided, and what judges found.
const opened = new Map();
window.simrunChunk = (of, at, told) => { held[of][at] = told; };

function loaded(of, at) {
  const name = `transcripts/${of}-${String(at).padStart(5, "0")}.js`;
  if (held[of][at]) return Promise.resolve();
  return new Promise((done, failed) => {
    document.head.append(node("script", { src: name, on: { load: done, error: () => failed(new Error(name)) } }));
  });
}

function chunk(of, at) {
  const key = `${of}-${at}`;
  if (!opened.has(key)) opened.set(key, loaded(of, at).then(() => inflated(held[of][at]).json()));
  return opened.get(key);
}

function transcript(of, place) {
  const at = of.places.indexOf(place);
  if (at < 0) return Promise.resolve(null);
  return chunk(of.at, Math.floor(at / data.chunk)).then((told) => told[at % data.chunk]);
}

const sides = (make, one, other) => node("div", { class: "two" }, make(0, one), make(1, other));

function decided(turn, other) {
  if (!turn.decision) return "";
  const theirs = new Map((other && other.decision) || []);
  return node("dl", { class: "decision" }, turn.decision.map(([name, value]) => {
    const own = said(value), apart = theirs.has(name) && said(theirs.get(name)) !== own;
    if (!own || (own.length > 20 && said(turn.text).includes(own))) return null; // nothing, or it is what was said
    return [node("dt", {}, name), node("dd", {}, apart ? node("mark", {}, own) : own)];
  }));
}

// what was all but impossible is left out
const chances = (turn) => (turn.options || []).filter(([, share]) => share >= 0.001).map(([option, share]) => {
  const filled = node("div", { class: "filled" });
  filled.style.width = `${100 * share}%`;
  return node("div", { class: "option" }, node("span", {}, option), node("div", { class: "track" }, filled),
    node("span", { class: "share" }, `${figure(100 * share)} %`));
});

// what somebody was told before it first spoke is seen at once where the arms differ in it: that is the treatment
function told(turn, other) {
  if (!turn.asked) return "";
  const open = turn.first && other && other.asked && said(other.asked) !== said(turn.asked);
  const [marks] = differing(said(turn.asked), other && other.asked ? said(other.asked) : null, false);
  return node("details", { open }, node("summary", {}, "What it was told"), node("div", { class: "text" }, marks),
    images(turn),
    turn.raw ? [node("p", { class: "soft small" }, "Its reply, word for word:"), node("div", { class: "text" }, said(turn.raw))] : "");
}

function spoken(turn, other, marks) {
  if (!turn) return node("div", { class: "said none" }, "nothing here");
  const tags = [turn.chat || "", turn.kind === "private" ? "asked aside" : turn.kind === "line" ? "not by a model" : "",
    turn.again ? `asked again ${turn.again}×` : ""].filter(Boolean);
  const differs = other && said(other.text) !== said(turn.text);
  return node("div", { class: `said${differs || !other ? " differs" : ""}${turn.kind === "private" ? " private" : ""}` },
    node("div", { class: "who" }, turn.role.replaceAll("_", " "), tags.map((tag) => node("span", { class: "tag" }, tag)),
      turn.problem ? node("span", { class: "tag problem", title: turn.why || null }, turn.problem) : ""),
    node("div", { class: "text", dir: "auto" }, marks), decided(turn, other), chances(turn),
    turn.mass ? node("p", { class: "soft small" }, `${figure(100 * turn.mass)} % of what could be said there was an option`) : "",
    told(turn, other));
}

function turnRow([one, other], found = [[], []]) {
  const [left, right] = differing(one && said(one.text), other && said(other.text), false);
  const own = (turn, parts, spans) => (turn && turn.kind !== "line" ? pointed(parts, spans) : parts); // judged is what a model said
  const row = sides((side) => (side ? spoken(other, one, own(other, right, found[1])) : spoken(one, other, own(one, left, found[0]))));
  return one && other ? [row, ranking(one, other)] : row;
}

// what judges copied out of a transcript as that which decides, and what they said of it
const spans = (judges) => judges.flatMap((each) => {
  const told = new Map(each.decision || []);
  const span = told.has("span") ? said(told.get("span")).trim() : "";
  return span.length > 2 ? [{ span, title: `${each.role}: ${[...told].filter(([name]) => name !== "span").map(([name, value]) => `${name} ${said(value)}`).join(", ")}` }] : [];
});

// the same text with what judges point at underlined: its parts, marked or not, are cut where a span begins and ends
function pointed(parts, found) {
  const text = parts.map((part) => (typeof part === "string" ? part : part.textContent)).join("");
  const low = text.toLowerCase();
  const at = found.map(({ span, title }) => [low.indexOf(span.toLowerCase()), span.length, title]).filter(([from]) => from >= 0)
    .sort((one, other) => one[0] - other[0]);
  if (!at.length) return parts;
  let offset = 0;
  return parts.flatMap((part) => {
    const own = typeof part === "string" ? part : part.textContent, begun = offset;
    offset += own.length;
    const made = [];
    let done = 0;
    for (const [from, length, title] of at) {
      const [start, end] = [Math.max(from - begun, done), Math.min(from - begun + length, own.length)];
      if (end <= start) continue;
      made.push(own.slice(done, start), node("span", { class: "quoted", title }, own.slice(start, end)));
      done = end;
    }
    made.push(own.slice(done));
    return typeof part === "string" ? made : [node("mark", { class: part.className || null }, made)];
  });
}

const whoTold = (role, chat, more) =>
  node("div", { class: "who" }, role.replaceAll("_", " "), [chat, more].filter(Boolean).map((tag) => node("span", { class: "tag" }, tag)));

const alike = (role, prompt) => node("div", { class: "said once" }, whoTold(role, prompt.chat, "told the same in both arms"),
  node("details", {}, node("summary", {}, "read it"), node("div", { class: "text", dir: "auto" }, said(prompt.text))));

function prompts(one, other, roles) {
  const key = (prompt) => `${prompt.role}/${prompt.chat}`;
  const rows = aligned(one.prompts, other.prompts, key).map(([left, right]) => {
    const role = (left || right).role;
    if (left && right && said(left.text) === said(right.text)) return alike(role, left);
    const marks = differing(left && said(left.text), right && said(right.text), roles.includes(role));
    return sides((side) => {
      const prompt = side ? right : left;
      return !prompt ? node("div", { class: "said none" }, "nothing here")
        : node("div", { class: "said differs" }, whoTold(role, prompt.chat), node("div", { class: "text", dir: "auto" }, marks[side]));
    });
  });
  return rows.length ? node("details", { class: "prompts", open: true }, node("summary", {}, "What each agent was told first"), rows) : "";
}

const unlike = (one, two) => one !== two && !(missing(one) && missing(two));

function cameTo(pair) {
  const rows = pairs.outcomes.map((outcome) => [outcome, outcome.values[pair.one], outcome.values[pair.two]])
    .filter(([, one, two]) => !missing(one) || !missing(two));
  const apart = rows.filter(([, one, two]) => unlike(one, two));
  const chips = apart.map(([outcome, one, two]) => node("li", { class: outcome.primary ? "strong" : null },
    `${outcome.name} `, node("b", {}, `${figure(one)} → ${figure(two)}`)));
  return [node("ul", { class: "moves" }, chips.length ? chips : node("li", {}, "Both came out the same in every outcome.")),
    node("details", {}, node("summary", {}, `All ${rows.length} outcomes`), outcomesTable(rows))];
}

function outcomesTable(rows) {
  return node("div", { class: "scroll" }, node("table", { class: "came" },
    node("thead", {}, node("tr", {}, ["outcome", "reference", "arm", "difference"].map((head) => node("th", { scope: "col" }, node("button", { type: "button", tabindex: "-1" }, head))))),
    node("tbody", {}, rows.map(([outcome, one, two]) => node("tr", { class: unlike(one, two) ? "apart" : null },
      node("td", { class: outcome.primary ? "strong" : null }, outcome.name), node("td", {}, figure(one)), node("td", {}, figure(two)),
      node("td", {}, figure(two - one, true)))))));
}

function both(one, other, pair) {
  const judged = aligned(one.judges, other.judges, (each) => each.role).map((row) => turnRow(row));
  const found = [spans(one.judges), spans(other.judges)];
  const key = (turn) => `${turn.role}/${turn.chat || ""}/${turn.kind}`;
  for (const turns of [one.turns, other.turns]) {
    turns.forEach((turn, at) => { turn.first = turns.findIndex((each) => each.role === turn.role && each.asked) === at; });
  }
  return [prompts(one, other, pairs.comparisons[pair.comparison].roles),
    curves(one, other), heardBy(one, other), subjects(one, other),
    node("h3", {}, "What was said"), aligned(one.turns, other.turns, key).map((row) => turnRow(row, found)),
    judged.length ? [node("h3", {}, "What judges found"), judged] : ""];
}
