import { alertNamed, drillProfile } from "@mcp-orchestrator/alerts";
import { describe, expect } from "vitest";
import { serviceEnvironment } from "../../drill/serviceEnvironment.ts";
import type { Stack } from "../../stack/stack.ts";
import { test } from "../../stack/testing.ts";
import { until } from "../../testkit/until.ts";

const ALERT = "QueueDepthSpike";
const QUEUE = "mcp:queue:reasoning:express";
const PROFILE = drillProfile();
const STEP_TIMEOUT_MS = 30_000;

/** More than the threshold, with a margin by hand: 640 as shipped. */
const FLOOD = alertNamed(ALERT).threshold.value + 140;
/** The API accepts 1,000 tasks in one request. */
const BATCH = 500;
const prompts = Array.from({ length: FLOOD }, (_, n) => `What is the ${n}th prime number?`);

const namesOf = async ({ prometheus }: Stack) => (await prometheus.alerts()).map(({ name }) => name);

describe("a flood of an express queue while the upstream stalls", () => {
  test("fires no alert before, notifies slack-critical, resolves, and loses no task", async ({ stackWith }) => {
    const stack = await stackWith({ profile: PROFILE, settings: serviceEnvironment(PROFILE) });
    const { orchestrator, prometheus, inbox, simulator } = stack;

    const first = await orchestrator.submit({ type: "reasoning", priority: 15, payload: { prompt: "Are you there?" } });
    expect(await orchestrator.waitForEnd(first.task_id, STEP_TIMEOUT_MS)).toMatchObject({ status: "completed" });
    expect(await namesOf(stack)).not.toContain(ALERT);
    expect(inbox.store.list().filter(({ alertname }) => alertname === ALERT)).toEqual([]);

    await simulator.control({ chat: { stall: true } });
    const tasks = prompts.map((prompt) => ({ type: "reasoning", priority: 15, payload: { prompt } }));
    const batches = Array.from({ length: Math.ceil(FLOOD / BATCH) }, (_, n) => tasks.slice(n * BATCH, (n + 1) * BATCH));
    const receipts = (await Promise.all(batches.map((batch) => orchestrator.submitBatch(batch)))).flat();
    expect(receipts).toHaveLength(FLOOD);
    expect(new Set(receipts.map(({ lane }) => lane))).toEqual(new Set(["express"]));

    const labels = { queue: QUEUE };
    await prometheus.waitForAlert(ALERT, "pending", { timeoutMs: STEP_TIMEOUT_MS, labels });
    const firing = await prometheus.waitForAlert(ALERT, "firing", { timeoutMs: STEP_TIMEOUT_MS, labels });
    expect(firing?.value).toBeGreaterThanOrEqual(FLOOD);
    expect(firing?.labels).toMatchObject({ severity: "critical", service: "mcp-orchestrator", team: "platform" });

    const page = await inbox.waitFor(({ alertname }) => alertname === ALERT, {
      timeoutMs: STEP_TIMEOUT_MS,
      what: `notification of ${ALERT}`,
    });
    expect(page).toMatchObject({ receiver: "slack-critical", kind: "slack", status: "firing" });
    expect(JSON.stringify(page.body)).toContain(QUEUE);

    await simulator.control({ chat: { stall: false } });
    await prometheus.waitForAlert(ALERT, "inactive", { timeoutMs: STEP_TIMEOUT_MS });
    const resolved = await inbox.waitFor(({ alertname, status }) => alertname === ALERT && status === "resolved", {
      timeoutMs: STEP_TIMEOUT_MS,
      since: page.seq,
      what: `resolution of ${ALERT}`,
    });
    expect(resolved.receiver).toBe("slack-critical");
    const receivers = inbox.store.list().filter(({ alertname }) => alertname === ALERT);
    expect(new Set(receivers.map(({ receiver }) => receiver))).toEqual(new Set(["slack-critical"]));
    expect(inbox.store.rejected()).toEqual([]);

    // Each receipt leads to the answer to its own question, and each question was asked once.
    for (const [index, { task_id }] of receipts.entries()) {
      const task = await orchestrator.waitForEnd(task_id, STEP_TIMEOUT_MS);
      expect(task).toMatchObject({ task_id, type: "reasoning", lane: "express", status: "completed" });
      expect(JSON.stringify(task.result)).toContain(prompts[index]);
    }
    const answers = await simulator.answers();
    expect(prompts.map((prompt) => answers[prompt])).toEqual(prompts.map(() => 1));
    for (const wrong of ["mcp_queue_depth > 0", "mcp_tasks_unaccounted != 0"]) {
      await until(`no ${wrong}`, { timeoutMs: STEP_TIMEOUT_MS }, async () =>
        expect(await prometheus.query(wrong)).toEqual([]),
      );
    }
  });
});
