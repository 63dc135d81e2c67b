/** The exports for a module that HANDLERS names: `import type { ... } from "mcp-orchestrator/handlers"`. */
export { CircuitOpenError, UpstreamError, ValidationError } from "../errors.ts";
export type { TaskContext, TaskHandler } from "../queue/consume/handler.ts";
export type { Upstreams } from "../upstream/upstreams.ts";
export type { HandlerModule } from "./registry.ts";
