export { type ApiStats, SimulatedApi } from "./api.ts";
export { API_NAMES, type ApiName, type Conditions, type ControlUpdate, HEALTHY } from "./control.ts";
export { type Simulator, type SimulatorOptions, startSimulator } from "./server.ts";
