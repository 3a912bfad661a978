// Two texts word by word: what only one of them says is marked, the declared difference in a colour of its own.
const MOST_WORDS = 1500;
const WORD = "[\\p{L}\\p{N}_]";
const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
const declaredIn = (phrases) => (phrases.length
  ? new RegExp(`(?<!${WORD})(?:${phrases.map(quoted).join("|")})(?!${WORD})`, "giu") : null);

// words and signs with the space behind them: [what is compared, how it is written, where it begins]
const words = (text) => [...text.matchAll(/(?:[\p{L}\p{N}_]+|[^\p{L}\p{N}_\s]|^)\s*/gu)]
  .filter((each) => each[0]).map((each) => [each[0].trimEnd(), each[0], each.index]);

// where in a text a phrase stands by which a level of what is varied shows
const phrases = (text) => (DECLARED ? [...text.matchAll(DECLARED)].map((each) => [each.index, each.index + each[0].length]) : []);

// which words of either text have no counterpart: their longest common part is left, its ends cut off first
function apart(one, other) {
  let start = 0, end = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start++;
  while (end < one.length - start && end < other.length - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end++;
  const left = new Uint8Array(one.length), right = new Uint8Array(other.length);
  const n = one.length - start - end, m = other.length - start - end;
  if (n > MOST_WORDS || m > MOST_WORDS) {
    left.fill(1, start, start + n);
    right.fill(1, start, start + m);
    return [left, right];
  }
  const length = Array.from({ length: n + 1 }, () => new Uint16Array(m + 1));
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      length[i][j] = one[start + i] === other[start + j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
    }
  }
  let i = 0, j = 0;
  while (i < n || j < m) {
    if (i < n && j < m && one[start + i] === other[start + j]) { i++; j++; }
    else if (j >= m || (i < n && length[i + 1][j] >= length[i][j + 1])) left[start + i++] = 1;
    else right[start + j++] = 1;
  }
  return [left, right];
}

// runs of marked words become one mark, up to the space behind it
function marked(text, tokens, flags, all) {
  const found = [], spans = phrases(text);
  let run = "", name = null;
  const close = () => {
    const bare = name ? run.trimEnd() : run;
    if (bare) found.push(name ? node("mark", { class: name === "declared" ? "declared" : null }, bare) : bare);
    if (run.length > bare.length) found.push(run.slice(bare.length));
    run = "";
  };
  tokens.forEach(([, written, at], place) => {
    const within = all || spans.some(([from, to]) => from <= at && at < to);
    const own = !flags[place] ? null : within ? "declared" : "other";
    if (own !== name) { close(); name = own; }
    run += written;
  });
  close();
  return found;
}

// two texts as children of two nodes; null for one that is not there
function differing(one, other, all) {
  if (one === null || other === null || one === other) return [one === null ? [] : [one], other === null ? [] : [other]];
  const [left, right] = [words(one), words(other)];
  const [here, there] = apart(left.map(([word]) => word), right.map(([word]) => word));
  return [marked(one, left, here, all), marked(other, right, there, all)];
}

// entries of two lists side by side: equal keys in their order, what has no counterpart alone
function aligned(one, other, key) {
  const [here, there] = apart(one.map(key), other.map(key));
  const rows = [];
  let i = 0, j = 0;
  while (i < one.length || j < other.length) {
    if (i < one.length && here[i]) rows.push([one[i++], null]);
    else if (j < other.length && there[j]) rows.push([null, other[j++]]);
    else rows.push([one[i++], other[j++]]);
  }
  return rows;
}
