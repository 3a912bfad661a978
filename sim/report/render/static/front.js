// Accuracy against a gap: nobody is best at both by one number, so the front of those whom nobody beats at both is drawn.
const WIDELY = { name: "wide", width: 640, height: 400, left: 52, right: 16, top: 14, bottom: 44, dot: 10 };
const SLIMLY = { name: "narrow", width: 340, height: 300, left: 44, right: 8, top: 12, bottom: 44, dot: 9 };
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const letter = (at) => (at < 26 ? LETTERS[at] : String(at + 1));

// an interval of a gap as one of its size
function size(found) {
  const [low, high] = [Math.abs(found.low), Math.abs(found.high)];
  return found.low <= 0 && found.high >= 0 ? [0, Math.max(low, high)] : [Math.min(low, high), Math.max(low, high)];
}

function frontier(suite, entries) {
  const good = suite.questions.filter((question) => !isGap(question)), gaps = suite.questions.filter(isGap);
  if (!good.length || !gaps.length) return "";
  const choose = (label, options) => {
    const select = node("select", { on: { change: () => fill() } }, options.map((question, at) => node("option", { value: String(at) }, titled(question, suite))));
    return [select, node("label", {}, label, select)];
  };
  const [across, one] = choose("gap", gaps), [up, other] = choose("against", good);
  const body = node("div");
  const fill = () => body.replaceChildren(...scatter(gaps[Number(across.value)], good[Number(up.value)], entries));
  fill();
  return [node("h2", { id: "front" }, "Accuracy against gap"), node("section", { class: "card" },
    node("div", { class: "choices" }, one, other), body)];
}

function scatter(gap, good, entries) {
  const there = entries.filter((entry) => [gap, good].every((question) => entry.figures[question.key] && entry.figures[question.key].value !== null));
  if (!there.length) return [node("p", { class: "soft" }, "Nobody has both figures.")];
  const points = there.map((entry, at) => ({ entry, at, gap: Math.abs(entry.figures[gap.key].value), good: entry.figures[good.key].value,
    able: entry.standing === "ranked" && !unable(entry, gap).length }));
  const state = (point) => (point.able ? "" : point.entry.standing === "ranked" ? " · below the line" : ` · ${point.entry.standing}`);
  return [node("div", { class: "fronts" }, node("div", {}, field(gap, good, points, WIDELY), field(gap, good, points, SLIMLY)),
    node("ul", { class: "points" }, points.map((point) => node("li", {}, node("b", { class: point.able ? null : "hollow" }, letter(point.at)), node("span", {}, node("a", { href: linkTo(point.entry) }, point.entry.name),
      node("span", { class: "soft small" }, ` ${figure(point.good)} against ${figure(point.gap)}${state(point)}`)))))),
  node("p", { class: "small soft" }, "The dashed line joins those whom nobody beats at both at once; hollow ones are below the line, or shown without being ranked. "
    + "Grey: the widest floor of them, within which a gap is no more than other seeds make.")];
}

// those whom nobody who can do the task beats at both
function undominated(points) {
  const able = points.filter((point) => point.able);
  const beats = (each, point) => each.gap <= point.gap && each.good >= point.good && (each.gap < point.gap || each.good > point.good);
  return able.filter((point) => !able.some((each) => beats(each, point))).sort((one, other) => one.gap - other.gap);
}

function field(gap, good, points, shape) {
  const found = points.map((point) => point.entry.figures[gap.key]), floors = found.map((own) => own.floor).filter(Boolean).map((ends) => Math.max(...ends.map(Math.abs)));
  const most = Math.max(...found.map((own) => (own.low === null ? Math.abs(own.value) : size(own)[1])), gap.margin || 0, 1e-9) * 1.04;
  const x = (value) => shape.left + (value / most) * (shape.width - shape.left - shape.right);
  const y = (value) => shape.height - shape.bottom - value * (shape.height - shape.bottom - shape.top);
  const [bottom, top, right, middle] = [y(0), y(1), shape.width - shape.right, (y(0) + y(1)) / 2], parts = [];
  const text = (x_, y_, words, anchor, more) => drawn("text", { class: "tick", x: x_, y: y_, "text-anchor": anchor, ...more }, words);
  if (floors.length) parts.push(drawn("rect", { class: "floor", x: x(0), y: top, width: Math.min(x(Math.max(...floors)), right) - x(0), height: bottom - top }));
  for (const tick of ticks(0, most)) parts.push(drawn("line", { class: "axis", x1: x(tick), x2: x(tick), y1: top, y2: bottom }), text(x(tick), bottom + 16, figure(tick), "middle"));
  for (const tick of [0, 0.25, 0.5, 0.75, 1]) parts.push(drawn("line", { class: "axis", x1: x(0), x2: right, y1: y(tick), y2: y(tick) }), text(shape.left - 8, y(tick) + 4, figure(tick), "end"));
  parts.push(text((shape.left + shape.width) / 2, shape.height - 6, "size of the gap (left is better)", "middle"),
    text(13, middle, "accuracy (up is better)", "middle", { transform: `rotate(-90 13 ${middle})` }));
  if (gap.margin && gap.margin < most) parts.push(drawn("line", { class: "margin", x1: x(gap.margin), x2: x(gap.margin), y1: top, y2: bottom }));
  const front = undominated(points);
  if (front.length > 1) parts.push(drawn("path", { class: "front", d: front.map((point, at) => (at ? `H${x(point.gap)}V${y(point.good)}` : `M${x(point.gap)} ${y(point.good)}`)).join("") }));
  points.forEach((point) => parts.push(dot(point, gap, good, x, y, shape)));
  const label = `Accuracy against the size of ${called(gap)}: ${points.map((point) => `${point.entry.name} ${figure(point.good)}, ${figure(point.gap)}`).join("; ")}`;
  return drawn("svg", { class: `forest scatter ${shape.name}`, viewBox: `0 0 ${shape.width} ${shape.height}`, role: "img", "aria-label": label }, parts);
}

function dot(point, gap, good, x, y, shape) {
  const [own, right] = [point.entry.figures[gap.key], point.entry.figures[good.key]], name = point.able ? "mark" : "hollow", parts = [];
  if (own.low !== null) { const [from, to] = size(own); parts.push(drawn("line", { class: `${name} thin`, x1: x(from), x2: x(to), y1: y(point.good), y2: y(point.good) })); }
  if (right.low !== null) parts.push(drawn("line", { class: `${name} thin`, x1: x(point.gap), x2: x(point.gap), y1: y(right.low), y2: y(right.high) }));
  parts.push(drawn("circle", { class: name, cx: x(point.gap), cy: y(point.good), r: shape.dot }), drawn("text", { class: `letter ${name}`, x: x(point.gap), y: y(point.good) + 4, "text-anchor": "middle" }, letter(point.at)));
  return parts;
}

// a reader's own weights: nothing is weighed until somebody moves one, and it is kept nowhere
function weighing(suite, entries) {
  const weights = new Map(suite.questions.map((question) => [question.key, 0])), list = node("div");
  const sliders = suite.questions.map((question) => {
    const value = node("output", {}, "0"), slider = node("input", { type: "range", min: "0", max: "10", step: "1", value: "0" });
    slider.addEventListener("input", () => { weights.set(question.key, Number(slider.value)); value.textContent = slider.value; fill(); });
    return node("label", { class: "weight" }, node("span", {}, titled(question, suite)), slider, value);
  });
  const able = entries.filter((entry) => entry.standing === "ranked" && !suite.questions.some((question) => unable(entry, question).length));
  const spans = new Map(suite.questions.map((question) => [question.key, question.span || Math.max(1e-9, ...able.map((entry) => Math.abs((entry.figures[question.key] || { value: 0 }).value)))]));
  const worth = (entry) => {
    let sum = 0, all = 0;
    for (const question of suite.questions) {
      const weight = weights.get(question.key), found = entry.figures[question.key];
      if (!weight) continue;
      if (!found || found.value === null) return null;
      sum += weight * (isGap(question) ? 1 - Math.abs(found.value) / spans.get(question.key) : found.value);
      all += weight;
    }
    return all ? sum / all : null;
  };
  const fill = () => {
    const found = able.map((entry) => [entry, worth(entry)]).filter(([, value]) => value !== null).sort((one, other) => other[1] - one[1]);
    list.replaceChildren(...(found.length ? [node("ol", { class: "worth" }, found.map(([entry, value]) => node("li", {}, node("a", { href: linkTo(entry) }, entry.name), " ", node("b", {}, figure(value)))))]
      : [node("p", { class: "soft" }, able.length ? "No weight is set: this board has no order of its own over several figures." : "Nobody stands above the line on all of these.")]));
  };
  fill();
  return [node("h2", { id: "weights" }, "Your own weights"), node("section", { class: "card" },
    node("p", { class: "small soft" }, "A weighted mean of accuracy and of 1 − |gap| / range, of those above the line. It is computed in this page, without intervals: the places above say what the data can tell apart."),
    node("div", { class: "weights" }, sliders), list)];
}
