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
  withoutResult,
} from "./record.ts";

const text = (value: unknown) => JSON.stringify(value);
const head = { originId: "1-0", entryId: "2-0", stream: "mcp:queue:ml" };

describe("a result", () => {
  it("of any JSON survives packing, also inside a record", () => {
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

  it("may contain the separators of a record", () => {
    const tricky = text({ result: [1], s: ',"result":2}' });
    const record = completedRecord({ ...head, digest: "rAb_-9" }, 2, packResult(10, 20, 'w"', tricky));
    expect(record).toBe(
      `c 1-0 2-0 mcp:queue:ml {"digest":"rAb_-9","attempts":2,"startedAtMs":10,"finishedAtMs":20,"worker":"w\\"","result":${tricky}}`,
    );
    expect(parseRecord(record)?.body).toEqual({
      ...{ digest: "rAb_-9", attempts: 2, startedAtMs: 10, finishedAtMs: 20, worker: 'w"', resultJson: tricky },
    });
  });

  it("that is dropped leaves the rest, packed and in a record", () => {
    const packed = packResult(10, 20, "w", text({ result: 1 }));
    const rest = { startedAtMs: 10, finishedAtMs: 20, worker: "w", resultDropped: true };
    expect(withoutResult(packed)).toBe("10 20 w -");
    expect(parseResult(withoutResult(packed))).toEqual({ attempts: 1, ...rest });
    const record = withoutResult(completedRecord(head, 3, packed));
    expect(record).toBe(
      'c 1-0 2-0 mcp:queue:ml {"attempts":3,"startedAtMs":10,"finishedAtMs":20,"worker":"w","resultDropped":true}',
    );
    expect(parseRecord(record)?.body).toEqual({ attempts: 3, ...rest });
  });

  it.each(["10 20 w", "x 20 w 1", "10 x w 1", " 10 20 w 1", "10 20  1", "c 10 20 w 1"])(
    "is not read from other text: %j",
    (other) => {
      expect(parseResult(other)).toEqual({ attempts: 1 });
    },
  );

  it("that is not kept still reports the attempt", () => {
    expect(parseResult("")).toEqual({ attempts: 1 });
  });

  it("is stored in the hash for the time of its entry", () => {
    expect(resultBucket(`${RESULT_BUCKET_MS * 7}-0`)).toBe("7");
    expect(resultBucket(`${RESULT_BUCKET_MS * 8 - 1}-99`)).toBe("7");
    expect(resultBucket(`${RESULT_BUCKET_MS * 8}-0`)).toBe("8");
    expect(resultBucket(`${RESULT_BUCKET_MS * 7}-${RESULT_BUCKET_SEQUENCES - 1}`)).toBe("7");
    expect(resultBucket(`${RESULT_BUCKET_MS * 7}-${RESULT_BUCKET_SEQUENCES}`)).toBe("7.1");
  });
});

it.each(["c", "f", "r", "d", "q"] as const)("reads a record of state %s, on several lines too", (state) => {
  const body = { attempts: 1, error: { reason: "timeout", code: "C", message: "two\nlines" } };
  expect(parseRecord(`${state} 1-0 - mcp:queue:ml ${JSON.stringify(body, undefined, 1)}`)).toEqual({
    ...{ state, originId: "1-0", entryId: "-", stream: "mcp:queue:ml", body },
  });
});

it("ignores text that is not a record", () => {
  fc.assert(
    fc.property(fc.string(), (noise) => {
      expect(parseRecord(noise)).toBeUndefined();
    }),
  );
  for (const other of [
    "c 1-0 1-0 mcp:queue:ml {",
    'x 1-0 1-0 mcp:queue:ml {"attempts":1}',
    'cc 1-0 1-0 mcp:queue:ml {"attempts":1}',
    ' c 1-0 1-0 mcp:queue:ml {"attempts":1}',
    'c 1-0 1-0 mcp:queue:ml {"attempts":1} ',
    'c 1-0 mcp:queue:ml {"attempts":1}',
    'c 1-0 1-0 mcp:queue:ml ["attempts"]',
    "c 1-0 1-0 mcp:queue:ml {attempts}",
  ]) {
    expect(parseRecord(other), other).toBeUndefined();
  }
  for (let code = 0; code < 128; code++) {
    const letter = String.fromCharCode(code);
    const record = parseRecord(`${letter} 1-0 1-0 mcp:queue:ml {"attempts":1}`);
    expect(record !== undefined, letter).toBe("cfrdq".includes(letter));
  }
});
