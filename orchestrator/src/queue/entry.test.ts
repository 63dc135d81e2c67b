import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ValidationError } from "../errors.ts";
import { decodeEntry, taskIdOf } from "./entry.ts";

const decode = (...fields: string[]) => decodeEntry("5-1", fields, "ml", "ml.regular.");

describe("an entry", () => {
  it("gives back any payload as it was", () => {
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

  it("needs nothing but a payload", () => {
    expect(decode("payload", "1")).toEqual({
      id: "5-1",
      taskId: "ml.regular.5-1",
      payloadJson: "1",
      attempts: 0,
      originId: "5-1",
      waitedMs: 0,
    });
  });

  it("of a retry tells its attempts and where it began", () => {
    expect(decode("payload", "1", "attempt", "2", "origin", "4-0")).toMatchObject({ attempts: 2, originId: "4-0" });
  });

  it("tells what it has waited and what its submission was about, unless these are odd", () => {
    const good = { waitedMs: 12, digest: "eAb_-9" };
    expect(decode("payload", "1", "waited", "12", "digest", "eAb_-9")).toMatchObject(good);
    const odd = decode("payload", "1", "waited", "-3", "digest", 'e","x":"');
    expect(odd).toMatchObject({ waitedMs: 0 });
    expect(odd).not.toHaveProperty("digest");
  });

  it("is the same as bytes and as strings", () => {
    // Any UTF-16, halves of pairs as well. The unit "binary" of fast-check takes seconds to build.
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

  it("is decoded or refused, whatever its fields", () => {
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

  it("of thousands of fields is refused", () => {
    const fields = Array.from({ length: 2_000 }, () => ["payload", "1"]).flat();
    expect(() => decode(...fields)).toThrow(ValidationError);
  });
});
