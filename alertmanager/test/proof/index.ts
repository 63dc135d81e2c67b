export { startTrialServer, tryInhibitions } from "./inhibitionTrial.ts";
export { OTHER_CASES, RECEIVERS_OF, type RoutingCase, TIMING_OF } from "./routingCases.ts";
export { deliveriesOf } from "./simulatedRouting.ts";
