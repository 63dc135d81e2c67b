import { createHash, randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { TEMPLATES_FOLDER } from "@mcp-orchestrator/alertmanager";
import { aclRules, DEFAULT_USER_OFF } from "mcp-orchestrator/permissions";

/**
 * Prepares what the compose stack needs before anything else starts: passwords, which are made once and kept; the ACL
 * file of Redis; and Alertmanager's configuration with the bundled receivers, or with those whose secrets were dropped
 * into `secrets/`.
 */

const { values } = parseArgs({
  options: {
    secrets: { type: "string", default: "/secrets" },
    credentials: { type: "string", default: "/credentials" },
    alertmanager: { type: "string", default: "/alertmanager-config" },
  },
});
const GENERATED = fileURLToPath(new URL("../generated", import.meta.resolve("@mcp-orchestrator/alertmanager")));
const KEY_PREFIX = "mcp";
// Readable for the users of all images that mount the volume; nobody else can.
const READABLE = { mode: 0o644 };

const given = (name: string) => join(values.secrets, name);
const credential = (name: string) => join(values.credentials, name);

redisUsers();
orchestratorEnvironment();
password("grafana-admin-password");
alertmanagerConfiguration();

function redisUsers(): void {
  const service = password("redis-password");
  const operator = password("redis-operator-password");
  const users = [
    `user default ${DEFAULT_USER_OFF.join(" ")}`,
    `user orchestrator on #${sha256(service)} ${aclRules(KEY_PREFIX).join(" ")}`,
    `user operator on #${sha256(operator)} ~* &* +@all`,
    // For exporters: reads numbers, no data.
    `user metrics on #${sha256(password("redis-metrics-password"))} resetkeys resetchannels -@all +ping +info +dbsize +slowlog|len +latency|latest +client|list`,
    "user health on nopass resetkeys resetchannels -@all +ping",
  ];
  writeFileSync(credential("users.acl"), `${users.join("\n")}\n`, READABLE);
}

/** The real APIs where there is a key to them, the simulator where there is not. */
function orchestratorEnvironment(): void {
  const settings: Record<string, string> = {};
  if (existsSync(given("chat-api-key"))) {
    cpSync(given("chat-api-key"), credential("chat-api-key"));
    settings.CHAT_API_KEY_FILE = credential("chat-api-key");
  } else {
    settings.CHAT_BASE_URL = "http://simulator:8091";
    settings.MARKET_BASE_URL = "http://simulator:8091";
  }
  if (existsSync(given("admin-token"))) {
    cpSync(given("admin-token"), credential("admin-token"));
    settings.ADMIN_TOKEN_FILE = credential("admin-token");
  }
  const lines = Object.entries(settings).map(([name, value]) => `export ${name}=${value}`);
  writeFileSync(credential("orchestrator.env"), `${lines.join("\n")}\n`, READABLE);
}

function alertmanagerConfiguration(): void {
  const config = existsSync(given("pagerduty-routing-key")) ? "alertmanager.accounts.yml" : "alertmanager.yml";
  cpSync(join(GENERATED, config), join(values.alertmanager, "alertmanager.yml"));
  cpSync(TEMPLATES_FOLDER, join(values.alertmanager, "templates"), { recursive: true });
  cpSync(join(GENERATED, "secrets"), join(values.alertmanager, "secrets"), { recursive: true });
  if (existsSync(values.secrets)) {
    cpSync(values.secrets, join(values.alertmanager, "secrets"), { recursive: true });
  }
}

/** Reads a password, making it first where there is none. */
function password(name: string): string {
  const file = credential(name);
  mkdirSync(values.credentials, { recursive: true });
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString("base64url"), READABLE);
  return readFileSync(file, "utf8");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
