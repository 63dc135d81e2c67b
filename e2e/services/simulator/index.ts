export { API_NAMES, type ApiName, type ControlUpdate, HEALTHY } from "./control.ts";
export { type Simulator, startSimulator } from "./server.ts";
