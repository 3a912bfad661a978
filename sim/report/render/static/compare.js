// Two texts word by word: what only one of them says is marked, the declared difference in a colour of its own.
const MOST_WORDS = 1500;
const declared = new Set(data.declared);
const words = (text) => text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) || [];

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

// runs of marked words become one mark; spaces between two marked words belong to it
function marked(tokens, flags, all) {
  const found = [];
  let run = "", name = null;
  const close = () => {
    if (run) found.push(name ? node("mark", { class: name === "declared" ? "declared" : null }, run) : run);
    run = "";
  };
  tokens.forEach((token, at) => {
    const space = /^\s+$/.test(token);
    const own = !flags[at] ? null : space ? name : all || declared.has(token.toLowerCase()) ? "declared" : "other";
    if (own !== name) { close(); name = own; }
    run += token;
  });
  close();
  return found;
}

function differing(one, other, all) {
  if (one === null || other === null || one === other) return [one === null ? [] : [one], other === null ? [] : [other]];
  const [left, right] = [words(one), words(other)];
  const [here, there] = apart(left, right);
  return [marked(left, here, all), marked(right, there, all)];
}

// entries of two lists side by side: equal keys in their order, what has no counterpart alone
function aligned(one, other, key) {
  const [left, right] = [one.map(key), other.map(key)];
  const [here, there] = apart(left, right);
  const rows = [];
  let i = 0, j = 0;
  while (i < one.length || j < other.length) {
    if (i < one.length && here[i]) rows.push([one[i++], null]);
    else if (j < other.length && there[j]) rows.push([null, other[j++]]);
    else rows.push([one[i++], other[j++]]);
  }
  return rows;
}
