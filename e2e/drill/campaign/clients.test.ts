import { BUILT_IN_TYPES, LANES } from "mcp-orchestrator/contract";
import { expect, test } from "vitest";
import type { TaskState } from "../../services/load/ledger.ts";
import type { Answer, Submission } from "../../services/load/serviceApi.ts";
import { eventually } from "../../testkit/until.ts";
import { Clients, type ReplicaApi } from "./clients.ts";

const BUSY = { regular: { ml: 50 } };
const never = new AbortController().signal;
const PATIENCE_MS = 5_000;

/** A replica whose answers can be changed. */
class FakeReplica implements ReplicaApi {
  answer: Answer = "accepted";
  state: TaskState | "broken" = "completed";
  submitted = 0;

  async submit(tasks: readonly Submission[]): Promise<Answer> {
    this.submitted += tasks.length;
    return this.answer;
  }

  async find(): Promise<TaskState> {
    if (this.state === "broken") throw new Error("no answer");
    return this.state;
  }
}

test("an accepted task is polled until it ends, and only the clients of a lane submit to it", async () => {
  const replica = new FakeReplica();
  replica.state = "open";
  await using clients = new Clients([replica], "t");
  clients.run(BUSY);
  await eventually(
    () => clients.tasks.length,
    (count) => count > 3,
  );
  expect(clients.tasks.every(({ end }) => end === undefined)).toBe(true);
  clients.stopSubmitting();
  replica.state = "completed";
  await clients.areDone(PATIENCE_MS, never);
  for (const task of clients.tasks) {
    expect(task).toMatchObject({ type: "ml", lane: "regular", answer: "accepted", end: "completed" });
    expect(task.endedAtMs).toBeGreaterThanOrEqual(task.submittedAtMs);
  }
});

test("another replica is used where one does not accept, and stays in use", async () => {
  const [first, second] = [new FakeReplica(), new FakeReplica()];
  first.answer = "unanswered";
  await using clients = new Clients([first, second], "t");
  const load = clients.newLoad("flood");
  await load.burst("ml", "express", 2);
  await load.burst("ml", "express", 2);
  expect([first.submitted, second.submitted]).toEqual([2, 4]);
  expect(clients.tasks.map(({ answer, lane }) => `${answer} ${lane}`)).toEqual(Array(4).fill("accepted express"));
});

test("a submission that no replica accepts is rejected, and not polled", async () => {
  const replica = new FakeReplica();
  replica.answer = "refused";
  replica.state = "unknown";
  await using clients = new Clients([replica], "t");
  clients.run(BUSY);
  await eventually(
    () => clients.tasks.length,
    (count) => count > 1,
  );
  expect(clients.tasks.every(({ answer, unknown }) => answer === "refused" && unknown === undefined)).toBe(true);
  await expect(clients.areServed(0, never)).rejects.toThrow("it was refused");
});

test("an accepted task that the service does not know is noted, and one that no replica shows stays open", async () => {
  const [first, second] = [new FakeReplica(), new FakeReplica()];
  first.state = "broken";
  second.state = "unknown";
  await using clients = new Clients([first, second], "t");
  clients.run({});
  await clients.newLoad("flood").burst("ml", "regular", 1);
  await eventually(
    () => clients.tasks[0]?.unknown,
    (unknown) => unknown === true,
  );
  second.state = "broken";
  await clients.newLoad("more").burst("ml", "regular", 1);
  await expect(clients.areDone(500, never)).rejects.toThrow("1 are open");
});

test("clients are served when a task of each type and lane has completed", async () => {
  const replica = new FakeReplica();
  await using clients = new Clients([replica], "t");
  clients.run({});
  await clients.areServed(PATIENCE_MS, never);
  const queues = new Set(clients.tasks.map(({ type, lane }) => `${type} ${lane}`));
  expect(queues.size).toBe(LANES.length * BUILT_IN_TYPES.length);
  expect(clients.tasks.every(({ end }) => end === "completed")).toBe(true);
});
