import { SECTIONS } from "./settings.ts";

/** Renders `docs/configuration.md` from the settings. */
export function renderSettings(): string {
  const sections = Object.entries(SECTIONS).map(([title, settings]) =>
    [
      `## ${title}`,
      "",
      "| variable | default | meaning |",
      "|---|---|---|",
      ...Object.entries(settings).map(
        ([name, { fallback, about }]) => `| \`${name}\` | ${fallback === "" ? "" : `\`${fallback}\``} | ${about} |`,
      ),
    ].join("\n"),
  );
  return `${[
    "# Configuration",
    "",
    "<!-- Generated from orchestrator/src/config/settings.ts by `npm run generate -w orchestrator`. -->",
    "",
    "Everything is set by environment variables, read once at start and checked as a whole: every problem is listed, and",
    "the service does not start with any. An empty variable counts as not set. A variable that is one typing slip away",
    "from a known name is refused. Names that end in `_FILE` take the path of a file that holds the secret.",
    "",
    sections.join("\n\n"),
  ].join("\n")}\n`;
}
