import { createHash, randomBytes } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { TEMPLATES_FOLDER } from "@mcp-orchestrator/alertmanager";
import { aclRules, DEFAULT_USER_OFF } from "mcp-orchestrator/permissions";

/**
 * Prepares the compose stack before its start: passwords and an admin token, which are generated once; the ACL file of
 * Redis; and Alertmanager's configuration, with the bundled receivers or those whose secrets are in `secrets/`. Each
 * container has a volume with only what it needs.
 */

const { values } = parseArgs({
  options: {
    secrets: { type: "string", default: "/secrets" },
    volumes: { type: "string", default: "/volumes" },
  },
});
const GENERATED = fileURLToPath(new URL("../generated", import.meta.resolve("@mcp-orchestrator/alertmanager")));
const KEY_PREFIX = "mcp";
/** Where the volumes of the containers are mounted. */
const MOUNTED = "/credentials";
// Readable for the user of the image that mounts the volume.
const READABLE = { mode: 0o644 };

type Consumer = "redis" | "orchestrator" | "alertmanager" | "grafana" | "metrics";

const given = (name: string) => join(values.secrets, name);

redisUsers();
orchestratorEnvironment();
password("grafana", "admin-password");
alertmanagerConfiguration();

function redisUsers(): void {
  const service = password("orchestrator", "redis-password");
  const operator = password("redis", "operator-password");
  const users = [
    `user default ${DEFAULT_USER_OFF.join(" ")}`,
    `user orchestrator on #${sha256(service)} ${aclRules(KEY_PREFIX).join(" ")}`,
    `user operator on #${sha256(operator)} ~* &* +@all`,
    // For exporters: reads numbers, no data.
    `user metrics on #${sha256(password("metrics", "redis-password"))} resetkeys resetchannels -@all +ping +info +dbsize +slowlog|len +latency|latest +client|list`,
    "user health on nopass resetkeys resetchannels -@all +ping",
  ];
  const file = fileOf("redis", "users.acl");
  writeFileSync(file, `${users.join("\n")}\n`);
  // `ACL SAVE` writes a new file beside this one and renames it. The user of Redis differs between images.
  chmodSync(volumeOf("redis"), 0o777);
  chmodSync(file, 0o666);
}

/** The real APIs if there is a key, otherwise the simulator. */
function orchestratorEnvironment(): void {
  const settings: Record<string, string> = {};
  if (existsSync(given("chat-api-key"))) {
    cpSync(given("chat-api-key"), fileOf("orchestrator", "chat-api-key"));
    settings.CHAT_API_KEY_FILE = `${MOUNTED}/chat-api-key`;
  } else {
    rmSync(fileOf("orchestrator", "chat-api-key"), { force: true });
    settings.CHAT_BASE_URL = "http://simulator:8091";
    settings.MARKET_BASE_URL = "http://simulator:8091";
  }
  // Without a token the admin endpoints would reject every request.
  if (existsSync(given("admin-token"))) cpSync(given("admin-token"), fileOf("orchestrator", "admin-token"));
  else password("orchestrator", "admin-token");
  const lines = Object.entries(settings).map(([name, value]) => `export ${name}=${value}`);
  writeFileSync(fileOf("orchestrator", "orchestrator.env"), `${lines.join("\n")}\n`, READABLE);
}

function alertmanagerConfiguration(): void {
  const config = existsSync(given("pagerduty-routing-key")) ? "alertmanager.accounts.yml" : "alertmanager.yml";
  cpSync(join(GENERATED, config), fileOf("alertmanager", "alertmanager.yml"));
  cpSync(TEMPLATES_FOLDER, fileOf("alertmanager", "templates"), { recursive: true });
  const secrets = fileOf("alertmanager", "secrets");
  rmSync(secrets, { recursive: true, force: true });
  cpSync(join(GENERATED, "secrets"), secrets, { recursive: true });
  // Only the secrets of its receivers.
  for (const name of readdirSync(secrets).filter((each) => existsSync(given(each)))) {
    cpSync(given(name), join(secrets, name));
  }
  if (!existsSync(given("deadman-url"))) {
    console.warn(
      "WARNING: the heartbeat of the dead man's switch goes to the bundled inbox, which calls no one when alerting stops. " +
        "Put the address of a switch outside this machine into secrets/deadman-url.",
    );
  }
}

/** Reads a password of a container, and generates it if missing. */
function password(consumer: Consumer, name: string): string {
  const file = fileOf(consumer, name);
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString("base64url"), READABLE);
  return readFileSync(file, "utf8");
}

function volumeOf(consumer: Consumer): string {
  const folder = join(values.volumes, consumer);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function fileOf(consumer: Consumer, name: string): string {
  return join(volumeOf(consumer), name);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
