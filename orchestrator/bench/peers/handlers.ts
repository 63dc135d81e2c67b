import type { TaskHandler } from "../../src/queue/consume/handler.ts";
import type { Payload } from "../harness/payload.ts";
import { work } from "./handler.ts";

/** The handlers of the service for HANDLERS. They replace the built-in ones with the handler of all peers. */
const handlers: readonly TaskHandler[] = ["reasoning", "codegen", "ml"].map((type) => ({
  type,
  run: (payload: unknown) => work(payload as Payload),
}));
export default handlers;
