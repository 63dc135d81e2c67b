import { ALERTMANAGER_RELEASES } from "@mcp-orchestrator/alerts/tools";
import type { HeldAlert, PostedAlert } from "@mcp-orchestrator/e2e/testkit/servers/alertmanagerClient";
import { describe, expect, test } from "vitest";
import { INHIBITIONS } from "../src/index.ts";
import { INHIBITION_CASES, type InhibitionCase } from "./proof/inhibitionCases.ts";
import { inhibitionProblems, startTrialServer } from "./proof/inhibitionTrial.ts";

describe.each(ALERTMANAGER_RELEASES)("Alertmanager %s", (release) => {
  test("mutes exactly the alerts of the cases", async () => {
    await using server = await startTrialServer(release);
    for (const trialCase of INHIBITION_CASES) expect(await inhibitionProblems(server, trialCase)).toEqual([]);
  });
});

test("an answer that Alertmanager writes while it still processes alerts is not the result", async () => {
  let posted: readonly PostedAlert[] = [];
  let answers = 0;
  const held = ({ labels }: PostedAlert, muted: boolean): HeldAlert => ({
    labels,
    fingerprint: "",
    receivers: [],
    status: { state: muted ? "suppressed" : "active", inhibitedBy: muted ? ["source"] : [], silencedBy: [] },
  });
  const server = {
    post: async (alerts: readonly PostedAlert[]) => {
      posted = alerts;
    },
    // The first answer decides about the target before its source is processed, and about the sentinel afterwards.
    alerts: async () => {
      answers += 1;
      const muted = answers === 1 ? ["SentinelTarget"] : ["SentinelTarget", "HighConsumerLag"];
      return posted.map((alert) => held(alert, muted.includes(alert.labels.alertname ?? "")));
    },
  };
  const trialCase: InhibitionCase = {
    name: "a slow machine",
    notified: [{ alertname: "QueueDepthSpike" }],
    muted: [{ alertname: "HighConsumerLag" }],
  };
  expect(await inhibitionProblems(server, trialCase)).toEqual([]);
});

test("every inhibition applies in some case", () => {
  const unseen = INHIBITIONS.flatMap(({ source, targets }) =>
    targets.filter(
      (target) =>
        !INHIBITION_CASES.some(
          ({ notified, muted }) =>
            notified.some(({ alertname }) => alertname === source) &&
            muted.some(({ alertname }) => alertname === target),
        ),
    ),
  );
  expect(unseen).toEqual([]);
});
