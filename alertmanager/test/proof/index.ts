export { INHIBITION_CASES } from "./inhibitionCases.ts";
export { startTrialServer, tryInhibitions } from "./inhibitionTrial.ts";
export { FOREIGN_CASES, RECEIVERS_OF, RHYTHM_OF, type RoutingCase } from "./routingCases.ts";
export { deliveriesOf } from "./simulatedRouting.ts";
