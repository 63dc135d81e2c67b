import { expect, it } from "vitest";
import { type Outcome, outcomeBytes } from "./outcome.ts";

const completed = (result: string): Outcome => ({
  ...{ kind: "completed", entryId: "1-0", taskId: "1", originMs: 0, waitedMs: 0, hasRecord: false },
  result,
});

it.each(["", "a", "ä".repeat(500), "€".repeat(1_024), "€".repeat(1_025), "a".repeat(1_000_000)])(
  "the estimated bytes of a text are not fewer than its bytes: %.3s",
  (text) => {
    const failed: Outcome = {
      ...{ kind: "failed", entryId: "1-0", taskId: "1", reason: "internal", code: "INTERNAL", attempts: 1 },
      message: text,
    };
    for (const outcome of [completed(text), failed]) {
      expect(outcomeBytes(outcome)).toBeGreaterThan(Buffer.byteLength(text));
    }
  },
);

it("a long text is estimated by its bytes, not by its characters", () => {
  expect(outcomeBytes(completed("a".repeat(1_000_000)))).toBeLessThan(1_001_000);
});
