// Which part of the page is seen, by the address; keys; the first sight.
const page = document.getElementById("page");
const bar = { findings: node("a", { href: "#findings" }, "Findings"), tables: node("a", { href: "#detail" }, "Details"), pairs: node("a", { href: "#pairs" }, "Pairs") };
let shownPart = "";

function frame(part, main) {
  for (const [name, link] of Object.entries(bar)) {
    if (name === part) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  if (part === shownPart && part === "pairs") return;
  shownPart = part;
  page.replaceChildren(node("header", { class: "bar" }, node("span", { class: "name" }, run.scenario.replaceAll("_", " ")),
    node("span", { class: "soft small" }, several ? `${data.runs.length} runs` : run.run), playing(),
    node("nav", { "aria-label": "Parts" }, Object.values(bar))), main());
}

// a run that is still playing: how much of it this page has, and the way to what has come since
function playing() {
  if (!data.live) return "";
  return node("span", { class: "live" }, `still playing: ${run.played} of ${run.owed} episodes, as of ${data.live.at} `,
    node("button", { class: "plain", type: "button", on: { click: () => location.reload() } }, "read anew"));
}

function listed(wanted) {
  filter = wanted;
  shownPart = "";
  location.hash = "#pairs";
}

function step(by, flips) {
  const end = flips ? found.flips : found.ids.length; // those that came out differently are the first
  const from = current ? found.ids.indexOf(current.id) : -1;
  const at = from < 0 ? (by > 0 ? 0 : end - 1) : by < 0 ? Math.min(from, end) - 1 : from + 1;
  if (at < 0 || at >= end) return;
  current = pairOf(found.ids[at]); // at once: the address is told later, and keys come faster
  location.hash = linkOf(current);
  reveal(at);
}

function reveal(at) {
  const { list } = view, top = at * HEIGHT;
  if (top < list.scrollTop || top + HEIGHT > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 3;
}

const tool = (text, key, heard) => node("button", { type: "button", on: { click: heard } }, text, " ", node("kbd", {}, key));

function heads(pair) {
  const [factor, arm, reference] = parted(armOf(pair), referenceOf(pair));
  return node("div", { class: "two heads" }, [[reference, "reference"], [arm, "arm"]].map(([name, side]) =>
    node("div", {}, node("b", {}, name), node("span", { class: "arm" }, factor ? `${side}, ${factor}` : side))));
}

function switched() {
  const box = node("input", { type: "checkbox", checked: state.slurs, on: { change: () => { state.slurs = box.checked; showPair(current); } } });
  return node("label", {}, box, " show slurs");
}

function showPair(pair) {
  current = pair;
  fillList();
  view.frame.classList.add("open");
  const body = node("div", {}, node("p", { class: "soft" }, "Loading …"));
  view.shown.replaceChildren(
    node("a", { class: "back", href: "#pairs" }, "← all pairs"),
    node("h1", {}, caseOf(pair), pairs.repeats > 1 ? node("span", { class: "soft" }, ` · repeat ${(pair.row % pairs.repeats) + 1}`) : ""),
    node("p", { class: "soft" }, against(armOf(pair), referenceOf(pair))),
    node("div", { class: "tools" }, tool("next flip", "n", () => step(1, true)), tool("previous flip", "p", () => step(-1, true)),
      tool("next", "j", () => step(1, false)), tool("previous", "k", () => step(-1, false)), switched(),
      node("span", { class: "swatch declared" }, "the declared difference"), node("span", { class: "swatch other" }, "other words that differ")),
    ...cameTo(pair), heads(pair), body);
  view.shown.scrollTop = 0;
  Promise.all([transcript(run, pair.one), transcript(run, pair.two)]).then(([one, two]) => {
    if (!same(current, pair)) return;
    body.replaceChildren(...(one && two ? both(one, two, pair) : [node("p", { class: "note" },
      "The page holds no transcript of this pair: it keeps those that came out differently and a sample (render.transcripts). "
      + "The log has all: simrun show."),
    ]).flat(9).filter((part) => part !== ""));
    for (const text of body.querySelectorAll(".text")) {
      const first = text.querySelector("mark"); // of a long text one sees what differs
      if (first && text.scrollHeight > text.clientHeight) text.scrollTop = first.offsetTop - text.clientHeight / 2;
    }
  }, (error) => { if (same(current, pair)) body.replaceChildren(node("p", { class: "note" }, `${error.message} is not beside this page: copy the whole folder.`)); });
}

function welcome() {
  current = null;
  fillList();
  view.frame.classList.remove("open");
  view.shown.replaceChildren(node("h1", {}, "Pairs"),
    node("p", { class: "soft" }, "The same case under the same seeds, in two arms that differ in one declared thing. Open one on the left: "
      + "what both were told and said stands side by side, and words that differ are marked."),
    node("p", { class: "soft" }, `The page holds the transcripts of ${run.places.length} episodes of `
      + `${pairs.done.reduce((sum, each) => sum + each, 0)}: those of pairs that came out differently first, then a sample.`),
    node("p", { class: "help" }, node("kbd", {}, "n"), " next pair that came out differently, ", node("kbd", {}, "p"), " the one before; ",
      node("kbd", {}, "j"), " next pair, ", node("kbd", {}, "k"), " the one before; ", node("kbd", {}, "Esc"), " back to the list."));
}

function route() {
  const hash = location.hash;
  const pair = hash.startsWith("#pair=") ? linked(hash) : null; // a link may choose another run
  if (hash === "#pairs" || hash.startsWith("#pair=")) {
    const fresh = shownPart !== "pairs";
    frame("pairs", listView);
    if (fresh) refilter();
    if (pair) {
      const at = found.ids.indexOf(pair.id);
      showPair(pair);
      if (at >= 0 && fresh) { reveal(at); fillList(); }
    } else {
      welcome();
      if (hash !== "#pairs") view.shown.append(node("p", { class: "note" }, "This link names a pair that this run does not have."));
    }
    return;
  }
  frame(hash === "#detail" ? "tables" : "findings", findings);
  const target = hash === "#detail" ? document.getElementById("tables") : null;
  if (target) target.scrollIntoView(); else window.scrollTo(0, 0);
}

const KEYS = { n: [1, true], p: [-1, true], j: [1, false], k: [-1, false] };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (event.key === "Escape" && shownPart === "pairs") location.hash = "#pairs";
  const move = KEYS[event.key];
  if (!move) return;
  event.preventDefault();
  if (shownPart !== "pairs") { frame("pairs", listView); refilter(); }
  step(...move);
});

async function begin() {
  data.runs = await Promise.all(data.runs.map(unpacked));
  choose(0);
  window.addEventListener("hashchange", route);
  window.addEventListener("resize", () => { if (shownPart === "pairs") fillList(); });
  route();
  // who reads a pair is not disturbed: the bar has a button
  if (data.live) setInterval(() => { if (!location.hash.startsWith("#pair")) location.reload(); }, data.live.every * 1000);
}

begin().catch((error) => page.replaceChildren(node("p", { class: "note" }, `This page cannot be shown: ${error.message}`)));
