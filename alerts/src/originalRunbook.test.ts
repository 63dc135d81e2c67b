import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { resolveBundle } from "./bundle/index.ts";
import { type AlertName, buildCatalogue } from "./catalogue/index.ts";
import { type Chapter, ORIGINAL_RUNBOOK, type Place } from "./catalogue/runbooks/originalRunbook.ts";
import { commandsOf } from "./catalogue/runbooks/runbook.ts";
import { alertAt, correctionAt } from "./render/originalRunbook.ts";
import { renderRunbook } from "./render/runbooks.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The original runbook names the thresholds that ship. */
const shipped = buildCatalogue(resolveBundle({})).groups.flatMap(({ alerts }) => alerts);
function runbookOf(name: AlertName) {
  const alert = shipped.find((each) => each.name === name);
  if (alert === undefined) throw new RangeError(`There is no alert ${name}`);
  return { alert, text: renderRunbook(alert) };
}

/** A section of a runbook; "" is the text before the first. */
function sectionOf(markdown: string, name: string): string | undefined {
  const parts = markdown.split(/^## /m);
  return name === "" ? parts[0] : parts.find((part) => part.startsWith(`${name}\n`));
}

function isThere(place: Place, chapter: Chapter): boolean {
  switch (place.kind) {
    case "command":
      return commandsOf(runbookOf(alertAt(place, chapter)).alert.runbook).some(({ id }) => id === place.id);
    case "section":
      return place.says.test(sectionOf(runbookOf(alertAt(place, chapter)).text, place.name) ?? "");
    case "correction":
      return correctionAt(place.was).why !== "";
    case "page":
      return place.says.test(readFileSync(join(ROOT, place.path), "utf8"));
  }
}

test.each(ORIGINAL_RUNBOOK)("every item of the chapter $title has a place", (chapter) => {
  const lost = chapter.items.flatMap(({ item, at }) =>
    at
      .filter((place) => !isThere(place, chapter))
      .map(
        (place) => `${item}: ${JSON.stringify({ ...place, ...("says" in place ? { says: String(place.says) } : {}) })}`,
      ),
  );
  expect(lost).toEqual([]);
  expect(chapter.items.filter(({ at }) => at.length === 0)).toEqual([]);
});

test("every item is listed once", () => {
  for (const { items } of ORIGINAL_RUNBOOK) expect(new Set(items.map(({ item }) => item)).size).toBe(items.length);
  expect(ORIGINAL_RUNBOOK.flatMap(({ items }) => items).length).toBeGreaterThan(150);
});

test("a missing place is noticed", () => {
  const [chapter] = ORIGINAL_RUNBOOK as readonly [Chapter];
  expect(isThere({ kind: "command", id: "nothing" }, chapter)).toBe(false);
  expect(isThere({ kind: "section", name: "Symptoms", says: /never said/ }, chapter)).toBe(false);
  expect(() => isThere({ kind: "correction", was: "never said" }, chapter)).toThrow(/No correction begins/);
});
