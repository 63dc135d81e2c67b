import { SECTIONS } from "./settings.ts";

/** Renders `docs/reference/configuration.md` from the settings. */
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
    "Environment variables, read once at start. If some are invalid, look misspelled or contradict each other, the service",
    "lists them all and does not start. An empty variable counts as not set. Each `*_FILE` except `LOG_FILE` is the path of",
    "a file to read.",
    "",
    sections.join("\n\n"),
  ].join("\n")}\n`;
}
