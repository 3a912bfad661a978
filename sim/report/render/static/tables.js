// Every section's blocks, as they come: tables can be sorted, and say what their columns mean.
const COLLATED = new Intl.Collator("en", { numeric: true });

// a cell is its text, the number by which it is sorted, whether it stands out, and where it leads to
function sortable(block) {
  const body = node("tbody");
  const heads = block.columns.map((column, at) =>
    node("th", { scope: "col", title: column.about || null },
      node("button", { type: "button", on: { click: () => order(at) } }, column.head)));
  let by = -1, up = true;
  const key = (row, at) => (row[at].length > 1 && row[at][1] !== null ? row[at][1] : row[at][0]);
  const compare = (one, other) => {
    if (typeof one === typeof other) return typeof one === "number" ? one - other : COLLATED.compare(one, other);
    return typeof one === "number" ? -1 : 1; // what is missing comes last
  };
  const fill = () => {
    const rows = [...block.rows];
    if (by >= 0) rows.sort((one, other) => (up ? 1 : -1) * compare(key(one, by), key(other, by)));
    body.replaceChildren(...rows.map((row) => node("tr", {}, row.map((cell) => node("td", { class: cellClass(cell) }, cell[3] ? node("a", { href: cell[3] }, cell[0]) : cell[0])))));
  };
  const order = (at) => {
    up = by === at ? !up : true;
    by = at;
    heads.forEach((head, place) => (place === by
      ? head.setAttribute("aria-sort", up ? "ascending" : "descending") : head.removeAttribute("aria-sort")));
    fill();
  };
  fill();
  return node("div", { class: "scroll", tabindex: "0" },
    node("table", {}, node("thead", {}, node("tr", {}, heads)), body));
}

const cellClass = (cell) =>
  [cell[2] ? "strong" : "", cell[0].length > 40 ? "long" : cell.length > 1 ? "number" : ""].join(" ").trim() || null;

function legend(block) {
  const told = block.columns.filter((column) => column.about);
  if (!told.length) return "";
  const list = node("dl", { class: "legend", hidden: true },
    told.map((column) => [node("dt", {}, column.head), node("dd", {}, sentence(column.about))]));
  const button = node("button", { class: "plain", type: "button", "aria-expanded": "false", on: { click: () => {
    list.hidden = !list.hidden;
    button.setAttribute("aria-expanded", String(!list.hidden));
  } } }, "What the columns mean");
  return [button, list];
}

const BLOCKS = {
  table: (block) => [block.title ? node("h3", {}, block.title) : "", block.about ? node("p", {}, sentence(block.about)) : "",
    block.rows.length ? [sortable(block), legend(block)] : block.empty ? node("p", { class: "soft" }, sentence(block.empty)) : ""],
  prose: (block) => ({
    title: () => node("h2", {}, block.text),
    note: () => node("p", { class: "note" }, sentence(block.text)),
    item: () => node("ul", { class: "items" }, node("li", {}, sentence(block.text))),
    plain: () => node("p", {}, sentence(block.text)),
  })[block.level](),
  finding: (block) => node("p", {}, badge(block.verdict), " ", sentence(block.text)),
  scalar: (block) => node("ul", { class: "items" }, node("li", {}, `${block.label}: `, node("strong", {}, block.value))),
  plot: (block) => node("figure", {},
    node("img", { src: `data:image/svg+xml;base64,${block.svg}`, alt: block.title }),
    node("figcaption", {}, block.title, block.caption ? ` – ${block.caption}` : "")),
};

// entries of a list stand under each other, whatever made them
function merged(parts) {
  const found = [];
  for (const part of parts) {
    const last = found[found.length - 1];
    if (last && last.tagName === "UL" && part.tagName === "UL") last.append(...part.childNodes);
    else found.push(part);
  }
  return found;
}

const blocksOf = (section) =>
  merged(section.blocks.flatMap((block) => [BLOCKS[block.block](block)].flat(9)).filter((part) => part !== ""));

// the first section, which says what was asked, stands above the findings already
function tables() {
  const contents = node("ul", { class: "toc" }), parts = [];
  for (const section of run.sections.slice(1).filter((each) => each.blocks.length)) {
    const own = blocksOf(section);
    if (section.title) own.unshift(node("h2", {}, section.title));
    parts.push(...own);
  }
  parts.push(node("h2", {}, "What was asked for"), node("details", {},
    node("summary", {}, `The run's config, digest ${run.digest}`), node("pre", {}, JSON.stringify(run.config, null, 2))));
  parts.filter((part) => part.tagName === "H2").forEach((head) => {
    const jump = (event) => { event.preventDefault(); head.scrollIntoView(); };
    contents.append(node("li", {}, node("a", { href: "#", on: { click: jump } }, head.textContent)));
  });
  return [node("h2", { id: "tables" }, "Everything in detail"), contents, ...parts];
}
