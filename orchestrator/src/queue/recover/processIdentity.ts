import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";

/** Identifies a process among all processes in the same pid namespace. */
export type ProcessEvidence = {
  /** Boot of the kernel. */
  readonly boot: string;
  /** Namespace of the pid. */
  readonly namespace: string;
  readonly pid: number;
  /** Clock ticks from the boot to the start of the process. Needed because pids are reused. */
  readonly startedAt: string;
};

/** Identifies a main process. Two processes may share a name, but never an id. */
export type Identity = {
  readonly name: string;
  /** The name with a random suffix per process. Part of its consumer names, so that each process owns its entries. */
  readonly id: string;
  /** Undefined if the operating system does not provide it. */
  readonly evidence: ProcessEvidence | undefined;
};

/** Creates a new identity. @param name the name of the replica */
export function createIdentity(name: string): Identity {
  return { name, id: `${name}.${randomBytes(5).toString("hex")}`, evidence: evidenceOf(process.pid) };
}

/**
 * Whether a process has ended. `unknown` if it is not visible from here: it runs on another host, in another container, or
 * for another user whose processes are hidden.
 */
export function stateOfProcess(other: ProcessEvidence | undefined): "alive" | "gone" | "unknown" {
  const own = evidenceOf(process.pid);
  if (own === undefined || other === undefined) return "unknown";
  if (own.boot !== other.boot || own.namespace !== other.namespace) return "unknown";
  const found = evidenceOf(other.pid);
  if (found === undefined && isHidden(other.pid)) return "unknown";
  return found?.startedAt === other.startedAt ? "alive" : "gone";
}

/** True for a process of another user. `/proc` does not list it under `hidepid` or `ProtectProc` of systemd. */
function isHidden(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function evidenceOf(pid: number): ProcessEvidence | undefined {
  try {
    // The name in parentheses may contain anything, so the fields are counted from behind it. The first is the state.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const [state, startedAt] = [fields[0], fields[19]];
    if (startedAt === undefined || state === "Z" || state === "X") return undefined;
    return {
      boot: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
      namespace: readlinkSync("/proc/self/ns/pid"),
      pid,
      startedAt,
    };
  } catch {
    return undefined;
  }
}
