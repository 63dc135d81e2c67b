const PAYLOAD_BYTES = 200;

/** The payload of a task: 200 bytes as JSON, different for each number below 10^12. */
export type Payload = {
  readonly n: string;
  readonly text: string;
  /** The handler waits this long; absent for a no-op. */
  readonly holdMs?: number;
};

const TEXT = "x".repeat(PAYLOAD_BYTES - JSON.stringify({ n: "0".repeat(12), text: "" }).length);

export function payload(number: number): Payload {
  return { n: String(number).padStart(12, "0"), text: TEXT };
}

/** Payloads of many tasks, in batches. */
export function* payloadBatches(count: number, batchSize: number): Generator<Payload[]> {
  for (let from = 0; from < count; from += batchSize) {
    yield Array.from({ length: Math.min(batchSize, count - from) }, (_, index) => payload(from + index));
  }
}
