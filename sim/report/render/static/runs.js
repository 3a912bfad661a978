// Several runs side by side: the findings of each beside each other, and which of them is looked into.
const several = data.runs.length > 1;
const named = (at) => (several ? data.names[at] : data.runs[at].run);

// one panel an outcome, of all runs; rows of one comparison stand under each other
function panels() {
  const found = new Map();
  data.runs.forEach((each, at) => each.forest.forEach((panel) => {
    const rows = panel.rows.map((row) => ({ ...row, run: at, floor: panel.floor }));
    const own = found.get(panel.outcome) || { ...panel, rows: [] };
    found.set(panel.outcome, { ...own, rows: [...own.rows, ...rows], margin: own.margin === panel.margin ? own.margin : null });
  }));
  return [...found.values()].map((panel) => ({ ...panel, rows: [...grouped(panel.rows).values()].flat() }));
}

function grouped(rows) {
  const groups = new Map();
  for (const row of rows) {
    const key = JSON.stringify([row.arm, row.reference]);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(row);
  }
  return groups;
}

// what was found of one comparison in each run
const besides = (rows) => [...grouped(rows).values()].map((own) => [
  node("h4", {}, against(own[0].arm, own[0].reference)),
  node("div", { class: "beside" }, own.map(findingOf))]);

function progress(each) {
  if (each.complete) return "";
  return `incomplete: ${each.played} of ${each.owed} episodes are played, ${each.owed - each.played} are still owed`;
}

function facts() {
  const flagged = (bit) => pairs.flags.reduce((sum, each) => sum + (each & bit ? 1 : 0), 0);
  const told = [[pairs.cases.length, "cases"], [pairs.arms.length, "arms"], [pairs.repeats, "repeats"],
    [pairs.done.reduce((sum, each) => sum + each, 0), "episodes"], [flagged(1), "with a refusal"],
    [flagged(2), "with an unreadable reply"]];
  return node("ul", { class: "facts" }, told.map(([count, what]) => node("li", {}, node("b", {}, String(count)), what)));
}

// of several runs one is looked into; what is made of it is made anew when another one is chosen
function looked(make) {
  const body = node("div", {}, make());
  const chips = data.runs.map((each, at) => node("button", { class: "chip", type: "button", "aria-pressed": String(at === run.at), on: { click: () => {
    choose(at);
    chips.forEach((button, place) => button.setAttribute("aria-pressed", String(place === at)));
    body.replaceChildren(...[make()].flat(9).filter(Boolean));
  } } }, named(at)));
  return several ? [node("h2", {}, "Each run by itself"), node("div", { class: "chips" }, chips), body] : body;
}

// which run the list of pairs is of
function chosenRun() {
  if (!several) return "";
  const select = node("select", { on: { change: () => {
    choose(Number(select.value));
    filter = blank();
    shownPart = "";
    if (location.hash === "#pairs") route(); else location.hash = "#pairs";
  } } }, data.runs.map((each, at) => node("option", { value: String(at) }, named(at))));
  select.value = String(run.at);
  return node("label", { class: "whole" }, "Run", select);
}
