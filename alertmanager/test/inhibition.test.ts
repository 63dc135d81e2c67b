import { ALERTMANAGER_RELEASES } from "@mcp-orchestrator/alerts/tools";
import { describe, expect, test } from "vitest";
import { INHIBITIONS } from "../src/index.ts";
import { INHIBITION_CASES } from "./proof/inhibitionCases.ts";
import { inhibitionComplaints, startTrialServer } from "./proof/inhibitionTrial.ts";

describe.each(ALERTMANAGER_RELEASES)("Alertmanager %s", (release) => {
  test("mutes what the cases say, and nothing else", async () => {
    await using server = await startTrialServer(release);
    for (const story of INHIBITION_CASES) expect(await inhibitionComplaints(server, story)).toEqual([]);
  });
});

test("every inhibition is seen at work in some case", () => {
  const unseen = INHIBITIONS.flatMap(({ source, targets }) =>
    targets.filter(
      (target) =>
        !INHIBITION_CASES.some(
          ({ heard, muted }) =>
            heard.some(({ alertname }) => alertname === source) && muted.some(({ alertname }) => alertname === target),
        ),
    ),
  );
  expect(unseen).toEqual([]);
});
