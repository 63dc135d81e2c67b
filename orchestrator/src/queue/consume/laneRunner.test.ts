import { expect, it } from "vitest";
import { createLog } from "../../log.ts";
import { LaneRunner, type LaneRunnerDeps } from "./laneRunner.ts";
import { SlotPool } from "./slotPool.ts";

it("an express lane that loses its connection leaves its slots to the regular lane", async () => {
  const pool = new SlotPool(16);
  pool.setExpressSaturated(true);
  pool.claim("regular", pool.floor);
  expect(pool.claim("regular", 1).count).toBe(0);
  const free = new Promise<void>((resolve) => pool.whenFree("regular", resolve));
  const open = () => {
    throw new Error("no connection");
  };
  const runner = new LaneRunner({
    ...{ lane: "express", pool, connection: { open, consumer: "express_ml_0" }, random: () => 0 },
    log: createLog("fatal", { write: () => undefined }),
  } as unknown as LaneRunnerDeps);
  const running = runner.run();
  await free;
  runner.stop();
  await running;
});
