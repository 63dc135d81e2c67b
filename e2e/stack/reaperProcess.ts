import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import type { GuardianMessage, Ward } from "./reaper.ts";

const wards = new Map<number, Ward>();

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as GuardianMessage;
  if ("guard" in message) wards.set(message.id, message.guard);
  else wards.delete(message.release);
}

// The other end is gone. Servers first: they still write into the folders.
const left = [...wards.values()];
for (const ward of left) {
  if ("processGroup" in ward) signal(-ward.processGroup, "SIGKILL");
}
const containers = left.flatMap((ward) => ("container" in ward ? [ward.container] : []));
if (containers.length > 0) {
  const { getContainerRuntimeClient } = await import("testcontainers");
  const client = await getContainerRuntimeClient();
  await Promise.allSettled(containers.map((id) => client.container.getById(id).remove({ force: true, v: true })));
}
for (const ward of left) {
  if ("folder" in ward) rmSync(ward.folder, { recursive: true, force: true, maxRetries: 5 });
}

for (const ward of left) {
  if ("daemon" in ward) signal(ward.daemon, "SIGTERM");
}

function signal(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone already.
  }
}
