import type { TaskHandler } from "../../src/queue/consume/handler.ts";
import type { Payload } from "../harness/payload.ts";
import { work } from "./handler.ts";

/** Handlers of the whole service, for HANDLERS: they replace the built-in ones with the work of every peer. */
const handlers: readonly TaskHandler[] = ["reasoning", "codegen", "ml"].map((type) => ({
  type,
  run: (payload: unknown) => work(payload as Payload),
}));
export default handlers;
