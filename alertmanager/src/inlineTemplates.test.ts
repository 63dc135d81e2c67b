import { PRODUCTION } from "@mcp-orchestrator/alerts";
import { expect, test } from "vitest";
import { alertmanagerConfig, bundledEndpoints, TEMPLATES_FOLDER } from "./index.ts";
import { readTemplates, withDefinitions } from "./inlineTemplates.ts";

const templates = readTemplates(TEMPLATES_FOLDER);

test("every definition of the template files is read completely", () => {
  expect(templates.size).toBeGreaterThan(12);
  for (const [name, text] of templates) {
    expect(text.match(/\{\{-? ?(?:define|if|with|range)\b/g)?.length, name).toBe(
      text.match(/\{\{-? end -?\}\}/g)?.length,
    );
  }
});

test("a text gets each definition that it calls, directly or not, once", () => {
  const text = withDefinitions('{{ template "mcp.slack.text" . }}', templates);
  expect([...text.matchAll(/define "([^"]+)"/g)].map(([, name]) => name)).toEqual([
    "mcp.slack.text",
    "mcp.slack.alert",
    "mcp.summary",
    "mcp.slack.time",
  ]);
  expect(text.endsWith('{{ template "mcp.slack.text" . }}')).toBe(true);
});

test("every text of the configuration finds its templates; an unknown one is an error with its name", () => {
  for (const [, text = ""] of JSON.stringify(alertmanagerConfig(PRODUCTION, bundledEndpoints())).matchAll(
    /"(\{\{ template [^}]*\}\})"/g,
  )) {
    expect(withDefinitions(text.replaceAll('\\"', '"'), templates)).toContain("define");
  }
  expect(() => withDefinitions('{{ template "nothing" . }}', templates)).toThrow(/There is no template nothing/);
});
