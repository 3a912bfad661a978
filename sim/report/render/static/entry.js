// One entry: who handed it in, what it is borne out by, its figures by every version of the metrics, and the way to its pairs.
const ABOUT = {
  consistent: "Every prompt, reply and outcome was scored again from its log. That its model said this at all, no log shows.",
  "re-asked": "Its model was asked again on a sample by who holds the board, and agrees.",
  host: "Who holds the board has played its model themselves.",
};
const STANDINGS = { ranked: "ranked", demonstration: "a demonstration: rules or people answered; shown, never ranked",
  custom: "a run of no suite: shown, never ranked", withdrawn: "withdrawn" };
const cells = (texts) => texts.map((each) => (Array.isArray(each) ? each : [String(each)]));
const tableOf = (heads, rows) => sortable({ columns: heads.map((head) => (typeof head === "string" ? { head } : head)), rows: rows.map(cells) });

const questionsOf = (entry) => data.suites.find((suite) => suite.name === entry.suite).questions;

function versions(entry) {
  const rows = entry.versions.flatMap((version) => questionsOf(entry).filter((question) => version.figures[question.key]).map((question) => {
    const found = version.figures[question.key], now = version === entry.versions[entry.versions.length - 1];
    const places = now ? placed(entry.figures[question.key].places) : "";
    return [called(question), question.suite, [`metrics ${version.metrics}`, version.metrics], [told(found, isGap(question)), found.value], places || "–",
      found.floor ? [`${figure(found.floor[0], true)} to ${figure(found.floor[1], true)}`, found.floor[1]] : "–", [figure(found.detectable), found.detectable],
      `${found.n} (${found.cases})`, [String(found.excluded), found.excluded], Object.entries(found.reasons).map(([why, n]) => `${why}: ${n}`).join("; ") || "–", found.verdict || "–"];
  }));
  return tableOf(["figure", "suite", "by", { head: "value (95 %)" }, { head: "places", about: "That it may have among all that are ranked." },
    "floor", { head: "detectable", about: "Smallest true gap that would have been found in 80 % of repetitions." }, "n (cases)", "left out", "why", "verdict"], rows);
}

const problems = (entry) => tableOf(["suite", "arm", "episodes", "failed", "calls", "refused", "unreadable", "truncated"],
  entry.parts.flatMap((part) => part.arms.map((arm) => [part.suite, arm.name, ...["n", "failed", "calls", "refused", "unreadable", "truncated"].map((name) => [String(arm[name]), arm[name]])])));

const PREPARED = { drawn: "yes: committed to before it was played, under the seed that this board drew", unchecked: "committed to; the draw was not checked",
  no: "no: played under the suite's own seed, so that it may be the best of many" };

// a gap on cases that all know, and on cases that only the board knew
function halves(entry) {
  if (!entry.halves.length) return "";
  const rows = entry.halves.map((each) => { const [suite, what, arm, reference] = each.key.split("|");
    return [`${what}: ${against(arm, reference)}`, suite, ...["public", "private", "difference"].map((name) => [told(each[name], true), each[name].value]), each.closed ? "closed on the public half alone" : "–"]; });
  return [node("h2", {}, "Public and private half"), node("p", { class: "small soft" }, "The private half asks the same of cases that only the board knew. A gap is closed on the public half alone where its interval there lies within the margin, "
    + "and those on the private half and of the difference lie on the same side of 0."), tableOf(["gap", "suite", "public (95 %)", "private (95 %)", "difference (95 %)", "found"], rows)];
}

const WHATS = { draw: "seed drawn", add: "taken", remove: "withdrawn", rescore: "scored anew", ask: "asked again", host: "run by the host", private: "held against a private split" };
function decided(list) {
  return node("ul", { class: "decided" }, list.map((each) => node("li", {}, node("b", {}, WHATS[each.what] || each.what), ` ${when(each.at)}, by ${each.who}: ${each.why}`,
    each.evidence && each.evidence.verdict ? node("span", { class: "soft" }, ` (${each.evidence.verdict})`) : "",
    each.evidence ? Object.entries(each.evidence.accepted || {}).map(([code, why]) => node("span", { class: "soft" }, ` (${code}: ${why})`)) : "",
    each.file && !each.evidence ? [" ", node("a", { href: `#entry=${each.file.slice(0, 12)}` }, each.file.slice(0, 12))] : "")));
}

function entryPage(entry) {
  const who = entry.who, fact = (name, value) => (value ? [node("dt", {}, name), node("dd", {}, value)] : "");
  const RELATIONS = { none: "no relation to the model's maker", maker: "made the model", paid: "paid by the model's maker", other: "another relation to the model's maker" };
  return node("main", {},
    node("p", { class: "small" }, node("a", { href: `#suite=${entry.suite}` }, `← ${entry.suite}`)),
    node("h1", {}, entry.name), node("p", { class: "lead" }, entry.standing === "ranked" && entry.parts.some((part) => part.below.length) ? "below the line: shown, and not ranked on gaps" : STANDINGS[entry.standing]),
    entry.withdrawn ? node("p", { class: "note" }, `Withdrawn: ${entry.withdrawn}`) : "",
    entry.fault ? node("p", { class: "note" }, `Without a report: ${entry.fault}`) : "",
    entry.parts.flatMap((part) => part.below.map((why) => node("p", { class: "note" }, `Below the line in ${part.suite}: ${why}`))),
    node("section", { class: "card" }, node("dl", { class: "told" },
      fact("suite", entry.suite), fact("borne out by", `${borne(entry)}. ${ABOUT[entry.tier]}`),
      who ? [fact("handed in by", `${who.name} (${who.contact}), ${RELATIONS[who.relation]}`), fact("licence of the logs", who.licence), fact("about", who.about)] : "",
      fact("prepared", entry.standing === "ranked" ? PREPARED[entry.prepared] : ""),
      fact("tokens", entry.parts.map((part) => `${part.suite}: ${part.prompt_tokens.toLocaleString("en")} read, ${part.output_tokens.toLocaleString("en")} written`).join("; ")),
      entry.cost === null ? "" : fact("cost", `${figure(entry.cost)} ${data.currency}`), fact("SHA-256 of the file", node("code", {}, entry.file)))),
    entry.parts.filter((part) => part.report).map((part) => node("p", {}, node("a", { href: part.report }, `Report of ${part.suite}`), " · ", node("a", { href: `${part.report}#pairs` }, "its pairs, side by side"),
      node("span", { class: "soft small" }, ` · run ${part.run}`))),
    node("h2", {}, "Figures"), versions(entry), halves(entry), node("h2", {}, "Replies that failed"), problems(entry),
    node("h2", {}, "What was decided of it"), decided(entry.decisions));
}
