import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";

/** What tells one process from every other one that can be seen from where it runs. */
export type ProcessEvidence = {
  /** Boot of the kernel. */
  readonly boot: string;
  /** Namespace that the pid belongs to. */
  readonly namespace: string;
  readonly pid: number;
  /** Clock ticks from the boot to its start: pids are used again. */
  readonly startedAt: string;
};

/** Who a main process is: its name may be that of another one, its id never is. */
export type Identity = {
  readonly name: string;
  /** The name and this life of it. Part of the names of its consumers, so that every life owns its entries. */
  readonly id: string;
  /** Undefined where the system does not tell. */
  readonly evidence: ProcessEvidence | undefined;
};

/** A new identity. @param name that of the replica */
export function createIdentity(name: string): Identity {
  return { name, id: `${name}.${randomBytes(5).toString("hex")}`, evidence: evidenceOf(process.pid) };
}

/**
 * Says whether a process has ended: `unknown` for one that cannot be seen from here, as on another host or in another
 * container.
 */
export function stateOfProcess(other: ProcessEvidence | undefined): "alive" | "gone" | "unknown" {
  const own = evidenceOf(process.pid);
  if (own === undefined || other === undefined) return "unknown";
  if (own.boot !== other.boot || own.namespace !== other.namespace) return "unknown";
  return evidenceOf(other.pid)?.startedAt === other.startedAt ? "alive" : "gone";
}

function evidenceOf(pid: number): ProcessEvidence | undefined {
  try {
    // The name in parentheses may hold anything; the fields behind it do not. The first is the state.
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
