// Findings first: how much was played, a picture of the effects, a sentence for each comparison, what to doubt.
const WIDE = { name: "wide", width: 980, left: 330, right: 215, row: 40, above: 0 };
const NARROW = { name: "narrow", width: 360, left: 6, right: 6, row: 66, above: 34 };

// where there is one line for it: also what both arms have in common
const narrowly = (arm, reference, row) => [`${arm} against ${reference}`, rest(row.arm, row.reference)].filter(Boolean).join(" · ");

function forest(panel, shape) {
  const rows = panel.rows.filter((row) => row.low !== null && row.high !== null);
  if (!rows.length) return null;
  const ends = rows.flatMap((row) => [row.low, row.high, ...(row.floor || [])]).concat([0]);
  if (panel.margin) ends.push(panel.margin, -panel.margin);
  const reach = (Math.max(...ends) - Math.min(...ends) || 1) * 0.06;
  const low = Math.min(...ends) - reach, high = Math.max(...ends) + reach;
  const x = (value) => shape.left + ((value - low) / (high - low)) * (shape.width - shape.left - shape.right);
  const bottom = rows.length * shape.row + 8;
  const line = (value, name) => drawn("line", { class: name, x1: x(value), x2: x(value), y1: 4, y2: bottom });
  const parts = [];
  rows.forEach((row, at) => {
    if (!row.floor) return;
    const [from, to] = row.floor.map(x);
    parts.push(drawn("rect", { class: "floor", x: Math.min(from, to), y: at * shape.row + 4, width: Math.max(to - from, 2), height: shape.row }));
  });
  for (const tick of ticks(low, high)) {
    parts.push(line(tick, tick === 0 ? "zero" : "axis"));
    parts.push(drawn("text", { class: "tick", x: x(tick), y: bottom + 17, "text-anchor": "middle" }, figure(tick, true)));
  }
  if (panel.margin) parts.push(line(panel.margin, "margin"), line(-panel.margin, "margin"));
  rows.forEach((row, at) => {
    const y = at * shape.row + (shape.row + shape.above) / 2 + 4, name = `mark ${kind(row.verdict)}`;
    const told = `${figure(row.difference, true)} [${figure(row.low, true)}, ${figure(row.high, true)}]`;
    const [factor, arm, reference] = parted(row.arm, row.reference);
    const [names, figures] = shape.above ? [[0, y - 26], [0, y - 11]] : [[0, y - 3], [0, y + 12]];
    parts.push(
      drawn("text", { x: names[0], y: names[1] }, cut(shape.above ? narrowly(arm, reference, row) : `${arm} against ${reference}`, 46)),
      shape.above ? "" : drawn("text", { class: "tick", x: figures[0], y: figures[1] }, cut([several ? named(row.run) : "", factor, rest(row.arm, row.reference)].filter(Boolean).join(" · "), 54)),
      drawn("line", { class: name, x1: x(row.low), x2: x(row.high), y1: y, y2: y }),
      drawn("rect", { class: name, x: x(row.difference) - 4, y: y - 4, width: 8, height: 8 }),
      shape.above ? drawn("text", { class: "tick", x: 0, y: figures[1] }, [several ? named(row.run) : "", told, row.verdict].filter(Boolean).join(" · "))
        : [drawn("text", { x: shape.width - shape.right + 18, y: y - 3 }, told),
          drawn("text", { class: "tick", x: shape.width - shape.right + 18, y: y + 12 }, row.verdict)],
    );
  });
  const label = `${panel.outcome}: difference of each comparison with its 95 % interval`;
  const box = `0 0 ${shape.width} ${bottom + 24}`;
  return drawn("svg", { class: `forest ${shape.name}`, viewBox: box, role: "img", "aria-label": label }, parts);
}

const ARROWS = { higher: "higher is better", lower: "lower is better", neither: "neither way is better" };

function panelOf(panel) {
  const key = node("div", { class: "key" },
    panel.rows.some((row) => row.floor) ? node("span", {}, node("i"), "noise floor: the reference arm against itself, other seeds") : "",
    panel.margin ? node("span", {}, node("i", { class: "dash" }), `declared margin ±${figure(panel.margin)}`) : "",
    node("span", {}, "■ difference within pairs, line: 95 % interval"));
  const picture = forest(panel, WIDE);
  return node("section", { class: "card" },
    node("h3", {}, panel.outcome, node("span", { class: "soft" }, ` · ${ARROWS[panel.better] || ""}`)),
    picture, forest(panel, NARROW), picture ? key : "", several ? besides(panel.rows) : panel.rows.map(findingOf));
}

function findingOf(row) {
  const open = () => { choose(row.run); listed({ ...blank(), comparison: comparisonOf(row), flipped: true }); };
  const linked = comparisonOf(row) >= 0 && row.flips > 0;
  return node("div", { class: "finding" }, badge(row.verdict),
    node("div", {}, node("div", { class: "what" }, several ? named(row.run) : against(row.arm, row.reference)),
      node("p", {}, sentence(row.text || without(row))),
      node("p", { class: "small soft" }, `${row.pairs} pairs of ${row.cases} cases`,
        row.flips === null ? "" : `; ${figure(row.flips * 100)} % came out differently`,
        row.floor_flips === null ? "" : `, ${figure(row.floor_flips * 100)} % against the placebo`,
        linked ? " · " : "",
        linked ? node("button", { class: "plain", type: "button", on: { click: open } }, "show those pairs") : "")));
}

// single arms behind a main effect that does not show have no sentence of their own
const without = (row) => (row.difference === null ? "No pair has a value in both arms."
  : `${figure(row.difference, true)} [${figure(row.low, true)}, ${figure(row.high, true)}]: single arms, behind the main effect of their factor.`);

function comparisonOf(row) {
  const own = data.runs[row.run].pairs;
  return own.comparisons.findIndex((each) => own.arms[each.arm] === row.arm && own.arms[each.reference] === row.reference);
}

function warnings() {
  const shown = new Set(run.forest.flatMap((panel) => panel.rows.map((row) => row.text)));
  const found = run.sections.flatMap((section) => section.blocks.filter((block) => block.block === "finding"));
  const left = found.filter((block) => !shown.has(block.text));
  if (!left.length) return "";
  return [node("h2", {}, "What else was found, and what there is to doubt"),
    node("section", { class: "card" }, left.map((block) => node("div", { class: "finding" }, badge(block.verdict),
      node("div", {}, block.arm ? node("div", { class: "what" }, against(block.arm, block.reference || "")) : "",
        node("p", {}, sentence(block.text))))))];
}

const LOOKED = "The run is still playing. Intervals and verdicts hold for the whole run as it was planned: who stops when they "
  + "like what they see finds differences that are not there. design.stop says when a run may end early.";

function findings() {
  const found = panels();
  const single = () => [blocksOf(run.sections[0]), facts()];
  return node("main", {},
    node("h1", {}, run.scenario.replaceAll("_", " ")),
    several ? node("p", { class: "lead" }, `${data.runs.length} runs side by side`)
      : node("p", { class: "lead" }, run.run, run.complete ? "" : node("strong", {}, ` · ${progress(run)}`)),
    several ? blocksOf(data.compared) : single(),
    node("h2", {}, "Findings"), data.live ? node("p", { class: "note" }, LOOKED) : "",
    found.length ? found.map(panelOf) : node("p", { class: "soft" }, "Nothing was compared."),
    several ? looked(() => [node("p", { class: "soft" }, run.run, run.complete ? "" : ` · ${progress(run)}`), single(), warnings(), tables()])
      : [warnings(), tables()]);
}
