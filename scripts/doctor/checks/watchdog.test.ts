import { expect, test } from "vitest";
import { checkContext } from "./testing.ts";
import { watchdog } from "./watchdog.ts";

type Requests = { sent: number; failed: number } | undefined;

async function heartbeat(first: Requests, later: (look: number) => Requests) {
  let looks = 0;
  const findings = await watchdog.examine(
    checkContext({
      prometheus: { query: async () => [{ labels: {}, value: 1 }], alertmanagers: async () => undefined },
      alertmanager: {
        alerts: async () => [],
        requests: async () => {
          looks += 1;
          return looks === 1 ? first : later(looks);
        },
      },
    }),
  );
  return { finding: findings.find(({ subject }) => subject === "dead man's switch"), looks };
}

test.each<[string, Requests, (look: number) => Requests, string, RegExp]>([
  ["all requests succeeded", { sent: 7, failed: 0 }, () => undefined, "ok", /^7 requests to webhooks, none failed$/],
  [
    "it has just started",
    { sent: 0, failed: 0 },
    (look) => ({ sent: look > 9 ? 1 : 0, failed: 0 }),
    "ok",
    /a heartbeat/,
  ],
  [
    "it failed once",
    { sent: 5, failed: 2 },
    (look) => ({ sent: look > 9 ? 6 : 5, failed: 2 }),
    "warning",
    /2 of 5 earlier/,
  ],
  [
    "it goes on failing",
    { sent: 5, failed: 2 },
    () => ({ sent: 6, failed: 3 }),
    "problem",
    /requests to webhooks fail/,
  ],
  [
    "nothing is sent",
    { sent: 0, failed: 0 },
    () => ({ sent: 0, failed: 0 }),
    "problem",
    /no heartbeat was sent within 75 s/,
  ],
  ["it does not say", undefined, () => undefined, "skipped", /does not show what it has sent/],
])("where %s", async (_, first, later, status, message) => {
  const { finding } = await heartbeat(first, later);
  expect(finding).toMatchObject({ status, message: expect.stringMatching(message) });
});

test("a heartbeat that ends in the bundled inbox is a warning, even if it arrives", async () => {
  const well = checkContext({
    prometheus: { query: async () => [{ labels: {}, value: 1 }], alertmanagers: async () => undefined },
    alertmanager: { alerts: async () => [], requests: async () => ({ sent: 1, failed: 0 }) },
  });
  expect(await watchdog.examine({ ...well, bundledDeadman: true })).toContainEqual(
    expect.objectContaining({ status: "warning", remedy: expect.stringContaining("secrets/deadman-url") }),
  );
});

test("it does not wait if nothing failed", async () => {
  expect((await heartbeat({ sent: 1, failed: 0 }, () => undefined)).looks).toBe(1);
});
