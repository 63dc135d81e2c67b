import { freePort } from "@mcp-orchestrator/e2e/testkit/ports";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRedis, type RedisSettings } from "../../src/redis/connection.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { type RedisServer, startRedis, startSentinel } from "../support/redisServer.ts";

let certificates: Certificates;
let server: RedisServer;
let tlsPort: number;
const options = () => [
  ["--tls-cert-file", certificates.path("server.crt")],
  ["--tls-key-file", certificates.path("server.key")],
  ["--tls-ca-cert-file", certificates.path("ca.crt")],
  ["--tls-auth-clients", "yes"],
  ["--tls-replication", "yes"],
];
beforeAll(async () => {
  certificates = await makeCertificates("IP:127.0.0.1,DNS:redis.example");
  tlsPort = await freePort();
  server = await startRedis("--tls-port", String(tlsPort), ...options().flat());
  await server.client.call("ACL", "SETUSER", "service", "on", ">50%", "~*", "&*", "+@all");
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await certificates?.[Symbol.asyncDispose]();
});

async function tls() {
  return {
    ca: await certificates.read("ca.crt"),
    cert: await certificates.read("client.crt"),
    key: await certificates.read("client.key"),
  };
}

/** The user of the connection, or the errors of the attempt. */
async function whoAmI(settings: RedisSettings): Promise<string> {
  const redis = createRedis(settings, "commands", "tls-test");
  const errors: string[] = [];
  redis.on("error", (error) => errors.push(error.message));
  try {
    return String(
      await eventually(
        () => redis.call("ACL", "WHOAMI").catch(() => (errors.length === 0 ? undefined : errors.join())),
        (answer) => answer !== undefined,
      ),
    );
  } finally {
    redis.disconnect();
  }
}

describe("a Redis that requires TLS and client certificates", () => {
  const url = (host = "127.0.0.1") => `rediss://service:50%25@${host}:${tlsPort}/3`;

  it("is used with the configured certificates, and with user and database of the URL", async () => {
    const settings = server.settings({ url: url(), tls: await tls() });
    expect(await whoAmI(settings)).toBe("service");
    const redis = createRedis(settings, "blocking", "tls-blocking");
    await redis.set("where", "here");
    redis.disconnect();
    await server.client.select(3);
    expect(await server.client.get("where")).toBe("here");
    await server.client.select(0);
  });

  it("is rejected if its certificate is from another authority", async () => {
    const { cert, key } = await tls();
    expect(await whoAmI(server.settings({ url: url(), tls: { cert, key } }))).toMatch(/self.signed certificate/);
  });

  it("rejects a connection without a client certificate", async () => {
    const { ca } = await tls();
    expect(await whoAmI(server.settings({ url: url(), tls: { ca } }))).toMatch(
      /certificate required|ECONNRESET|closed/,
    );
  });

  it("is checked for the configured name, or else for the host", async () => {
    const named = { ...(await tls()), servername: "redis.example" };
    expect(await whoAmI(server.settings({ url: url(), tls: named }))).toBe("service");
    const wrong = { ...named, servername: "other.example" };
    expect(await whoAmI(server.settings({ url: url(), tls: wrong }))).toMatch(/does not match certificate/);
    expect(await whoAmI(server.settings({ url: url("localhost"), tls: await tls() }))).toMatch(
      /does not match certificate/,
    );
  });
});

it("Sentinels with a user, a password and TLS lead to a master with TLS", async () => {
  const sentinelPort = await freePort();
  await using sentinel = await startSentinel(
    `sentinel monitor mcp 127.0.0.1 ${tlsPort} 1`,
    `tls-port ${sentinelPort}`,
    ...options().map(([name, value]) => `${name?.slice(2)} ${value}`),
    "user watcher on >sentinel-secret ~* &* +@all",
  );
  const settings = server.settings({
    url: "rediss://service:50%25@ignored:1",
    sentinels: [{ host: "127.0.0.1", port: sentinelPort }],
    sentinelName: "mcp",
    sentinelUsername: "watcher",
    sentinelPassword: "sentinel-secret",
    tls: await tls(),
  });
  expect(await whoAmI(settings)).toBe("service");
  const seen = (await sentinel.client.acl("LIST")) as string[];
  expect(seen.some((rule) => rule.startsWith("user watcher on"))).toBe(true);
  expect(await whoAmI({ ...settings, sentinelPassword: "wrong" })).toMatch(/sentinels are unreachable|WRONGPASS/i);
});
