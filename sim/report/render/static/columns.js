// Columns come deflated, in base64: numbers as typed arrays, a NaN for what is missing, texts as one JSON list.
const TYPED = { u1: Uint8Array, i2: Int16Array, i4: Int32Array, f8: Float64Array };
const bytesOf = (coded) => Uint8Array.from(atob(coded), (sign) => sign.charCodeAt(0));
const inflated = (coded) =>
  new Response(new Blob([bytesOf(coded)]).stream().pipeThrough(new DecompressionStream("deflate")));

async function column(packed) {
  const read = inflated(packed.data);
  return packed.type === "json" ? read.json() : new TYPED[packed.type](await read.arrayBuffer());
}

// the data of one run with its columns unpacked
async function unpacked(run) {
  const told = run.pairs;
  const [cases, done, flags, places, ...values] = await Promise.all(
    [told.cases, told.done, told.flags, run.kept, ...told.outcomes.map((each) => each.values)].map(column));
  const outcomes = told.outcomes.map((each, at) => ({ ...each, values: values[at] }));
  return { ...run, places, held: new Set(places), pairs: { ...told, cases, done, flags, outcomes } };
}

const missing = (value) => value === null || value === undefined || Number.isNaN(value);

// what is shown now: of several runs the one that was chosen last
let run, pairs, DECLARED;
function choose(at) {
  run = data.runs[at];
  run.at = at;
  pairs = run.pairs;
  DECLARED = declaredIn(run.declared);
}
