import { BUNDLE } from "@mcp-orchestrator/alerts";
import { expect, test } from "vitest";
import { problemsOf } from "./messageCheck.ts";
import { message, slackBody } from "./testing.ts";

const GRAPH = "http://prometheus:9090/graph?g0.expr=up&g0.tab=1";
const RUNBOOK = "https://runbooks.example/QueueDepthSpike.md";

function messageWith(link: string) {
  const body = slackBody("QueueDepthSpike", "firing", "danger");
  const attachments = body.attachments.map((attachment) => ({
    ...attachment,
    title_link: link,
    actions: attachment.actions.map((action) => (action.text === "Runbook" ? { ...action, url: link } : action)),
  }));
  return message({ body: { ...body, attachments } });
}

const problemsWith = (link: string, runbooks?: string) =>
  problemsOf(messageWith(link), {
    ...(runbooks === undefined ? {} : { runbooks }),
    dashboards: BUNDLE.links.dashboards,
  });

test("a message links to the runbook if there are runbooks, otherwise to Prometheus", () => {
  expect(problemsWith(RUNBOOK, "https://runbooks.example")).toEqual([]);
  expect(problemsWith(GRAPH)).toEqual([]);
});

test("any other link is found, in the title and outside it", () => {
  expect(problemsWith(GRAPH, "https://runbooks.example")).toHaveLength(2);
  expect(problemsWith(RUNBOOK)).toHaveLength(2);
});
