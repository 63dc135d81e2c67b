import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  completedRecord,
  packResult,
  parseRecord,
  parseResult,
  RESULT_BUCKET_MS,
  RESULT_BUCKET_SEQUENCES,
  resultBucket,
} from "./record.ts";

const text = (value: unknown) => JSON.stringify(value);
const head = { originId: "1-0", entryId: "2-0", stream: "mcp:queue:ml" };

describe("a result", () => {
  it("comes back whatever JSON it is, packed and in a record", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 9 }), (result, attempts) => {
        const packed = packResult(10, 20, "express_ml_0", text(result));
        const body = { startedAtMs: 10, finishedAtMs: 20, worker: "express_ml_0", resultJson: text(result) };
        expect(parseResult(packed)).toEqual({ attempts: 1, ...body });
        expect(parseRecord(completedRecord(head, attempts, packed))).toEqual({
          state: "c",
          ...head,
          body: { attempts, ...body },
        });
      }),
    );
  });

  it("that was not kept is known to have been", () => {
    expect(parseResult("")).toEqual({ attempts: 1 });
  });

  it("lies in the hash of its entry's time", () => {
    expect(resultBucket(`${RESULT_BUCKET_MS * 7}-0`)).toBe("7");
    expect(resultBucket(`${RESULT_BUCKET_MS * 8 - 1}-99`)).toBe("7");
    expect(resultBucket(`${RESULT_BUCKET_MS * 8}-0`)).toBe("8");
    expect(resultBucket(`${RESULT_BUCKET_MS * 7}-${RESULT_BUCKET_SEQUENCES - 1}`)).toBe("7");
    expect(resultBucket(`${RESULT_BUCKET_MS * 7}-${RESULT_BUCKET_SEQUENCES}`)).toBe("7.1");
  });
});

it("what is not a record is not taken for one", () => {
  fc.assert(
    fc.property(fc.string(), (noise) => {
      expect(parseRecord(noise)).toBeUndefined();
    }),
  );
  expect(parseRecord("c 1-0 1-0 mcp:queue:ml {")).toBeUndefined();
});
