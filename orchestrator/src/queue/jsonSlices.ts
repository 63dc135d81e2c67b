const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/*
 * The payload of a task is stored exactly as the client wrote it. Parsing and encoding it would round large numbers, turn
 * 1e999 into null and drop duplicate keys. These functions find its text inside a body that JSON.parse has accepted. For
 * any other text they end too, with an undefined result.
 */

/**
 * The text of the value of a member in the JSON object that starts at `from` (white space allowed). Of duplicate members,
 * the last one counts, as in JSON.parse.
 */
export function sliceOfMember(json: string, name: string, from = 0): string | undefined {
  let found: string | undefined;
  let at = skipSpace(json, from) + 1;
  while (at < json.length) {
    at = skipSpace(json, at);
    if (json.charCodeAt(at) !== QUOTE) return found;
    const keyEnd = endOfString(json, at);
    const key = json.slice(at + 1, keyEnd - 1);
    const valueStart = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const valueEnd = endOfValue(json, valueStart);
    if (key === name || (key.includes("\\") && JSON.parse(json.slice(at, keyEnd)) === name)) {
      found = json.slice(valueStart, valueEnd);
    }
    at = skipSpace(json, valueEnd);
    if (json.charCodeAt(at) !== COMMA) return found;
    at += 1;
  }
  return found;
}

/** The texts of the elements of a JSON array. */
export function slicesOfArray(json: string): string[] {
  const slices: string[] = [];
  let at = skipSpace(json, skipSpace(json, 0) + 1);
  if (json.charCodeAt(at) === CLOSE_BRACKET) return slices;
  while (at < json.length) {
    const end = endOfValue(json, at);
    slices.push(json.slice(at, end));
    at = skipSpace(json, end);
    if (json.charCodeAt(at) !== COMMA) return slices;
    at = skipSpace(json, at + 1);
  }
  return slices;
}

/** True if arrays and objects are nested deeper than a number of levels. */
export function isDeeperThan(json: string, levels: number): boolean {
  if (json.length <= 2 * levels) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const char = json.charCodeAt(at);
    if (char === QUOTE) at = endOfString(json, at) - 1;
    else if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      depth += 1;
      if (depth > levels) return true;
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) depth -= 1;
  }
  return false;
}

/**
 * The text without white space between its tokens. A scan, because a regular expression that skips strings fails for one of
 * 8 MiB.
 */
export function withoutSpace(json: string): string {
  const kept: string[] = [];
  let from = 0;
  for (let at = 0; at < json.length; ) {
    const char = json.charCodeAt(at);
    const next = char === QUOTE ? endOfString(json, at) : char <= SPACE ? skipSpace(json, at) : at + 1;
    if (char <= SPACE && next > at) {
      kept.push(json.slice(from, at));
      from = next;
    }
    at = Math.max(next, at + 1);
  }
  return from === 0 ? json : kept.join("") + json.slice(from);
}

function skipSpace(json: string, from: number): number {
  let at = from;
  for (; at < json.length; at += 1) {
    const char = json.charCodeAt(at);
    if (char !== SPACE && char !== 0x0a && char !== 0x0d && char !== 0x09) break;
  }
  return at;
}

/** Index after the closing quote of the string that opens at `from`. */
function endOfString(json: string, from: number): number {
  let at = from + 1;
  for (;;) {
    at = json.indexOf('"', at);
    if (at === -1) return json.length;
    let backslashes = 0;
    while (json.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
    at += 1;
  }
}

/** Index after the value that starts at `from`. */
function endOfValue(json: string, from: number): number {
  const first = json.charCodeAt(from);
  if (first === QUOTE) return endOfString(json, from);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfNested(json, from);
  let at = from;
  for (; at < json.length; at += 1) {
    const char = json.charCodeAt(at);
    if (char === COMMA || char === CLOSE_BRACE || char === CLOSE_BRACKET || char === COLON || char <= SPACE) break;
  }
  return at;
}

function endOfNested(json: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < json.length) {
    const char = json.charCodeAt(at);
    if (char === QUOTE) {
      at = endOfString(json, at);
      continue;
    }
    at += 1;
    if (char === OPEN_BRACE || char === OPEN_BRACKET) depth += 1;
    else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return at;
}
