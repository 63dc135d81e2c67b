import fc from "fast-check";

/** A random request. */
export type RandomRequest = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** The path in the API description. */
  readonly route: string;
  readonly url: string;
  readonly contentType: string | undefined;
  readonly body: string | Buffer | undefined;
};

/** A JSON value of a wrong type, or an unusual value. Cheaper to generate than a whole random document. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 2 ** 53, 1e308, "", "\u0000", [], {}, [[1]], { a: { b: null } }),
  fc.string(),
  fc.double(),
);

const payload = fc.oneof(
  { weight: 4, arbitrary: fc.record({ prompt: fc.string({ minLength: 1 }) }) },
  { weight: 4, arbitrary: fc.record({ text: fc.string() }) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: odd },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { constructor: { prototype: { polluted: 1 } } },
      JSON.parse('{"__proto__":{"polluted":1}}'),
    ),
  },
);

/** A task with values at and beyond the limits of its fields. */
const anyTask = (types: readonly string[]) =>
  fc.record(
    {
      type: fc.oneof(fc.constantFrom(...types, "toString", "__proto__"), odd),
      payload,
      priority: fc.oneof(fc.integer({ min: -2, max: 102 }), fc.double(), odd),
      task_id: fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9._:-]{1,140}$/), odd),
      delay_ms: fc.oneof(fc.integer(), odd),
      surprise: odd,
    },
    { requiredKeys: [] },
  );

/** A task that is often valid, so that accepted submissions are tested too. */
const likelyTask = (types: readonly string[]) =>
  fc.record(
    {
      type: fc.constantFrom(...types),
      payload,
      priority: fc.integer({ min: 0, max: 100 }),
      task_id: fc.stringMatching(/^[a-z]{1,2}$/),
      delay_ms: fc.nat(50),
    },
    { requiredKeys: ["type", "payload"] },
  );

/** Bodies of the admin endpoints. Worker counts are small or invalid, so that a test does not fork hundreds. */
const adminBody = fc.oneof(
  fc.record({
    type: fc.constantFrom("reasoning", "nope"),
    count: fc.constantFrom<unknown>(-1, 0, 1, 2, 1.5, 257, "2", null),
  }),
  fc.record({ per_second: fc.oneof(fc.double(), odd) }),
  fc.record({ type: odd, reason: fc.constantFrom("upstream", "boredom", 1) }, { requiredKeys: [] }),
  fc.record({ level: fc.constantFrom("error", "loud", null) }),
  odd,
);

function bodyArbitrary(types: readonly string[]): fc.Arbitrary<string | Buffer | undefined> {
  const likely = likelyTask(types);
  const any = anyTask(types);
  const batch = fc.record({
    tasks: fc.oneof(fc.array(likely, { maxLength: 5 }), fc.array(any, { maxLength: 5 }), odd),
  });
  const value = fc.oneof(likely, any, batch, adminBody);
  return fc.oneof(
    { weight: 8, arbitrary: value.map((json) => JSON.stringify(json)) },
    // Truncated JSON, then text and bytes that are not JSON.
    { weight: 1, arbitrary: fc.tuple(value, fc.nat(200)).map(([json, end]) => JSON.stringify(json).slice(0, end)) },
    { weight: 1, arbitrary: fc.string() },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "[".repeat(5_000),
        '{"a":'.repeat(3_000),
        `{"type":"${types[0]}","payload":${"[".repeat(400)}${"]".repeat(400)}}`,
      ),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

/**
 * Random requests to the endpoints of an API description. Half of them are submissions.
 *
 * @param paths the paths of its OpenAPI document
 * @param types known task types
 */
export function requestArbitrary(paths: Record<string, object>, types: readonly string[]): fc.Arbitrary<RandomRequest> {
  const endpoints = Object.entries(paths).flatMap(([route, methods]) =>
    Object.keys(methods).map((method) => ({ route, method: method.toUpperCase() as RandomRequest["method"] })),
  );
  const submissions = endpoints.filter(({ route, method }) => method === "POST" && route.startsWith("/api/v1/tasks"));
  // encodeURIComponent throws on an unpaired surrogate.
  const encoded = (text: string) => encodeURIComponent(text.toWellFormed());
  const parameter = fc.oneof(
    fc.constantFrom("reasoning", "nope", "1-0", "reasoning.regular.1-0", "%00", "%F0%9F%A6%84", "..", "__proto__", "a"),
    fc.string({ minLength: 1, maxLength: 300, unit: "binary-ascii" }).map(encoded),
  );
  const query = fc.oneof(
    { weight: 3, arbitrary: fc.constant("") },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.string(), fc.string()).map(([name, text]) => `?${encoded(name)}=${encoded(text)}`),
    },
    {
      weight: 1,
      arbitrary: fc
        .record({ limit: fc.oneof(fc.integer(), fc.string()), cursor: fc.string() })
        .map(({ limit, cursor }) => `?limit=${encoded(String(limit))}&cursor=${encoded(cursor)}`),
    },
  );
  const contentType = fc.oneof(
    { weight: 8, arbitrary: fc.constant("application/json") },
    {
      weight: 1,
      arbitrary: fc.constantFrom(undefined, "text/plain", "application/json; charset=utf-8", "application/x-json", "x"),
    },
  );
  return fc
    .record({
      endpoint: fc.oneof(fc.constantFrom(...endpoints), fc.constantFrom(...submissions)),
      parameter,
      query,
      contentType,
      body: bodyArbitrary(types),
    })
    .map(({ endpoint: { route, method }, ...chosen }) => ({
      method,
      route,
      url: route.replace(/\{\w+\}/, () => chosen.parameter) + chosen.query,
      contentType: chosen.contentType,
      // HTTP clients send no body with GET.
      body: method === "GET" ? undefined : chosen.body,
    }));
}
