import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BUDGETS, HURTS, type HurtKind, LATE, PATIENCE } from "./budgets.ts";
import { scaled } from "./hurts.ts";
import { judge, type Meaning } from "./oracle.ts";
import type { Lane, NoticeView, TaskView, View } from "./view.ts";

const FACTOR = 60;
const LENGTH_MINUTES = 60;
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ...Object.fromEntries(HURTS.map((kind) => [`about-${kind}`, { explains: [kind], aboutClients: true }])),
  cause: { explains: [...HURTS], aboutClients: false },
  silent: { explains: [], aboutClients: false },
};

/** Minutes at production length from the start of the view to epoch ms. */
const at = (minute: number, factor = FACTOR) => 1_000_000 + scaled(minute, factor);
const EXPRESS_MS = 20;

type Rates = { readonly everyMinutes: number; readonly factor: number };
const RATES: Rates = { everyMinutes: 1, factor: FACTOR };

/** One task after the other, all well. */
function tasksOf(type: string, lane: Lane, { everyMinutes, factor }: Rates = RATES): TaskView[] {
  return Array.from({ length: Math.floor(LENGTH_MINUTES / everyMinutes) }, (_, number) => {
    const submittedAtMs = at(number * everyMinutes, factor);
    const times = { submittedAtMs, answeredAtMs: submittedAtMs + 2, endedAtMs: submittedAtMs + EXPRESS_MS };
    return { id: `${type}-${lane}-${number}`, type, lane, answer: "accepted", end: "completed", ...times };
  });
}

/** How each hurt shows in a task. */
const HURT: Readonly<Record<HurtKind, (task: TaskView) => TaskView>> = {
  refused: ({ endedAtMs: _, end: __, ...task }) => ({ ...task, answer: "refused" }),
  slow: (task) => ({ ...task, endedAtMs: task.submittedAtMs + LATE.express.hurtMs + 1 }),
  failed: (task) => ({ ...task, end: "failed" }),
  stuck: (task) => ({ ...task, endedAtMs: Math.max(at(59), task.submittedAtMs + EXPRESS_MS) }),
};
const laneOf = (kind: HurtKind): Lane => (kind === "stuck" ? "regular" : "express");

/** A view in which the tasks that are submitted between two minutes are hurt. */
function hurtView(kind: HurtKind, from: number, to: number, rates: Rates = RATES): View {
  const hits = ({ submittedAtMs }: TaskView) =>
    submittedAtMs >= at(from, rates.factor) && submittedAtMs < at(to, rates.factor);
  const hurt = tasksOf("ml", laneOf(kind), rates).map((task) => (hits(task) ? HURT[kind](task) : task));
  return view({ tasks: [...hurt, ...tasksOf("reasoning", "express", rates)] }, rates.factor);
}

function view(parts: Partial<View>, factor = FACTOR): View {
  const times = { startedAtMs: at(0, factor), endedAtMs: at(LENGTH_MINUTES, factor) };
  return { factor, ...times, tasks: [], notices: [], faults: [], notRecovered: "", ...parts };
}

function notice(alert: string, minute: number, more: Partial<NoticeView> = {}): NoticeView {
  return { alert, receiver: "slack", status: "firing", receivedAtMs: at(minute), types: [], pages: false, ...more };
}
const resolved = (alert: string, minute: number, more: Partial<NoticeView> = {}) =>
  notice(alert, minute, { status: "resolved", ...more });

const kindsOf = (seen: View) => judge(seen, MEANINGS).findings.map(({ kind }) => kind);
const FAULT = { fromMs: at(2), toMs: at(50), telemetry: false };

test("healthy clients without notifications pass", () => {
  const seen = view({ tasks: [...tasksOf("ml", "express"), ...tasksOf("ml", "regular")] });
  expect(judge(seen, MEANINGS)).toEqual({ findings: [], hurts: [], notifications: 0, falseNotifications: 0 });
});

describe.each(HURTS)("a hurt: %s", (kind) => {
  const seen = hurtView(kind, 2, 58);
  const due = 2 + BUDGETS[kind].noticedWithinMinutes;
  const notified = (...notices: readonly NoticeView[]) =>
    kindsOf({ ...seen, faults: [FAULT], notices: [...notices, resolved(`about-${kind}`, 59)] });

  test("of which no operator is notified is missed", () => {
    expect(kindsOf(seen)).toEqual(["missed"]);
  });

  test("is reported by an alert that names it in time", () => {
    expect(notified(notice(`about-${kind}`, due - 1))).toEqual([]);
    expect(notified(notice(`about-${kind}`, due - 1, { types: ["ml"] }))).toEqual([]);
  });

  test("is missed by one that names another type, is about something else, or comes late", () => {
    expect(notified(notice(`about-${kind}`, due - 1, { types: ["codegen"] }))).toContain("missed");
    expect(kindsOf({ ...seen, faults: [FAULT], notices: [notice("silent", due - 1)] })).toContain("missed");
    // A hurt begins when enough of the last events are bad, at most a slow window after the first.
    const late = due + PATIENCE.slowWindowMinutes + LATE.regular.hurtMinutes;
    expect(notified(notice(`about-${kind}`, Math.min(late, 58)))).toContain("missed");
  });

  test("is noticed by an alert that already fired and was not resolved, and not by one that was", () => {
    const early = notice("cause", 1);
    const fault = { ...FAULT, fromMs: at(0) };
    expect(kindsOf({ ...seen, faults: [fault], notices: [early, resolved("cause", 59)] })).toEqual([]);
    expect(kindsOf({ ...seen, faults: [fault], notices: [early, resolved("cause", 1.5)] })).toEqual(["missed"]);
  });

  test("within its budget requires no notification", () => {
    expect(kindsOf(hurtView(kind, 40, 46))).toEqual([]);
  });
});

test.each(["refused", "slow", "failed"] as const)("%s: few tasks are no excuse", (kind) => {
  expect(kindsOf(hurtView(kind, 2, 58, { everyMinutes: 4, factor: FACTOR }))).toContain("missed");
});

test("a task that never ends hurts for as long as it is open", () => {
  const { endedAtMs: _, end: __, ...open } = tasksOf("ml", "express")[2] as TaskView;
  expect(kindsOf(view({ tasks: [open] }))).toEqual(["unfinished", "missed"]);
});

test("the same at every scale", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("refused" as const, "failed" as const),
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 1, max: 50 }),
      fc.constantFrom(1, 2, 30, 60, 120),
      (kind, from, length, factor) => {
        const found = (scale: number) =>
          kindsOf(hurtView(kind, from, from + length, { everyMinutes: 1, factor: scale }));
        expect(found(factor)).toEqual(found(1));
      },
    ),
  );
});

test("a longer hurt is never judged less strictly", () => {
  const budget = fc.constantFrom(...HURTS);
  fc.assert(
    fc.property(budget, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 8 }), (kind, length, more) => {
      const missed = (minutes: number) => kindsOf(hurtView(kind, 1, 1 + minutes)).includes("missed");
      expect(missed(length) && !missed(length + more)).toBe(false);
    }),
  );
});

describe("a notification", () => {
  const well = view({ tasks: tasksOf("ml", "express") });
  const page = { receiver: "pagerduty", pages: true };

  test("is false if nothing was broken and no client was hurt", () => {
    expect(kindsOf({ ...well, notices: [notice("cause", 20), resolved("cause", 25)] })).toEqual(["falseNotification"]);
  });

  test("about a cause is right while something is broken, and for a while after", () => {
    const notices = [notice("cause", 52), resolved("cause", 55)];
    expect(kindsOf({ ...well, faults: [FAULT], notices })).toEqual([]);
    const past = { ...FAULT, toMs: at(52 - PATIENCE.lookbackMinutes - 1) };
    expect(kindsOf({ ...well, faults: [past], notices })).toEqual(["falseNotification"]);
  });

  test("about clients needs trouble of its kind and type, whatever is broken", () => {
    const judged = (alert: string, types: readonly string[]) => {
      const seen = hurtView("failed", 10, 12);
      return kindsOf({ ...seen, faults: [FAULT], notices: [notice(alert, 15, { types }), resolved(alert, 20)] });
    };
    expect(judged("about-failed", ["ml"])).toEqual([]);
    expect(judged("about-failed", ["reasoning"])).toEqual(["falseNotification"]);
    expect(judged("about-refused", ["ml"])).toEqual(["falseNotification"]);
  });

  test("pages for clients that are hurt, not for a fault alone, unless it is one of monitoring", () => {
    const notices = [notice("cause", 20, page), resolved("cause", 25, page)];
    expect(kindsOf({ ...well, faults: [FAULT], notices })).toEqual(["falsePage"]);
    expect(kindsOf({ ...well, faults: [{ ...FAULT, telemetry: true }], notices })).toEqual([]);
    expect(kindsOf({ ...hurtView("slow", 15, 19), faults: [FAULT], notices })).toEqual([]);
    expect(kindsOf({ ...hurtView("slow", 18, 19), faults: [FAULT], notices })).toEqual(["falsePage"]);
    // A page may come before clients notice, by some minutes.
    expect(kindsOf({ ...hurtView("slow", 24, 29), faults: [FAULT], notices })).toEqual([]);
    expect(kindsOf({ ...hurtView("slow", 34, 39), faults: [FAULT], notices })).toEqual(["falsePage"]);
  });

  test("of an unknown alert is false", () => {
    const notices = [notice("new", 20), resolved("new", 25)];
    expect(kindsOf({ ...well, faults: [FAULT], notices })).toEqual(["falseNotification"]);
  });

  test("that is not resolved outlives its cause", () => {
    expect(kindsOf({ ...well, faults: [FAULT], notices: [notice("cause", 20)] })).toEqual(["outlives"]);
  });

  test("that is not resolved is right while clients have trouble of its kind", () => {
    const seen = { ...hurtView("failed", 50, 51), faults: [FAULT] };
    expect(kindsOf({ ...seen, notices: [notice("about-failed", 51)] })).toEqual([]);
    expect(kindsOf({ ...seen, notices: [notice("cause", 20, { types: ["reasoning"] })] })).toEqual(["outlives"]);
  });

  test("counts once for recall and for precision", () => {
    const notices = [notice("cause", 20), notice("cause", 21), resolved("cause", 25)];
    expect(judge({ ...well, notices }, MEANINGS)).toMatchObject({ notifications: 2, falseNotifications: 2 });
  });
});

test("an accepted task that the service no longer knows is lost, one that was rejected is not", () => {
  const [first, second, ...rest] = tasksOf("ml", "express") as [TaskView, TaskView, ...TaskView[]];
  const { endedAtMs: _, end: __, ...open } = first;
  expect(kindsOf(view({ tasks: [{ ...open, unknown: true }, second, ...rest] }))).toEqual(["lost"]);
  expect(kindsOf(view({ tasks: [{ ...open, answer: "unanswered" }, second, ...rest] }))).toEqual([]);
});

test("a service that does not serve again by itself is reported", () => {
  expect(kindsOf(view({ notRecovered: "ml express: it was refused" }))).toEqual(["notRecovered"]);
});
