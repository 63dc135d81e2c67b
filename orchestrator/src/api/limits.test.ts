import { expect, test } from "vitest";
import { batchBodyBytes, singleBodyBytes } from "./limits.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

test.each([
  [KIB, 17 * KIB],
  [64 * KIB, 80 * KIB],
  [MIB, MIB + 16 * KIB],
])("for payloads of up to %i bytes, the body of one task may have %i", (payload, body) => {
  expect(singleBodyBytes(payload)).toBe(body);
});

test.each([
  // A thousand tasks of the largest size would exceed the limit of a batch.
  [KIB, 16 * MIB],
  [64 * KIB, 16 * MIB],
  // One task of the largest size exceeds it.
  [20 * MIB, 20 * MIB + 16 * KIB],
  // A thousand tasks do not reach it.
  [0, 1000 * 16 * KIB],
])("for payloads of up to %i bytes, the body of a batch may have %i", (payload, body) => {
  expect(batchBodyBytes(payload)).toBe(body);
});
