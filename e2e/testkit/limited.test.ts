import { expect, test } from "vitest";
import { limited } from "./limited.ts";

test("so many calls run at a time, in the order in which they came, also after one that failed", async () => {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const call = limited(2, async (name: string) => {
    begun.push(name);
    const end = Promise.withResolvers<void>();
    ends.set(name, end);
    await end.promise;
    return name;
  });
  const results = ["a", "b", "c", "d"].map((name) => call(name));
  expect(begun).toEqual(["a", "b"]);
  ends.get("b")?.reject(new Error("b broke"));
  await expect(results[1]).rejects.toThrow("b broke");
  expect(begun).toEqual(["a", "b", "c"]);
  for (const name of ["a", "c"]) ends.get(name)?.resolve();
  expect(await Promise.all([results[0], results[2]])).toEqual(["a", "c"]);
  expect(begun).toEqual(["a", "b", "c", "d"]);
  ends.get("d")?.resolve();
  expect(await results[3]).toBe("d");
});

test("a call may pass its turn on before it ends, and its end passes nothing on again", async () => {
  const begun: string[] = [];
  const end = Promise.withResolvers<void>();
  const call = limited(1, async (name: string, passOn: () => void) => {
    begun.push(name);
    if (name === "a") {
      passOn();
      passOn();
    }
    await end.promise;
  });
  const results = ["a", "b", "c"].map((name) => call(name));
  await new Promise(setImmediate);
  expect(begun).toEqual(["a", "b"]);
  end.resolve();
  await Promise.all(results);
  expect(begun).toEqual(["a", "b", "c"]);
});
