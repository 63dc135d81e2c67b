import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ValidationError } from "../errors.ts";
import { decodeEntry, taskIdOf } from "./entry.ts";

const decode = (...fields: string[]) => decodeEntry("5-1", fields, "ml", "ml.regular.");

describe("an entry", () => {
  it("keeps any payload unchanged", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (payload, taskId) => {
        const payloadJson = JSON.stringify(payload);
        const entry = decode(
          "task_id",
          taskId,
          "payload",
          payloadJson,
          "priority",
          "3",
          "type",
          "ml",
          "timestamp",
          "t",
        );
        expect(entry).toMatchObject({ id: "5-1", payloadJson, attempts: 0, originId: "5-1" });
        expect(entry.taskId).toBe(taskId === "" ? "ml.regular.5-1" : taskId);
      }),
    );
  });

  it("needs only a payload", () => {
    expect(decode("payload", "1")).toEqual({
      id: "5-1",
      taskId: "ml.regular.5-1",
      payloadJson: "1",
      attempts: 0,
      originId: "5-1",
      waitedMs: 0,
    });
  });

  it("of a retry contains its attempts and its first entry", () => {
    expect(decode("payload", "1", "attempt", "2", "origin", "4-0")).toMatchObject({ attempts: 2, originId: "4-0" });
  });

  it("with a malformed first entry is its own first entry", () => {
    for (const origin of ["by hand", "4", "", "4-0 ", "-4-0"]) {
      expect(decode("payload", "1", "origin", origin)).toMatchObject({ originId: "5-1" });
    }
  });

  it("contains waiting time and digest, unless they are malformed", () => {
    const good = { waitedMs: 12, digest: "eAb_-9" };
    expect(decode("payload", "1", "waited", "12", "digest", "eAb_-9")).toMatchObject(good);
    for (const digest of ['e","x":"', '"x":"e', "e\n", "", "e".repeat(33)]) {
      const odd = decode("payload", "1", "waited", "-3", "digest", digest);
      expect(odd).toMatchObject({ waitedMs: 0 });
      expect(odd).not.toHaveProperty("digest");
    }
  });

  it("decodes equally from bytes and from strings", () => {
    // Any UTF-16 text, unpaired surrogates included. The unit "binary" of fast-check takes seconds to build.
    const anyText = fc.uint16Array().map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(anyText, fc.string(), fc.nat(), (payload, taskId, attempt) => {
        const fields = ["task_id", taskId, "payload", payload, "priority", "3", "attempt", String(attempt), "x", "y"];
        const bytes = fields.map((field) => Buffer.from(field));
        const texts = bytes.map(String);
        expect(decodeEntry("5-1", bytes, "ml", "p.")).toEqual(decodeEntry("5-1", texts, "ml", "p."));
        expect(taskIdOf("5-1", bytes, "p.")).toBe(taskIdOf("5-1", texts, "p."));
      }),
    );
  });

  it("with any fields is decoded or rejected", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom("payload", "type", "attempt", "priority"))),
        (fields) => {
          try {
            const entry = decode(...fields);
            expect(entry.attempts).toBeTypeOf("number");
            expect(Number.isNaN(entry.attempts)).toBe(false);
          } catch (error) {
            expect(error).toBeInstanceOf(ValidationError);
          }
          expect(taskIdOf("5-1", fields, "ml.regular.")).not.toBe("");
        },
      ),
    );
  });

  it("with more than 32 fields is rejected", () => {
    const fields = (count: number) => Array.from({ length: count }, () => ["payload", "1"]).flat();
    expect(decode(...fields(32)).payloadJson).toBe("1");
    for (const count of [33, 2_000]) {
      expect(() => decode(...fields(count))).toThrow(`the entry has ${count} fields`);
    }
  });

  it("without a payload is rejected", () => {
    expect(() => decode("task_id", "mine")).toThrow("the entry has no payload field");
  });

  it("of another type is rejected, also from bytes", () => {
    const fields = ["payload", "1", "type", "other"];
    expect(() => decode(...fields)).toThrow('the entry is of type "other"');
    const bytes = fields.map((field) => Buffer.from(field));
    expect(() => decodeEntry("5-1", bytes, "ml", "p.")).toThrow('the entry is of type "other"');
  });

  it("that cannot be decoded has its own task id, or the generated one", () => {
    expect(taskIdOf("5-1", ["type", "x", "task_id", "mine"], "ml.regular.")).toBe("mine");
    expect(taskIdOf("5-1", ["task_id", ""], "ml.regular.")).toBe("ml.regular.5-1");
    expect(taskIdOf("5-1", ["task_id"], "ml.regular.")).toBe("ml.regular.5-1");
  });
});
