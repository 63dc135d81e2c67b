import fc from "fast-check";
import { expect, test } from "vitest";
import { sliceOfMember, slicesOfArray } from "./jsonSlices.ts";

const jsonText = fc
  .tuple(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1, "\t"))
  .map(([json, indent]) => JSON.stringify(JSON.parse(json), null, indent));

test("the slice of a member is its text, exactly as written", () => {
  fc.assert(
    fc.property(jsonText, jsonText, fc.string(), fc.constantFrom("", " ", "\n\t\r "), (wanted, other, key, space) => {
      fc.pre(key !== "payload");
      const json = `${space}{${space}${JSON.stringify(key)}${space}:${other},${space}"payload"${space}:${space}${wanted}${space}}${space}`;
      expect(sliceOfMember(json, "payload")).toBe(wanted);
    }),
    { numRuns: 2000 },
  );
});

test("slices of an array are its elements, exactly as written", () => {
  fc.assert(
    fc.property(fc.array(jsonText), fc.constantFrom("", " ", "\n\t"), (elements, space) => {
      const json = `${space}[${space}${elements.join(`${space},${space}`)}${space}]`;
      expect(slicesOfArray(json)).toEqual(elements);
    }),
    { numRuns: 2000 },
  );
});

test.for([
  ["an escaped name", '{"p\\u0061yload": 1}', "1"],
  ["the last duplicate, like JSON.parse", '{"payload": 1, "payload": [2]}', "[2]"],
  ["a number that exceeds a double", '{"payload": 123456789012345678901234567890}', "123456789012345678901234567890"],
  ["a name inside another value", '{"a": {"payload": 1}, "payload": 2}', "2"],
  ["escaped quotes and backslashes", '{"a": "\\\\", "b": "\\"", "payload": "}\\\\\\""}', '"}\\\\\\""'],
  ["nothing in an empty object", "{}", undefined],
  ["nothing if the name is absent", '{"a": [1, {"b": "]"}]}', undefined],
] as const)("finds %s", ([, json, expected]) => {
  JSON.parse(json);
  expect(sliceOfMember(json, "payload")).toBe(expected);
});

test("the search ends for any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ a1') }), (text) => {
      slicesOfArray(text);
      try {
        sliceOfMember(text, "payload");
      } catch (error) {
        // An invalid escape sequence in a name. JSON.parse rejects such text before.
        expect(error).toBeInstanceOf(SyntaxError);
      }
    }),
    { numRuns: 5000 },
  );
});
