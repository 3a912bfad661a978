// One question: the figure of each entry with its interval, its floor, and the places that it may have.
const BROAD = { name: "wide", width: 1100, left: 270, right: 480, row: 40, above: 0, figures: 638, ranks: [886, 1092] };
const SLIM = { name: "narrow", width: 360, left: 6, right: 6, row: 78, above: 46 };
const TIERS = { consistent: "consistent", "re-asked": "re-asked on a sample", host: "run by the host" };
const TIER = Object.keys(TIERS);
const when = (at) => new Date(at * 1000).toISOString().slice(0, 10);
const linkTo = (entry) => `#entry=${entry.id}`;
const placed = (places) => (places ? (places[0] === places[1] ? `${places[0]}` : `${places[0]}–${places[1]}`) : "");
const told = (found, signed) => (found ? `${figure(found.value, signed)} [${figure(found.low, signed)}, ${figure(found.high, signed)}]` : "–");
const isGap = (question) => question.what !== "accuracy";
const called = (question) => (isGap(question) ? `${question.what}: ${against(question.arm, question.reference)}` : "accuracy");
// of a suite of several runs each question says of which it is
const titled = (question, suite) => (question.suite === suite.name ? called(question) : `${question.suite}, ${called(question)}`);
const partOf = (entry, question) => entry.parts.find((part) => part.suite === question.suite);
const unable = (entry, question) => { const part = partOf(entry, question); return part ? part.below : []; };

// who is compared, best places first; then who stands below the line; then who is only shown
function rowsOf(entries, question) {
  const there = entries.filter((entry) => entry.figures[question.key] && entry.figures[question.key].value !== null);
  const found = (entry) => entry.figures[question.key];
  const good = (entry) => (isGap(question) ? Math.abs(found(entry).value) : -found(entry).value);
  const first = (entry) => (found(entry).places || [0, 0]);
  const ordered = (own) => own.sort((one, other) => first(one)[0] - first(other)[0] || first(one)[1] - first(other)[1] || good(one) - good(other));
  const ranked = there.filter((entry) => entry.standing === "ranked");
  return [
    ["", ordered(ranked.filter((entry) => found(entry).places && !unable(entry, question).length))],
    ["below the line: cannot do the task, or never answers", ordered(ranked.filter((entry) => unable(entry, question).length))],
    ["shown, never ranked", ordered(there.filter((entry) => entry.standing !== "ranked"))],
  ].filter(([, own]) => own.length);
}

function scaleOf(question, rows) {
  if (!isGap(question)) return [0, 1];
  const ends = rows.flatMap((entry) => { const found = entry.figures[question.key]; return [found.low, found.high, ...(found.floor || [])]; });
  const every = [...ends.filter((end) => end !== null), 0, ...(question.margin ? [question.margin, -question.margin] : [])];
  const reach = (Math.max(...every) - Math.min(...every) || 1) * 0.05;
  return [Math.min(...every) - reach, Math.max(...every) + reach];
}

function places(question, groups, shape) {
  const rows = groups.flatMap(([, own]) => own), signed = isGap(question), parts = [];
  const [low, high] = scaleOf(question, rows), end = shape.width - shape.right;
  const x = (value) => shape.left + ((value - low) / (high - low)) * (end - shape.left);
  const most = Math.max(1, ...rows.map((entry) => (entry.figures[question.key].places || [0, 0])[1]));
  const heights = groups.map(([head, own]) => (head ? 30 : 6) + own.length * shape.row), bottom = heights.reduce((sum, each) => sum + each, 0) + 6;
  const line = (value, name) => drawn("line", { class: name, x1: x(value), x2: x(value), y1: 2, y2: bottom });
  for (const tick of ticks(low, high)) {
    parts.push(line(tick, signed && tick === 0 ? "zero" : "axis"), drawn("text", { class: "tick", x: x(tick), y: bottom + 16, "text-anchor": "middle" }, figure(tick, signed)));
  }
  if (signed && question.margin) parts.push(line(question.margin, "margin"), line(-question.margin, "margin"));
  let top = 0;
  groups.forEach(([head, own], nth) => {
    if (head) parts.push(drawn("line", { class: "border", x1: 0, x2: shape.width, y1: top + 8, y2: top + 8 }), drawn("text", { class: "tick head", x: 0, y: top + 24 }, head));
    own.forEach((entry, at) => parts.push(placeRow(question, entry, shape, x, most, top + (head ? 30 : 6) + at * shape.row)));
    top += heights[nth];
  });
  const label = `${called(question)}: ${rows.map((entry) => `${entry.name} ${told(entry.figures[question.key], signed)}`).join("; ")}`;
  return drawn("svg", { class: `forest places ${shape.name}`, viewBox: `0 0 ${shape.width} ${bottom + 22}`, role: "img", "aria-label": label }, parts);
}

function placeRow(question, entry, shape, x, most, top) {
  const found = entry.figures[question.key], signed = isGap(question), y = top + (shape.row + shape.above) / 2;
  const kindOf = entry.standing !== "ranked" ? "aside" : unable(entry, question).length ? "unable" : "mark";
  const parts = [];
  if (found.floor) parts.push(drawn("rect", { class: "floor", x: x(found.floor[0]), y: y - 9, width: Math.max(x(found.floor[1]) - x(found.floor[0]), 2), height: 18 }));
  if (found.low !== null) parts.push(drawn("line", { class: kindOf, x1: x(found.low), x2: x(found.high), y1: y, y2: y }));
  parts.push(drawn("rect", { class: kindOf, x: x(found.value) - 4, y: y - 4, width: 8, height: 8 }));
  const who = [entry.who ? entry.who.name : "", entry.id.slice(0, 6)].filter(Boolean).join(" · "), place = placed(found.places);
  const name = (at, chars) => drawn("a", { href: linkTo(entry) }, drawn("text", { class: "name", x: 0, y: at }, cut(entry.name, chars)));
  if (shape.above) {
    parts.push(name(top + 15, 44), drawn("text", { class: "tick", x: 0, y: top + 32 }, cut(`${told(found, signed)}${place ? ` · place ${place} of ${most}` : ""}`, 58)));
    return parts;
  }
  parts.push(name(y - 2, 34), drawn("text", { class: "tick", x: 0, y: y + 13 }, cut(who, 42)),
    drawn("text", { x: shape.figures, y: y - 2 }, told(found, signed)),
    drawn("text", { class: "tick", x: shape.figures, y: y + 13 }, cut(`${found.n} ${signed ? "pairs" : "episodes"}${found.detectable === null || !signed ? "" : `, would find ${figure(found.detectable)}`}`, 34)));
  if (found.places) {
    const [from, to] = shape.ranks, step = (to - from) / most, [first, last] = found.places;
    parts.push(drawn("rect", { class: "rail", x: from, y: y - 3, width: to - from, height: 6, rx: 3 }),
      drawn("rect", { class: "place", x: from + (first - 1) * step + 1, y: y - 6, width: (last - first + 1) * step - 2, height: 12, rx: 5 }),
      drawn("text", { class: "tick", x: from - 8, y: y + 4, "text-anchor": "end" }, place));
  }
  return parts;
}

function questionCard(question, suite, entries) {
  const groups = rowsOf(entries, question);
  if (!groups.length) return "";
  const rows = groups.flatMap(([, own]) => own), has = (name) => rows.some((entry) => entry.figures[question.key][name]);
  const about = isGap(question) ? "0 is no gap, whichever side; places by its size" : "of the reference arm; higher is better";
  return node("section", { class: "card", "data-question": question.key },
    node("h3", {}, titled(question, suite), node("span", { class: "soft" }, ` · ${about}`)),
    places(question, groups, BROAD), places(question, groups, SLIM),
    node("div", { class: "key" },
      node("span", {}, "■ value, line: 95 % interval"),
      has("floor") ? node("span", {}, node("i"), "floor: the reference arm against itself, other seeds") : "",
      isGap(question) && question.margin ? node("span", {}, node("i", { class: "dash" }), `declared margin ±${figure(question.margin)}`) : "",
      has("places") ? node("span", {}, node("i", { class: "placed" }), "places that it may have; who shares some cannot be told apart") : ""));
}
