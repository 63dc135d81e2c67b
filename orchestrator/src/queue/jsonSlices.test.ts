import fc from "fast-check";
import { expect, test } from "vitest";
import { sliceOfMember, slicesOfArray, withoutSpace } from "./jsonSlices.ts";

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

test("white space between tokens is removed, and what is inside strings stays", () => {
  const space = fc.string({ unit: fc.constantFrom(" ", "\n", "\t", "\r"), maxLength: 3 });
  fc.assert(
    fc.property(fc.json(), fc.array(space, { minLength: 1 }), (text, spaces) => {
      const json = JSON.stringify(JSON.parse(text));
      let at = 0;
      // Strings as one token, then everything else.
      const spaced = json.replace(/"(?:[^"\\]|\\.)*"|[^"]/g, (token) => {
        const inNumberOrWord = /[-+.\w]/.test(token);
        return inNumberOrWord && !token.startsWith('"') ? token : `${spaces[at++ % spaces.length]}${token}${spaces[0]}`;
      });
      expect(withoutSpace(spaced)).toBe(json);
      expect(withoutSpace(json)).toBe(json);
    }),
    { numRuns: 2000 },
  );
  expect(withoutSpace('  {"a b": "c  d\\" e" , "f": [1 ,2]}\n')).toBe('{"a b":"c  d\\" e","f":[1,2]}');
});

test.for([
  ["letters", "x"],
  ["white space", " "],
  ["escapes", '\\"'],
] as const)("a string of 16 MiB of %s stays, and is scanned once", ([, unit]) => {
  const json = `"${unit.repeat((16 * 1024 ** 2) / unit.length)}"`;
  const found = withoutSpace(`{ "a": ${json} }`);
  // Not compared by the test framework, which would format it.
  expect(found === `{"a":${json}}`).toBe(true);
  expect(slicesOfArray(`[ ${json} ]`)[0] === json).toBe(true);
  expect(sliceOfMember(`{ "a": ${json} }`, "a") === json).toBe(true);
});

test("the search ends for any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ a1') }), (text) => {
      slicesOfArray(text);
      withoutSpace(text);
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
