// What all parts share. Whatever comes out of a run is set as text, never as markup.
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const data = read("data");
const held = read("held");
const state = { slurs: false };

const make = (namespace) => (tag, attributes = {}, ...children) => {
  const made = namespace ? document.createElementNS(namespace, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, heard] of Object.entries(value)) made.addEventListener(event, heard);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat(9).filter((each) => each !== null && each !== undefined && each !== ""));
  return made;
};
const node = make("");
const drawn = make("http://www.w3.org/2000/svg");

// a text with slurs comes as [masked, whole in base64]
const decoder = new TextDecoder();
const whole = (coded) => decoder.decode(bytesOf(coded));
const said = (text) => (typeof text === "string" ? text : state.slurs ? whole(text[1]) : text[0]);

// our own sentences mark strong words and code, and nothing else
const sentence = (text) =>
  text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
    if (/^\*\*[^]+\*\*$/.test(part)) return node("strong", {}, part.slice(2, -2));
    if (/^`[^]+`$/.test(part)) return node("code", {}, part.slice(1, -1));
    return part;
  });

const figure = (value, signed) => {
  if (missing(value)) return "–";
  const text = Math.abs(value) < 1e-12 ? "0" : String(Number(Math.abs(value).toPrecision(3))); // a mean of sums may miss 0
  const sign = text === "0" ? "" : value < 0 ? "−" : signed ? "+" : "";
  return sign + text;
};

const KINDS = { "within the margin": "within", inconclusive: "open" };
const kind = (verdict) => (/^[a-z ]+$/.test(verdict) ? (KINDS[verdict] || verdict) : "open");
const badge = (verdict) => node("span", { class: `badge ${kind(verdict)}` }, verdict);

// parts of an arm's name that another one shares need not be read twice
const short = (arm, other) => {
  const shared = new Set((other || "").split(" "));
  return arm.split(" ").filter((part) => !shared.has(part)).join(" ") || arm;
};

// "patient.ethnicity=Black" against "patient.ethnicity=White" is ["patient.ethnicity", "Black", "White"]
function parted(arm, reference) {
  const [one, other] = [short(arm, reference), short(reference, arm)];
  const [factor, level] = [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)];
  const alike = !one.includes(" ") && one.includes("=") && other.startsWith(`${factor}=`) && !other.includes(" ");
  return alike ? [factor, level, other.slice(factor.length + 1)] : ["", one, other];
}
const rest = (arm, reference) => arm.split(" ").filter((part) => reference.split(" ").includes(part)).join(" ");
function against(arm, reference) {
  const [factor, one, other] = parted(arm, reference), common = rest(arm, reference);
  return `${factor ? `${factor}: ` : ""}${one} against ${other}${common ? ` (${common})` : ""}`;
}

// round numbers from one end of a scale to the other
const ticks = (low, high) => {
  const rough = (high - low) / 5, ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * ten).find((each) => each >= rough);
  const found = [];
  for (let at = Math.ceil(low / step); at * step <= high + 1e-9; at++) found.push(at * step);
  return found;
};

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
