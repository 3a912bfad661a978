// Pictures of one pair: values turn by turn, who heard whom, two rankings beside each other, and images.
const CURVE = { width: 300, height: 120, left: 30, right: 8, top: 8, bottom: 20 };

const readable = (name) => name.replaceAll("_", " ");

function curve(name, sides) {
  const values = sides.flatMap((side) => side.filter((value) => value !== null));
  const turns = Math.max(...sides.map((side) => side.length));
  if (turns < 2 || new Set(values).size < 2) return null; // a flat line says no more than the table of outcomes
  const low = Math.min(0, ...values), high = Math.max(1, ...values);
  const x = (turn) => CURVE.left + (turn / (turns - 1)) * (CURVE.width - CURVE.left - CURVE.right);
  const y = (value) => CURVE.height - CURVE.bottom - ((value - low) / (high - low)) * (CURVE.height - CURVE.top - CURVE.bottom);
  const label = `${name} turn by turn: ${sides.map((side, at) => `${at ? "arm" : "reference"} ${side.map((value) => figure(value)).join(", ")}`).join("; ")}`;
  const parts = [low, high].map((value) => [
    drawn("line", { class: "axis", x1: CURVE.left, x2: CURVE.width - CURVE.right, y1: y(value), y2: y(value) }),
    drawn("text", { class: "tick", x: CURVE.left - 4, y: y(value) + 4, "text-anchor": "end" }, figure(value))]);
  for (const turn of turns > 10 ? [0, turns - 1] : [...Array(turns).keys()]) {
    parts.push(drawn("text", { class: "tick", x: x(turn), y: CURVE.height - 4, "text-anchor": "middle" }, String(turn + 1)));
  }
  sides.forEach((side, at) => {
    const points = side.map((value, turn) => (value === null ? null : [x(turn), y(value) + (at ? -2 : 2)])); // both are seen where they meet
    const path = points.map((point, turn) => (point ? `${turn && points[turn - 1] ? "L" : "M"}${point[0].toFixed(1)} ${point[1].toFixed(1)}` : "")).join("");
    parts.push(drawn("path", { class: `curve ${SIDES[at]}`, d: path }), points.filter(Boolean).map(([cx, cy]) => drawn("circle", { class: `dot ${SIDES[at]}`, cx, cy, r: 2.5 })));
  });
  return node("figure", {}, node("figcaption", {}, readable(name)),
    drawn("svg", { class: "chart", viewBox: `0 0 ${CURVE.width} ${CURVE.height}`, role: "img", "aria-label": label }, parts));
}

const SIDES = ["reference", "arm"];
const key = () => node("div", { class: "key" }, SIDES.map((side) => node("span", {}, node("i", { class: `line ${side}` }), side)));

function curves(one, other) {
  const fields = [...new Set([...Object.keys(one.series || {}), ...Object.keys(other.series || {})])];
  const charts = fields.map((name) => curve(name, [one, other].map((side) => (side.series || {})[name] || []))).filter(Boolean);
  return charts.length ? [node("h3", {}, "Turn by turn"), key(), node("div", { class: "charts" }, charts)] : "";
}

// above or below its node at the ends of the circle, outside of it elsewhere
function besideOf(off, x, y, upper) {
  if (Math.abs(off) < 20) return { x, y: y + (upper ? -15 : 25), "text-anchor": "middle" };
  return { x: x + Math.sign(off) * 14, y: y + 4, "text-anchor": off < 0 ? "end" : "start" };
}

// who was heard by whom: speakers on a circle, an arrow the wider the more was said
function graph(edges) {
  const roles = [...new Set(edges.flatMap(([from, to]) => [from, to]))].sort(COLLATED.compare);
  const counts = edges.map(([, , count]) => count), most = Math.max(...counts), least = Math.min(...counts), middle = 150;
  const place = new Map(roles.map((role, at) => {
    const angle = (at / roles.length) * 2 * Math.PI - Math.PI / 2;
    return [role, [middle + 60 + 100 * Math.cos(angle), middle + 100 * Math.sin(angle)]];
  }));
  const arrows = edges.map(([from, to, count]) => {
    const [[x1, y1], [x2, y2]] = [place.get(from), place.get(to)];
    const length = Math.hypot(x2 - x1, y2 - y1) || 1, [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
    const bend = [(x1 + x2) / 2 - dy * 14, (y1 + y2) / 2 + dx * 14]; // both ways are seen
    const end = [x2 - dx * 14, y2 - dy * 14], tip = [end[0] - dx * 7, end[1] - dy * 7];
    return [drawn("path", { class: "edge", d: `M${x1} ${y1}Q${bend[0]} ${bend[1]} ${end[0]} ${end[1]}`, "stroke-width": 1.2 + (2.5 * (count - least)) / (most - least || 1) }),
      drawn("path", { class: "tip", d: `M${end[0]} ${end[1]}L${tip[0] - dy * 4} ${tip[1] + dx * 4}L${tip[0] + dy * 4} ${tip[1] - dx * 4}Z` })];
  });
  const names = roles.map((role) => {
    const [x, y] = place.get(role);
    return [drawn("circle", { class: "node", cx: x, cy: y, r: 9 }),
      drawn("text", besideOf(x - middle - 60, x, y, y < middle), cut(readable(role), 16))];
  });
  const label = `Who heard whom: ${edges.map(([from, to, count]) => `${from} to ${to} ${count}`).join(", ")}`;
  return drawn("svg", { class: "chart graph", viewBox: "0 0 420 300", role: "img", "aria-label": label }, arrows, names);
}

function heardBy(one, other) {
  if (!one.heard && !other.heard) return "";
  const alike = JSON.stringify(one.heard) === JSON.stringify(other.heard);
  const sides = (alike ? [one] : [one, other]).map((side) => (side.heard ? graph(side.heard) : node("p", { class: "soft" }, "Nobody was heard.")));
  const many = new Set([...(one.heard || []), ...(other.heard || [])].flatMap(([from, to]) => [from, to])).size > 4;
  return node("details", { open: many || !alike }, node("summary", {}, "Who heard whom", alike ? ": the same in both arms" : ""), node("div", { class: "charts" }, sides));
}

// two orders of the same letters: places that changed are lines that cross
const ranks = (turn) => {
  const value = new Map((turn && turn.decision) || []).get("ranking");
  return value ? said(value).split(/[^\p{L}\p{N}]+/u).filter(Boolean) : null;
};

// those whose papers differ between the arms
function varied(one, other) {
  const papers = (turn) => said(turn.asked || "").split(/^Applicant (?=[A-Z]:)/m);
  const [here, there] = [papers(one), papers(other)];
  return new Set(here.flatMap((text, at) => (at && text !== there[at] ? [text[0]] : [])));
}

function ranking(one, other) {
  const [left, right] = [ranks(one), ranks(other)];
  if (!left || !right) return "";
  const own = varied(one, other), step = 24, y = (at) => 20 + at * step;
  const parts = left.flatMap((name, at) => {
    const to = right.indexOf(name), mark = own.has(name) ? "varied" : "";
    return to < 0 ? [] : [drawn("line", { class: `place ${mark}`, x1: 74, x2: 206, y1: y(at), y2: y(to) })];
  });
  for (const [x, order, anchor] of [[66, left, "end"], [214, right, "start"]]) {
    order.forEach((name, at) => parts.push(drawn("text", { x, y: y(at) + 4, "text-anchor": anchor, class: own.has(name) ? "varied" : null },
      x < 100 ? `${at + 1}. ${name}` : `${name}, place ${at + 1}`)));
  }
  const label = `Ranking in the reference ${left.join(", ")}, in the arm ${right.join(", ")}`;
  const height = y(Math.max(left.length, right.length) - 1) + 14;
  return node("figure", { class: "ranking" }, node("figcaption", {}, "The ranking in both arms; the applicant who differs between them stands out."),
    drawn("svg", { class: "chart", viewBox: `0 0 300 ${height}`, role: "img", "aria-label": label }, parts));
}

// a value of each subject in both arms; fields of the same subjects stand in one table
function subjects(one, other) {
  const fields = [...new Set([...Object.keys(one.subjects || {}), ...Object.keys(other.subjects || {})])];
  if (!fields.length) return "";
  const of = (side, field) => (side.subjects || {})[field] || {};
  const names = (field) => [...new Set([one, other].flatMap((side) => Object.keys(of(side, field))))];
  const alike = new Map();
  for (const field of fields) {
    const key = JSON.stringify(names(field));
    alike.set(key, [...(alike.get(key) || []), field]);
  }
  const cells = (own, name) => own.map((field) => {
    const [here, there] = [of(one, field)[name], of(other, field)[name]];
    return missing(here) && missing(there) ? node("td", {}, "–")
      : node("td", { class: unlike(here, there) ? "apart" : null }, here === there ? figure(here) : `${figure(here)} → ${figure(there)}`);
  });
  return node("details", {}, node("summary", {}, "One by one"), [...alike].map(([key, own]) =>
    node("div", { class: "scroll", tabindex: "0" }, node("table", { class: "came" },
      node("thead", {}, node("tr", {}, ["", ...own.map(readable)].map((head) => node("th", { class: "plainly", scope: "col" }, head)))),
      node("tbody", {}, JSON.parse(key).map((name) => node("tr", {}, node("td", {}, readable(name)), cells(own, name))))))));
}

// images as they were sent; of those that are not in the page the address
const images = (turn) => (turn.images || []).map((each) => (typeof each === "number"
  ? node("img", { class: "sent", src: run.pictures[each], alt: "an image that was sent with this" })
  : node("p", { class: "soft small" }, `An image that is not shown: ${each}`)));
