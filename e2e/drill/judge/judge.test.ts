import { ALERTS, drillProfile, seconds } from "@mcp-orchestrator/alerts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Expectation } from "./expectation.ts";
import { explain, judge } from "./judge.ts";
import type { Incident, Observation } from "./observation.ts";
import { heldBounds, predict, profileOf } from "./prediction.ts";
import { HEARTBEAT, message, observation, pagerDutyBody } from "./testing.ts";

const EXPECTED: Expectation = {
  QueueDepthSpike: { instances: [{ queue: "mcp:queue:ml" }], receivers: ["slack-critical"] },
};

const codes = (expectation: Expectation, over: Partial<Observation> = {}) =>
  judge(expectation, observation(over)).findings.map(({ code }) => code);

const incident = (over: Partial<Incident> = {}): Incident => ({
  alertname: "QueueDepthSpike",
  instance: { queue: "mcp:queue:ml" },
  pendingAtMs: 11_000,
  firingAtMs: 16_000,
  lastSeenAtMs: 33_000,
  ...over,
});

test("passes an episode in which everything is as expected", () => {
  expect(judge(EXPECTED, observation())).toEqual({ passed: true, findings: [] });
});

test("passes a baseline in which nothing fired and nothing was notified", () => {
  expect(codes({}, { incidents: [], notifications: [HEARTBEAT] })).toEqual([]);
});

test("passes an alert that was pending and never fired", () => {
  const { firingAtMs: _, ...pending } = incident({ alertname: "HighConsumerLag" });
  expect(codes(EXPECTED, { incidents: [incident(), pending] })).toEqual([]);
});

describe("alerts", () => {
  test("an alert that fires and is not expected is found, with the time", () => {
    const verdict = judge(
      EXPECTED,
      observation({ incidents: [incident(), incident({ alertname: "HighConsumerLag", firingAtMs: 21_000 })] }),
    );
    expect(explain(verdict)).toBe(
      'unexpected-alert: HighConsumerLag{queue="mcp:queue:ml"}: expected that it does not fire; observed firing 11.0 s after the fault',
    );
  });

  test("an expected alert on another queue is both an unexpected and a missing one", () => {
    const other = incident({ instance: { queue: "mcp:queue:codegen" } });
    expect(codes(EXPECTED, { incidents: [other] })).toEqual(["unexpected-alert", "missing-alert"]);
  });

  test("an expected alert that never fires is found, and how far it got", () => {
    const { firingAtMs: _, ...pending } = incident();
    const verdict = judge(EXPECTED, observation({ incidents: [pending] }));
    expect(explain(verdict)).toContain("missing-alert");
    expect(explain(verdict)).toContain("pending 1.0 s after the fault, no longer");
  });

  test("an alert that ends before the fault is removed is found", () => {
    expect(codes(EXPECTED, { incidents: [incident({ lastSeenAtMs: 25_000 })] })).toEqual(["ended-early"]);
  });

  test("an alert that is evaluated seldom has not ended at its last evaluation before that", () => {
    const seen = { incidents: [incident({ lastSeenAtMs: 25_000 })] };
    const verdict = (evaluationMs: number) =>
      judge(EXPECTED, observation(seen), { held: { QueueDepthSpike: { heldMs: 5_000, evaluationMs } } });
    expect(verdict(5_000).findings.map(({ code }) => code)).toEqual([]);
    expect(verdict(1_000).findings.map(({ code }) => code)).toEqual(["ended-early"]);
  });

  test("an alert that ends and comes back is found", () => {
    const again = incident({ pendingAtMs: 34_000, firingAtMs: 39_000, lastSeenAtMs: 41_000 });
    expect(codes(EXPECTED, { incidents: [incident(), again] })).toEqual(["ended-early"]);
  });

  test("an alert that fires before the fault is found", () => {
    expect(codes(EXPECTED, { incidents: [incident({ pendingAtMs: 1_000, firingAtMs: 6_000 })] })).toEqual([
      "false-alarm",
    ]);
  });
});

describe("times", () => {
  const profile = drillProfile(60);
  const budget = predict({ alert: "QueueDepthSpike", fillMs: 0, drainMs: seconds(30) }, profile);
  const times = { budget, held: { QueueDepthSpike: budget } };
  const late = (over: Partial<Observation>) =>
    judge(EXPECTED, observation(over), times).findings.map(({ code, subject }) => `${code}: ${subject}`);
  const messages = (firedAtMs: number, resolvedAtMs: number) => [
    message({ receivedAtMs: firedAtMs }),
    message({ seq: 2, status: "resolved", receivedAtMs: resolvedAtMs }),
    HEARTBEAT,
  ];
  const held = 'QueueDepthSpike{queue="mcp:queue:ml"}: pending to firing';

  test("an episode within its bounds passes", () => {
    expect(late({ notifications: messages(16_600, 39_000) })).toEqual([]);
  });

  test("a `for` three times as long is found, even on a stack that waits for it", () => {
    const slow = { incidents: [incident({ firingAtMs: 26_000 })], notifications: messages(26_600, 39_000) };
    expect(late(slow)).toEqual([
      `too-late: ${held}`,
      "too-late: QueueDepthSpike: firing",
      "too-late: QueueDepthSpike: notified",
    ]);
  });

  test("one of half the length is found, and one evaluation less", () => {
    for (const firingAtMs of [13_500, 15_750]) {
      const fast = { incidents: [incident({ firingAtMs })], notifications: messages(16_600, 39_000) };
      expect(late(fast)).toContain(`too-early: ${held}`);
    }
  });

  test("evaluations that Prometheus skips are within them, and a fifth one is not", () => {
    const firing = (firingAtMs: number) =>
      late({ incidents: [incident({ firingAtMs })], notifications: messages(17_600, 39_000) });
    expect(firing(17_250)).toEqual([]);
    expect(firing(17_500)).toEqual([`too-late: ${held}`]);
  });

  test("a resolved message too soon after the removal or too late is found", () => {
    expect(late({ notifications: messages(16_600, 32_900) })).toEqual(["too-early: QueueDepthSpike: resolved"]);
    expect(late({ notifications: messages(16_600, 44_000) })).toEqual(["too-late: QueueDepthSpike: resolved"]);
  });

  test.each([1, 10, 60, 120])(
    "at 1/%d of production timing, the tripled `for` of any alert is out of bounds",
    (factor) => {
      for (const { name, forMs } of ALERTS.filter((alert) => alert.forMs > 0)) {
        const { heldMs, ...rest } = predict({ alert: name, fillMs: 0, drainMs: 0 }, profileOf(factor));
        expect(heldMs).toBeCloseTo(forMs / factor);
        expect(heldBounds({ heldMs, ...rest }).mostMs, name).toBeLessThan(3 * heldMs);
      }
    },
  );
});

describe("messages", () => {
  const resolved = message({ seq: 2, status: "resolved", receivedAtMs: 40_000 });

  test("an alert that reaches no receiver is found", () => {
    expect(codes(EXPECTED, { notifications: [HEARTBEAT] })).toEqual(["not-notified"]);
  });

  test("an alert that reaches another receiver as well is found", () => {
    const wrong = message({ seq: 3, receiver: "slack-warnings" });
    expect(codes(EXPECTED, { notifications: [message(), wrong, resolved, HEARTBEAT] })).toEqual([
      "unexpected-receiver",
    ]);
  });

  test("an alert that reaches the wrong receiver only is both missed and misdirected", () => {
    const wrong = [message(), resolved].map((item) => ({ ...item, receiver: "team-platform" }));
    expect(codes(EXPECTED, { notifications: [...wrong, HEARTBEAT] })).toEqual([
      "unexpected-receiver",
      "unexpected-receiver",
      "not-notified",
    ]);
  });

  test("a resolved message while the fault is on is a false one", () => {
    const early = message({ seq: 2, status: "resolved", receivedAtMs: 29_000 });
    expect(codes(EXPECTED, { notifications: [message(), early, HEARTBEAT] })).toEqual(["false-resolve"]);
  });

  test("a second resolved message means that it fired again or was taken back", () => {
    const notifications = [message(), resolved, message({ seq: 3 }), { ...resolved, seq: 4 }, HEARTBEAT];
    expect(codes(EXPECTED, { notifications })).toEqual(["false-resolve"]);
  });

  test("an incident without a resolved message is found", () => {
    expect(codes(EXPECTED, { notifications: [message(), HEARTBEAT] })).toEqual(["not-resolved"]);
  });

  test("an inhibited alert that is notified is found", () => {
    const expectation: Expectation = {
      ...EXPECTED,
      QueueDepthSpike: { instances: [{ queue: "mcp:queue:ml" }], receivers: [], inhibited: true },
    };
    expect(codes(expectation, { inhibited: ["QueueDepthSpike"] })).toEqual([
      "inhibited-but-notified",
      "inhibited-but-notified",
    ]);
  });

  test("an inhibited alert may be notified when the higher-severity alert has ended first, and not before", () => {
    const expectation: Expectation = {
      ...EXPECTED,
      HighConsumerLag: {
        instances: [{ queue: "mcp:queue:ml" }],
        receivers: [],
        inhibited: true,
        outlives: "QueueDepthSpike",
      },
    };
    const { notifications } = observation();
    const notified = (receivedAtMs: number) => ({
      incidents: [incident(), incident({ alertname: "HighConsumerLag", lastSeenAtMs: 36_000 })],
      notifications: [
        ...notifications,
        message({ seq: 3, receiver: "slack-warnings", alertname: "HighConsumerLag", receivedAtMs }),
      ],
      inhibited: ["HighConsumerLag"],
    });
    expect(codes(expectation, notified(33_001))).not.toContain("inhibited-but-notified");
    expect(codes(expectation, notified(33_000))).toContain("inhibited-but-notified");
  });

  test("an inhibited alert that is notified although the higher-severity one never fired is found", () => {
    const expectation: Expectation = {
      HighConsumerLag: {
        instances: [{ queue: "mcp:queue:ml" }],
        receivers: [],
        inhibited: true,
        outlives: "QueueDepthSpike",
      },
    };
    const seen = {
      incidents: [incident({ alertname: "HighConsumerLag" })],
      notifications: [message({ alertname: "HighConsumerLag", receivedAtMs: 34_000 }), HEARTBEAT],
    };
    expect(codes(expectation, seen)).toContain("inhibited-but-notified");
  });

  test("an alert that should be inhibited and is not is found even where nothing was notified yet", () => {
    const expectation: Expectation = {
      QueueDepthSpike: { instances: [{ queue: "mcp:queue:ml" }], receivers: [], inhibited: true },
    };
    expect(codes(expectation, { notifications: [HEARTBEAT] })).toEqual(["not-inhibited"]);
  });

  test("a message that the receiver refused is found", () => {
    const rejections = [{ receivedAtMs: 20_000, path: "/slack/slack-critical", problems: ["no_text"], body: {} }];
    expect(codes(EXPECTED, { rejections })).toEqual(["refused-message"]);
  });

  test("a message without its links is found", () => {
    const bare = message({ body: { attachments: [{ title: "[FIRING] QueueDepthSpike", text: "x" }] } });
    expect(codes(EXPECTED, { notifications: [bare, resolved, HEARTBEAT] })).toEqual(["bad-message"]);
  });

  test("PagerDuty events of one incident under two dedup keys are found", () => {
    const event = (status: "firing" | "resolved", seq: number, receivedAtMs: number, key: string) =>
      message({
        seq,
        status,
        receivedAtMs,
        receiver: "pagerduty",
        kind: "pagerduty",
        body: pagerDutyBody("QueueDepthSpike", status, key),
      });
    const expectation: Expectation = {
      QueueDepthSpike: { instances: [{ queue: "mcp:queue:ml" }], receivers: ["pagerduty"] },
    };
    const pages = (key: string) => [event("firing", 1, 20_000, "key-1"), event("resolved", 2, 40_000, key), HEARTBEAT];
    expect(codes(expectation, { notifications: pages("key-1") })).toEqual([]);
    expect(codes(expectation, { notifications: pages("key-2") })).toEqual(["bad-message"]);
  });

  test("no message to the dead man's switch is found", () => {
    expect(codes(EXPECTED, { notifications: [message(), resolved] })).toEqual(["no-heartbeat"]);
  });
});

test("a task with neither result nor dead letter is found, by its id", () => {
  const tasks = { submitted: 3, completed: 2, deadLettered: 0, refused: 0, lost: ["task-2"] };
  const verdict = judge(EXPECTED, observation({ tasks }));
  expect(explain(verdict)).toBe(
    "lost-task: 1 of 3 tasks: expected a result or a dead letter for every task; observed neither for task-2",
  );
});

test("any alert that fires on top of the expected ones fails the episode", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("HighConsumerLag", "NoActiveWorkers", "TaskFailureRateHigh", "QueueDepthSpike"),
      fc.constantFrom("mcp:queue:codegen", "mcp:queue:ml:express"),
      fc.integer({ min: 0, max: 44_000 }),
      (alertname, queue, firingAtMs) => {
        const extra = incident({ alertname, instance: { queue }, pendingAtMs: firingAtMs, firingAtMs });
        expect(judge(EXPECTED, observation({ incidents: [incident(), extra] })).passed).toBe(false);
      },
    ),
  );
});

test("only the complete messages of an incident pass", () => {
  const whole = observation().notifications;
  fc.assert(
    fc.property(fc.subarray([...whole]), (kept) => {
      const { passed } = judge(EXPECTED, observation({ notifications: kept }));
      expect(passed).toBe(kept.length === whole.length);
    }),
  );
});
