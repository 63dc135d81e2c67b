/** Fields of a server's INFO, by name: https://redis.io/docs/latest/commands/info/. */
export type Info = ReadonlyMap<string, string>;

/** Reads the answer to INFO. */
export function parseInfo(text: string): Info {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const at = line.indexOf(":");
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1).trimEnd());
  }
  return fields;
}
