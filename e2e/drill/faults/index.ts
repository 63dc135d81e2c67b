export { failOneAcknowledgement, flapAck, revokeAck } from "./acknowledgement.ts";
export { AclUser } from "./acl.ts";
export type { ActiveFault, FaultInjection } from "./fault.ts";
export type { FaultContext, Stoppable } from "./faultContext.ts";
export { fillRedis, loseAnEntry } from "./redis.ts";
export { type ScrapeGate, startScrapeGate } from "./scrapeGate.ts";
export { failingUpstream, slowUpstream, stallFlood, stallSmallBacklog, verySlowUpstream } from "./upstream.ts";
export { killWorkers, starveWorkers, stopService } from "./workers.ts";
