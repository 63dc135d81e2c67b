import type { Injectors } from "./fault.ts";

/** Faults between the service and Redis, and between the service and its upstreams. */
export const networkFaults: Injectors<"link" | "upstream"> = {
  async link({ system, wait }, { replica, how, forMs }) {
    const link = system.redis.links[replica];
    if (link === undefined) return;
    if (how === "reset") return link.reset();
    if (how === "freeze") return link.freeze();
    link.set(how);
    await wait(forMs);
    link.set("pass");
  },
  async upstream({ system, wait }, fault) {
    const { api, forMs } = fault;
    const link = system.upstreamLinks[api];
    const simulated = system.simulator.apis[api];
    switch (fault.how) {
      case "status":
        simulated.update({ errorRate: fault.share, errorStatus: fault.status });
        await wait(forMs);
        simulated.update({ errorRate: 0 });
        break;
      case "hang":
        simulated.update({ stall: true });
        await wait(forMs);
        simulated.update({ stall: false });
        break;
      case "reset":
        link.reset();
        break;
      default:
        link.set(fault.how);
        await wait(forMs);
        link.set("pass");
    }
  },
};
