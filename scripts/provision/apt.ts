import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hasCommand, runCommand } from "./command.ts";

const POLICY_FILE = "/usr/sbin/policy-rc.d";
const POLICY =
  "#!/bin/sh\n# mcp-orchestrator: packages are being installed without starting their services\nexit 101\n";

/** Whether packages can be installed: on Debian or a derivative, as root. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && hasCommand("apt-get") && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(osRelease());
}

/**
 * Installs packages with apt without starting their services.
 *
 * @throws CommandError
 */
export async function installPackages(packages: readonly string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  // A file of another program stays; one of this project is left over from a killed run.
  const ours = !existsSync(POLICY_FILE) || readFileSync(POLICY_FILE, "utf8") === POLICY;
  const restore = () => ours && rmSync(POLICY_FILE, { force: true });
  process.once("exit", restore);
  if (ours) writeFileSync(POLICY_FILE, POLICY, { mode: 0o755 });
  try {
    await runCommand("apt-get", ["update"], { log: "apt-update", env });
    const options = ["-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];
    await runCommand("apt-get", ["install", ...options, ...packages], { log: "apt-install", env });
  } finally {
    restore();
    process.off("exit", restore);
  }
}

function osRelease(): string {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "";
  }
}
