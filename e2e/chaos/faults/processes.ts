import { signalPid } from "../../testkit/process/signals.ts";
import type { Injectors } from "./fault.ts";

/** Crashes, hangs and restarts of the service's processes, and steps of their clocks. */
export const processFaults: Injectors<"killMain" | "restartMain" | "stopMain" | "killWorker" | "stopWorker" | "clock"> =
  {
    async killMain({ system }, { replica }) {
      system.replica(replica).signal("SIGKILL");
    },
    async restartMain({ system }, { replica }) {
      system.replica(replica).signal("SIGTERM");
    },
    async stopMain({ system, wait }, { replica, forMs }) {
      system.replica(replica).signal("SIGSTOP");
      await wait(forMs);
      system.replica(replica).signal("SIGCONT");
    },
    async killWorker({ system }, { replica, type }) {
      for (const pid of await system.replica(replica).workers(type)) signalPid(pid, "SIGKILL");
    },
    async stopWorker({ system, wait }, { replica, type, forMs }) {
      const pids = await system.replica(replica).workers(type);
      for (const pid of pids) signalPid(pid, "SIGSTOP");
      await wait(forMs);
      for (const pid of pids) signalPid(pid, "SIGCONT");
    },
    async clock({ system, wait }, { replica, stepMs, forMs }) {
      system.setClock(replica, stepMs);
      await wait(forMs);
      system.setClock(replica, 0);
    },
  };
