import fc from "fast-check";
import { expect, test } from "vitest";
import { Ledger, type TaskState } from "./ledger.ts";

test("accepted tasks are lost until they have a result or a dead letter", async () => {
  const ledger = new Ledger();
  ledger.note(["a", "b", "c"], "accepted");
  const states: Record<string, TaskState> = { a: "completed", b: "failed", c: "open" };
  expect(await ledger.reconcile(async (id) => states[id] ?? "unknown")).toEqual(["c"]);
  expect(ledger.account()).toEqual({ submitted: 3, completed: 1, deadLettered: 1, refused: 0, lost: ["c"] });
  states.c = "completed";
  expect(await ledger.reconcile(async (id) => states[id] ?? "unknown")).toEqual([]);
});

test("an accepted task that the service does not know is lost", async () => {
  const ledger = new Ledger();
  ledger.note(["a"], "accepted");
  await ledger.reconcile(async () => "unknown");
  expect(ledger.account().lost).toEqual(["a"]);
});

test("a submission without an answer counts as rejected if the service does not know it", async () => {
  const ledger = new Ledger();
  ledger.note(["gone", "there"], "unanswered");
  await ledger.reconcile(async (id) => (id === "gone" ? "unknown" : "completed"));
  expect(ledger.account()).toEqual({ submitted: 2, completed: 1, deadLettered: 0, refused: 1, lost: [] });
});

test("each task is in exactly one column, for any answers", async () => {
  const standing = fc.constantFrom("accepted", "refused", "unanswered");
  const state = fc.constantFrom<TaskState>("completed", "failed", "open", "unknown");
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(standing, state), { maxLength: 80 }), async (tasks) => {
      const ledger = new Ledger();
      tasks.forEach(([answer], index) => {
        ledger.note([String(index)], answer as "accepted" | "refused" | "unanswered");
      });
      await ledger.reconcile(async (id) => tasks[Number(id)]?.[1] ?? "unknown");
      const { submitted, completed, deadLettered, refused, lost } = ledger.account();
      expect(completed + deadLettered + refused + lost.length).toBe(submitted);
      expect(submitted).toBe(tasks.length);
    }),
  );
});
