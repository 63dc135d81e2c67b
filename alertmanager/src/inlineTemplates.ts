import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const DEFINITION = /\{\{ define "([^"]+)" (-?)\}\}([\s\S]*?)\{\{(-?) end \}\}(?=\s*(?:\{\{ define|\{\{\/\*|$))/g;
const CALL = /\{\{ template "([^"]+)"/g;

/** Message templates by name, each with the text that defines it. */
export function readTemplates(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".tmpl"));
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8"));
  return new Map(texts.flatMap((text) => [...text.matchAll(DEFINITION)].map(([whole, name = ""]) => [name, whole])));
}

/**
 * A text preceded by the definitions that it calls, for a configuration that cannot name template files.
 *
 * @throws RangeError if the text calls an undefined template
 */
export function withDefinitions(text: string, templates: ReadonlyMap<string, string>): string {
  const needed = new Set<string>();
  const need = (caller: string) => {
    for (const [, name = ""] of caller.matchAll(CALL)) {
      if (needed.has(name)) continue;
      const definition = templates.get(name);
      if (definition === undefined) throw new RangeError(`There is no template ${name}`);
      needed.add(name);
      need(definition);
    }
  };
  need(text);
  return [...[...needed].map((name) => templates.get(name)), text].join("");
}
