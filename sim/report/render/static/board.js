// The board: a part for each suite, one for each entry, and the log of decisions; which one is seen, by the address.
const page = document.getElementById("page");
const several = false, named = () => "";
const chosen = { scenario: "", axis: "", tier: "consistent" };
const standing = (suite, wanted) => data.entries.filter((entry) => entry.suite === suite.name && wanted.includes(entry.standing));
const SHOWN = ["ranked", "demonstration", "custom"];

function select(label, name, options, fill) {
  const made = node("select", { on: { change: () => { chosen[name] = made.value; fill(); } } }, options.map(([value, text]) => node("option", { value }, text)));
  made.value = options.some(([value]) => value === chosen[name]) ? chosen[name] : options[0][0];
  chosen[name] = made.value;
  return node("label", {}, label, made);
}

const unique = (values) => [...new Set(values)].filter(Boolean).sort(COLLATED.compare);

function suitePage(suite) {
  const body = node("div"), fill = () => body.replaceChildren(...suiteBody(suite).flat(9).filter((part) => part !== ""));
  const scenarios = unique(suite.questions.map((question) => question.scenario)), axes = unique(suite.questions.map((question) => question.axis));
  const filters = node("div", { class: "choices" },
    select("scenario", "scenario", [["", "all"], ...scenarios.map((each) => [each, each.replaceAll("_", " ")])], fill),
    select("axis", "axis", [["", "all"], ...axes.map((each) => [each, each])], fill),
    select("borne out by", "tier", TIER.map((each, at) => [each, at ? `${TIERS[each]}${at < 2 ? " or more" : ""}` : "its log, or more"]), fill));
  fill();
  const ranked = standing(suite, ["ranked"]), count = (wanted) => standing(suite, wanted).length;
  const below = ranked.filter((entry) => entry.parts.some((part) => part.below.length)).length;
  return node("main", {}, node("h1", {}, suite.name), node("p", { class: "lead" }, suite.about),
    node("ul", { class: "facts" }, [[ranked.length, "submissions of models"], [below, "of them below the line"], [count(["demonstration"]), "demonstrations"], [count(["withdrawn"]), "withdrawn"]]
      .map(([n, what]) => node("li", {}, node("b", {}, String(n)), what))),
    filters, body);
}

function suiteBody(suite) {
  const questions = suite.questions.filter((question) => (!chosen.scenario || question.scenario === chosen.scenario) && (!chosen.axis || !question.axis || question.axis === chosen.axis));
  const own = { ...suite, questions }, custom = suite.name.startsWith("custom@");
  const entries = standing(suite, SHOWN).filter((entry) => TIER.indexOf(entry.tier) >= TIER.indexOf(chosen.tier));
  if (!entries.length) return [node("p", { class: "soft" }, "Nothing here is borne out so far.")];
  return [
    custom ? "" : [node("h2", {}, "Places"), node("p", { class: "small soft" }, "Places are among all submissions of this suite and version that are ranked, whatever is filtered. All of them together hold the true places with 95 %: "
      + "of two entries one stands before the other only where their difference over the shared cases, resampled, shows it."), questions.map((question) => questionCard(question, own, entries)),
    frontier(own, entries), weighing(own, entries)],
    node("h2", { id: "figures" }, "All figures"), overview(own, entries), withdrawn(suite)];
}

// asking again may also find that the model says something else
const borne = (entry) => TIERS[entry.tier] + (entry.asked && entry.asked !== "agrees" ? `; asked again: ${entry.asked}` : "");

function overview(suite, entries) {
  const heads = ["entry", "report", "pairs", "handed in by", "standing", { head: "borne out by", about: Object.values(ABOUT).join(" ") },
    ...suite.questions.map((question) => ({ head: titled(question, suite) })),
    { head: "refused", about: "Replies, over all arms; the entry's own page has them by arm." }, "unreadable", "truncated", "tokens", ...(entries.some((entry) => entry.cost !== null) ? [`cost, ${data.currency}`] : [])];
  const total = (entry, name) => entry.parts.reduce((sum, part) => sum + part.arms.reduce((all, arm) => all + arm[name], 0), 0);
  const number = (value) => [value.toLocaleString("en"), value];
  const rows = entries.map((entry) => {
    const tokens = entry.parts.reduce((sum, part) => sum + part.prompt_tokens + part.output_tokens, 0), report = (entry.parts[0] || {}).report;
    const below = entry.standing === "ranked" && entry.parts.some((part) => part.below.length);
    return [[entry.name, null, 1, linkTo(entry)], report ? ["report", null, 0, report] : "–", report ? ["pairs", null, 0, `${report}#pairs`] : "–", entry.who ? entry.who.name : "–", (below ? "below the line" : entry.standing) + (entry.halves.some((each) => each.closed) ? "; a gap is closed on the public half alone" : ""), borne(entry),
      ...suite.questions.map((question) => { const found = entry.figures[question.key]; return found ? [told(found, isGap(question)), isGap(question) ? Math.abs(found.value) : found.value] : "–"; }),
      ...["refused", "unreadable", "truncated"].map((name) => number(total(entry, name))), number(tokens),
      ...(heads.includes(`cost, ${data.currency}`) ? [entry.cost === null ? "–" : [figure(entry.cost), entry.cost]] : [])];
  });
  return tableOf(heads, rows);
}

function withdrawn(suite) {
  const gone = standing(suite, ["withdrawn"]);
  return gone.length ? [node("h2", {}, "Withdrawn"), node("ul", { class: "decided" }, gone.map((entry) => node("li", {}, node("a", { href: linkTo(entry) }, entry.name), `: ${entry.withdrawn}`)))] : "";
}

// what was played under these seeds nobody knows
function unusedDraws() {
  if (!data.unused.length) return "";
  return [node("h2", {}, "Drawn, and nothing handed in"), node("p", { class: "small soft" }, "A seed was drawn for these commitments, and no submission with it stands here."),
    tableOf(["suite", "committed by", "answered by", "seed", "on"], data.unused.map((each) => [each.suite, each.who, (each.answers || []).join(" "), String(each.seed), when(each.at)]))];
}

const decisions = () => node("main", {}, node("h1", {}, "Decisions"),
  node("p", { class: "lead" }, "Every decision of who holds this board, oldest first: appended, each bound to the one before by its hash."),
  node("p", { class: "small soft" }, "Hash of the last one: ", node("code", {}, data.head), ". Whoever keeps it sees later whether decisions were cut off."), decided(data.decisions), unusedDraws());

const nothing = () => node("main", {}, node("h1", {}, "Leaderboard"), node("p", { class: "lead" }, "Nothing was handed in yet."));

function route() {
  const [part, name] = [location.hash.slice(1).split("=")[0], decodeURIComponent(location.hash.split("=").slice(1).join("="))];
  const entry = part === "entry" ? data.entries.find((each) => name && each.id.startsWith(name.slice(0, 12))) : null;
  const suite = data.suites.find((each) => each.name === (entry ? entry.suite : name)) || data.suites[0];
  const link = (href, text, here) => node("a", { href, "aria-current": here ? "page" : null }, text);
  const main = part === "decisions" ? decisions() : entry ? entryPage(entry) : suite ? suitePage(suite) : nothing();
  if (part === "entry" && !entry) main.prepend(node("p", { class: "note" }, "This link names an entry that this board does not have."));
  page.replaceChildren(node("header", { class: "bar" }, node("span", { class: "name" }, "Leaderboard"), node("span", { class: "soft small" }, `metrics ${data.metrics}`),
    node("nav", { "aria-label": "Parts" }, data.suites.map((each) => link(`#suite=${each.name}`, each.name, part !== "decisions" && each === suite)), link("#decisions", "Decisions", part === "decisions"),
      node("a", { href: "board.csv" }, "CSV"), node("a", { href: "board.json" }, "JSON"))), main);
  window.scrollTo(0, 0);
}

window.addEventListener("hashchange", route);
route();
