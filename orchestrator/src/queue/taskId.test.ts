import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LANES, TASK_TYPE_PATTERN } from "../metrics/contract.ts";
import { entryTimeMs, generatedTaskIdPrefix, isChosenTaskId, isEarlierEntry, parseGeneratedTaskId } from "./taskId.ts";

const type = fc.stringMatching(TASK_TYPE_PATTERN);
const entryId = fc.tuple(fc.maxSafeNat(), fc.maxSafeNat()).map(([ms, seq]) => `${ms}-${seq}`);

describe("a generated task id", () => {
  it("contains type, lane and entry id", () => {
    fc.assert(
      fc.property(type, fc.constantFrom(...LANES), entryId, (type, lane, entryId) => {
        const taskId = generatedTaskIdPrefix(type, lane) + entryId;
        expect(parseGeneratedTaskId(taskId)).toEqual({ type, lane, entryId });
        expect(isChosenTaskId(taskId)).toBe(false);
      }),
    );
  });

  it.each([
    "",
    "reasoning.express.1",
    "reasoning.slow.1-1",
    ".express.1-1",
    "a.b.express.1-1",
    "a.express.1-1 ",
    "a.express.-1-1",
  ])("is not %j", (text) => expect(parseGeneratedTaskId(text)).toBeUndefined());
});

describe("a chosen task id", () => {
  it.each(["order-17", "a", "2025.11:3_x", "x".repeat(128), "ml.express.1"])("may be %j", (id) =>
    expect(isChosenTaskId(id)).toBe(true),
  );
  it.each(["", "x".repeat(129), "a b", "ü", "a\n", "ml.express.1-1"])("may not be %j", (id) =>
    expect(isChosenTaskId(id)).toBe(false),
  );
});

it("reads the time of an entry from its id", () => {
  expect(entryTimeMs("1795502809455-3")).toBe(1795502809455);
  expect(entryTimeMs("-")).toBeNaN();
});

it("orders stream ids by time, then by sequence number", () => {
  const ordered = ["0-0", "0-1", "0-9", "0-10", "9-1", "9-9", "9-10", "10-0", "10-9", "10-10", "10-100", "100-0"];
  for (const [at, one] of ordered.entries()) {
    for (const [otherAt, other] of ordered.entries()) {
      expect(isEarlierEntry(one, other), `${one} before ${other}`).toBe(at < otherAt);
    }
  }
  const part = fc.oneof(fc.nat(20), fc.maxSafeNat());
  fc.assert(
    fc.property(part, part, part, part, (ms, sequence, otherMs, otherSequence) => {
      const earlier = ms < otherMs || (ms === otherMs && sequence < otherSequence);
      expect(isEarlierEntry(`${ms}-${sequence}`, `${otherMs}-${otherSequence}`)).toBe(earlier);
    }),
  );
});

it("rejects a generated id whose numbers are too large for a stream", () => {
  expect(parseGeneratedTaskId("ml.express.1717171717171-9007199254740991")).toBeDefined();
  expect(parseGeneratedTaskId("ml.express.99999999999999999999-0")).toBeUndefined();
  expect(parseGeneratedTaskId("ml.express.1-99999999999999999999999")).toBeUndefined();
});
