import { drillProfile } from "@mcp-orchestrator/alerts";
import { catalogueOf, defineRule, seconds, selector } from "@mcp-orchestrator/alerts/define";
import { expect, test } from "vitest";
import type { Inbox } from "../services/inbox/server.ts";
import { NotificationStore } from "../services/inbox/store.ts";
import type { PrometheusServer } from "../stack/servers/prometheus.ts";
import type { AlertDrill } from "./alertDrill.ts";
import { type AlertEpisode, runEpisode } from "./episode.ts";

const rule = defineRule({
  ...{ name: "Slow", severity: "warning", comparator: ">", forMs: seconds(60), keepFiringForMs: 0 },
  ...{ threshold: { value: 1, unit: "state" }, summary: () => "It is slow", description: () => "It is slow." },
  signal: { record: "service:slow:max", labels: [], expression: selector("slow", []) },
  samples: { threshold: 1, labels: {}, cases: [] },
});

/** A drill in which every alert fires at once; only messages are real. */
function drillWith({ active = [] as string[] } = {}): AlertDrill & { store: NotificationStore } {
  const store = new NotificationStore();
  return {
    ...{ profile: drillProfile(), rules: catalogueOf({ name: "shop", team: "sales" }, [rule]), store },
    prometheus: {
      alerts: async () => active.map((name) => ({ name })),
      waitForAlert: async () => undefined,
    } as unknown as PrometheusServer,
    alertmanager: {} as AlertDrill["alertmanager"],
    inbox: { store } as unknown as Inbox,
    [Symbol.asyncDispose]: async () => {},
  };
}

function episode({ store }: { store: NotificationStore }, also: readonly string[] = []): AlertEpisode {
  const send = async (status: "firing" | "resolved", receivers: readonly string[]) => {
    for (const receiver of receivers) {
      store.add({ receiver, kind: "slack", status, alertname: "Slow", summary: "", body: {} });
    }
  };
  return {
    ...{ alert: "Slow", receivers: ["slack-warnings"], fillMs: 0, drainMs: 0 },
    inject: () => send("firing", ["slack-warnings", ...also]),
    remove: () => send("resolved", ["slack-warnings"]),
  };
}

test("an alert that reaches its receiver and resolves passes, with its times", async () => {
  const drill = drillWith();
  const report = await runEpisode(drill, episode(drill));
  expect(report.firingMs).toBeLessThanOrEqual(report.notifiedMs);
  expect(report.resolvedMs).toBeGreaterThanOrEqual(0);
});

test.each([
  ["a message at another receiver", {}, ["pagerduty"], "also sent: Slow firing at pagerduty"],
  ["an alert before the fault", { active: ["Other"] }, [], "active before the fault: Other"],
])("%s fails it", async (_, options, also, message) => {
  const drill = drillWith(options);
  await expect(runEpisode(drill, episode(drill, also))).rejects.toMatchObject({
    code: "UNEXPECTED_ALERT",
    message: expect.stringContaining(message),
  });
});

test("an alert without a rule is rejected before the fault", async () => {
  const drill = drillWith();
  const unknown = { ...episode(drill), alert: "Typo" };
  await expect(runEpisode(drill, unknown)).rejects.toThrow("no rule has this name");
  expect(drill.store.list()).toEqual([]);
});

test("the fault is removed even if its alert does not fire", async () => {
  const drill = drillWith();
  const silent = { ...drill.prometheus, waitForAlert: async () => Promise.reject(new Error("never fired")) };
  await expect(
    runEpisode({ ...drill, prometheus: silent as unknown as PrometheusServer }, episode(drill)),
  ).rejects.toThrow("never fired");
  expect(drill.store.list().map(({ status }) => status)).toEqual(["firing", "resolved"]);
});
