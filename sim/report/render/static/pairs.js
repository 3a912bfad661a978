// The list of pairs: filtered, sorted by difference, of any length since only what is seen is made.
const HEIGHT = 52;
const blank = () => ({ comparison: -1, outcome: 0, flipped: false, refused: false, unreadable: false, judged: false, kept: false, words: "" });
let filter = blank(), found = { ids: new Int32Array(0), flips: 0 }, current = null, view = null;

// a pair's number is its row times the comparisons plus its comparison: a list of a million is an array of numbers
function pairOf(id) {
  const comparison = id % pairs.comparisons.length, row = (id - comparison) / pairs.comparisons.length;
  const each = pairs.comparisons[comparison], arms = pairs.arms.length;
  const pair = { id, run: run.at, comparison, row, one: row * arms + each.reference, two: row * arms + each.arm };
  return { ...pair, difference: pairs.outcomes.length ? between(pairs.outcomes[filter.outcome].values, pair.one, pair.two) : null };
}

const between = (values, one, two) => { const apart = values[two] - values[one]; return Number.isNaN(apart) ? null : apart; };

// the comparisons that the list is of: one that was chosen, else all that are no controls where there are any
function asked() {
  const every = pairs.comparisons.map((each, at) => at);
  if (filter.comparison >= 0) return [filter.comparison];
  const own = every.filter((at) => ["treatment", "main effect"].includes(pairs.comparisons[at].why));
  return own.length ? own : every;
}

// those that pass the filter, the greatest difference first: by groups of equal ones, which keep the order of the cases
function candidates() {
  const groups = new Map(), values = pairs.outcomes.length ? pairs.outcomes[filter.outcome].values : null;
  const query = filter.words.toLowerCase(), arms = pairs.arms.length, those = asked();
  const flagged = (filter.refused ? 1 : 0) | (filter.unreadable ? 6 : 0);
  for (let at = 0, row = 0; at < pairs.cases.length; at++) {
    if (query && !pairs.cases[at].toLowerCase().includes(query)) { row += pairs.repeats; continue; }
    for (const end = row + pairs.repeats; row < end; row++) {
      for (const comparison of those) {
        const one = row * arms + pairs.comparisons[comparison].reference, two = row * arms + pairs.comparisons[comparison].arm;
        if (!pairs.done[one] || !pairs.done[two]) continue;
        if (flagged && !((pairs.flags[one] | pairs.flags[two]) & flagged)) continue;
        if (filter.judged && !((pairs.flags[one] | pairs.flags[two]) & 8)) continue;
        if (filter.kept && !(run.held.has(one) && run.held.has(two))) continue;
        const difference = values ? between(values, one, two) : null;
        if (filter.flipped && !difference) continue;
        const size = difference === null ? -1 : Math.abs(difference);
        const group = groups.get(size);
        if (group) group.push(row * pairs.comparisons.length + comparison);
        else groups.set(size, [row * pairs.comparisons.length + comparison]);
      }
    }
  }
  const sizes = [...groups.keys()].sort((one, other) => other - one);
  const count = (most) => sizes.reduce((sum, size) => sum + (size > most ? groups.get(size).length : 0), 0);
  const ids = new Int32Array(count(-2));
  let end = 0;
  for (const size of sizes) { ids.set(groups.get(size), end); end += groups.get(size).length; }
  return { ids, flips: count(0) };
}

const caseOf = (pair) => pairs.cases[Math.floor(pair.row / pairs.repeats)];
const armOf = (pair) => pairs.arms[pairs.comparisons[pair.comparison].arm];
const referenceOf = (pair) => pairs.arms[pairs.comparisons[pair.comparison].reference];
const linkOf = (pair) =>
  `#pair=${[caseOf(pair), pair.row % pairs.repeats, armOf(pair), referenceOf(pair), ...(several ? [run.at] : [])].map(encodeURIComponent).join("~")}`;
const same = (one, other) => Boolean(one && other && one.id === other.id && one.run === other.run);

function linked(hash) {
  let [name, repeat, arm, reference, of] = [];
  try { [name, repeat, arm, reference, of] = hash.slice("#pair=".length).split("~").map(decodeURIComponent); } catch { return null; }
  if (several && String(run.at) !== of) {
    if (!data.runs[of]) return null;
    choose(Number(of));
    filter = blank();
    shownPart = "";
  }
  const comparison = pairs.comparisons.findIndex((each) => pairs.arms[each.arm] === arm && pairs.arms[each.reference] === reference);
  const at = pairs.cases.indexOf(name);
  if (comparison < 0 || at < 0 || !(Number(repeat) < pairs.repeats)) return null;
  return pairOf((at * pairs.repeats + Number(repeat)) * pairs.comparisons.length + comparison);
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
  space.style.height = `${found.ids.length * HEIGHT}px`;
  const first = Math.max(Math.floor(list.scrollTop / HEIGHT) - 8, 0);
  const last = Math.min(first + Math.ceil((list.clientHeight || 600) / HEIGHT) + 16, found.ids.length);
  const rows = [];
  for (let at = first; at < last; at++) rows.push(rowOf(pairOf(found.ids[at]), at));
  const focused = list.contains(document.activeElement) && document.activeElement.getAttribute("href");
  space.replaceChildren(...(rows.length ? rows : [node("p", { class: "empty" }, "No pair is like that.")]));
  const again = focused && rows.find((row) => row.getAttribute("href") === focused);
  if (again) again.focus({ preventScroll: true }); // who goes by Tab and Enter stays where they were
}

function refilter() {
  found = candidates();
  view.count.textContent = `${found.ids.length} pairs, ${found.flips} of them came out differently`;
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
    chosenRun(), choice("Arms", [[-1, "all that are no controls"], ...comparisons], filter.comparison, "comparison"),
    choice("Outcome", pairs.outcomes.map((each, at) => [at, each.name + (each.primary ? " (declared)" : "")]), filter.outcome, "outcome"),
    node("label", { class: "whole" }, "Case", search),
    node("div", { class: "chips" }, chip("came out differently", "flipped"), chip("refused", "refused"),
      chip("unreadable", "unreadable"), pairs.flags.some((each) => each & 8) ? chip("judged", "judged") : "",
      run.places.length < pairs.done.length ? chip("with transcript", "kept") : ""));
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
