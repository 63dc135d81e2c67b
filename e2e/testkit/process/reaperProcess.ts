import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import type { ReaperMessage, Resource } from "./reaper.ts";

const resources = new Map<number, Resource>();

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as ReaperMessage;
  if ("reap" in message) resources.set(message.id, message.reap);
  else resources.delete(message.release);
}

// The owner has ended. Servers first, because they still write into the folders.
const left = [...resources.values()];
for (const resource of left) {
  if ("processGroup" in resource) signal(-resource.processGroup, "SIGKILL");
}
const containers = left.flatMap((resource) => ("container" in resource ? [resource.container] : []));
if (containers.length > 0) {
  const { getContainerRuntimeClient } = await import("testcontainers");
  const client = await getContainerRuntimeClient();
  await Promise.allSettled(containers.map((id) => client.container.getById(id).remove({ force: true, v: true })));
}
for (const resource of left) {
  if ("folder" in resource) rmSync(resource.folder, { recursive: true, force: true, maxRetries: 5 });
}

for (const resource of left) {
  if ("daemon" in resource) signal(resource.daemon, "SIGTERM");
}

function signal(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended already.
  }
}
