// The list of pairs: filtered, sorted by difference, of any length since only what is seen is made.
const pairs = data.pairs;
const HEIGHT = 52;
const blank = () => ({ comparison: -1, outcome: 0, flipped: false, refused: false, unreadable: false, kept: false, words: "" });
let filter = blank(), found = [], current = null, view = null;
const keptPlaces = new Set(data.kept.places);

function candidates() {
  const made = [], values = pairs.outcomes.length ? pairs.outcomes[filter.outcome].values : [];
  const query = filter.words.toLowerCase(), arms = pairs.arms.length;
  const fits = pairs.cases.map((name) => !query || name.toLowerCase().includes(query));
  pairs.comparisons.forEach((each, comparison) => {
    if (filter.comparison < 0 ? each.why !== "treatment" && pairs.comparisons[0].why === "treatment" : filter.comparison !== comparison) return;
    for (let row = 0; row < pairs.cases.length * pairs.repeats; row++) {
      if (!fits[Math.floor(row / pairs.repeats)]) continue;
      const one = row * arms + each.reference, two = row * arms + each.arm;
      if (!pairs.done[one] || !pairs.done[two]) continue;
      const flags = pairs.flags[one] | pairs.flags[two];
      if ((filter.refused && !(flags & 1)) || (filter.unreadable && !(flags & 6))) continue;
      if (filter.kept && !(keptPlaces.has(one) && keptPlaces.has(two))) continue;
      const a = values[one] ?? null, b = values[two] ?? null, difference = a === null || b === null ? null : b - a;
      if (filter.flipped && !difference) continue;
      made.push({ comparison, row, one, two, difference });
    }
  });
  const size = (pair) => (pair.difference === null ? -1 : Math.abs(pair.difference));
  return made.sort((one, other) => size(other) - size(one) || one.row - other.row || one.comparison - other.comparison);
}

const caseOf = (pair) => pairs.cases[Math.floor(pair.row / pairs.repeats)];
const armOf = (pair) => pairs.arms[pairs.comparisons[pair.comparison].arm];
const referenceOf = (pair) => pairs.arms[pairs.comparisons[pair.comparison].reference];
const linkOf = (pair) =>
  `#pair=${[caseOf(pair), pair.row % pairs.repeats, armOf(pair), referenceOf(pair)].map(encodeURIComponent).join("~")}`;
const same = (one, other) => one && other && one.one === other.one && one.two === other.two;

function linked(hash) {
  let [name, repeat, arm, reference] = [];
  try { [name, repeat, arm, reference] = hash.slice("#pair=".length).split("~").map(decodeURIComponent); } catch { return null; }
  const comparison = pairs.comparisons.findIndex((each) => pairs.arms[each.arm] === arm && pairs.arms[each.reference] === reference);
  const at = pairs.cases.indexOf(name);
  if (comparison < 0 || at < 0 || !(Number(repeat) < pairs.repeats)) return null;
  const row = at * pairs.repeats + Number(repeat), each = pairs.comparisons[comparison];
  const [one, two] = [row * pairs.arms.length + each.reference, row * pairs.arms.length + each.arm];
  const values = pairs.outcomes.length ? pairs.outcomes[filter.outcome].values : [];
  const gone = (values[one] ?? null) === null || (values[two] ?? null) === null;
  return { comparison, row, one, two, difference: gone ? null : values[two] - values[one] };
}

function rowOf(pair, at) {
  const outcome = pairs.outcomes[filter.outcome];
  const move = outcome ? `${figure(outcome.values[pair.one])} → ${figure(outcome.values[pair.two])}` : "";
  const made = node("a", { class: "row", href: linkOf(pair), "aria-current": String(same(pair, current)) },
    node("span", { class: "case" }, caseOf(pair), pairs.repeats > 1 ? ` · ${(pair.row % pairs.repeats) + 1}` : ""),
    node("span", { class: "arm" }, against(armOf(pair), referenceOf(pair))),
    node("span", { class: `move${pair.difference ? " flip" : ""}` }, move));
  made.style.top = `${at * HEIGHT}px`;
  return made;
}

function fillList() {
  const { list, space } = view;
  space.style.height = `${found.length * HEIGHT}px`;
  const first = Math.max(Math.floor(list.scrollTop / HEIGHT) - 8, 0);
  const last = Math.min(first + Math.ceil((list.clientHeight || 600) / HEIGHT) + 16, found.length);
  const rows = [];
  for (let at = first; at < last; at++) rows.push(rowOf(found[at], at));
  space.replaceChildren(...(rows.length ? rows : [node("p", { class: "empty" }, "No pair is like that.")]));
}

function refilter() {
  found = candidates();
  const flips = found.filter((pair) => pair.difference).length;
  view.count.textContent = `${found.length} pairs, ${flips} of them came out differently`;
  fillList();
}

function change(more) {
  Object.assign(filter, more);
  view.list.scrollTop = 0;
  refilter();
}

function choice(label, options, value, name) {
  const select = node("select", { on: { change: () => change({ [name]: Number(select.value) }) } },
    options.map(([key, text]) => node("option", { value: String(key) }, text)));
  select.value = String(value);
  return node("label", { class: "whole" }, label, select);
}

function chip(text, name) {
  const button = node("button", { class: "chip", type: "button", "aria-pressed": String(filter[name]), on: { click: () => {
    change({ [name]: !filter[name] });
    button.setAttribute("aria-pressed", String(filter[name]));
  } } }, text);
  return button;
}

function filters() {
  const search = node("input", { type: "search", placeholder: "part of its name", value: filter.words || null, on: {
    input: () => change({ words: search.value }) } });
  const comparisons = pairs.comparisons.map((each, at) => [at, against(pairs.arms[each.arm], pairs.arms[each.reference])
    + (each.why === "treatment" ? "" : ` (${each.why})`)]);
  return node("div", { class: "filters", role: "search" },
    choice("Arms", [[-1, "all that are no controls"], ...comparisons], filter.comparison, "comparison"),
    choice("Outcome", pairs.outcomes.map((each, at) => [at, each.name + (each.primary ? " (declared)" : "")]), filter.outcome, "outcome"),
    node("label", { class: "whole" }, "Case", search),
    node("div", { class: "chips" }, chip("came out differently", "flipped"), chip("refused", "refused"),
      chip("unreadable", "unreadable"), data.kept.places.length < pairs.done.length ? chip("with transcript", "kept") : ""));
}

function listView() {
  const space = node("div", { class: "space" });
  const list = node("div", { class: "list", on: { scroll: () => fillList() } }, space);
  const count = node("div", { class: "count", "aria-live": "polite" });
  const shown = node("div", { class: "view", tabindex: "-1" });
  const frame = node("div", { class: "pairs" }, node("div", { class: "side" }, filters(), count, list), shown);
  view = { list, space, count, shown, frame };
  return node("main", { class: "wide" }, frame);
}
