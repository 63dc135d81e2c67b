import { z } from "zod";
import { FAILURE_REASONS, LANES } from "../../metrics/contract.ts";
import { DEFAULT_PRIORITY, EXPRESS_PRIORITY, MAX_BATCH_TASKS, MAX_PRIORITY } from "../../queue/task.ts";
import { parseGeneratedTaskId, TASK_ID_PATTERN } from "../../queue/taskId.ts";
import { MAX_DELAY_MS } from "../limits.ts";

export const EXAMPLE_TASK_ID = "reasoning.express.1717171717171-0";

/** A task in the body of a submission. */
export const taskSchema = z
  .strictObject({
    type: z.string().describe("Task type: reasoning, codegen, ml, or one from HANDLERS."),
    payload: z.unknown().describe("Any JSON value that the schema of the type allows; stored exactly as sent."),
    priority: z
      .int()
      .min(0)
      .max(MAX_PRIORITY)
      .default(DEFAULT_PRIORITY)
      .describe(`0 to ${MAX_PRIORITY}; from ${EXPRESS_PRIORITY} the task takes the express lane.`),
    task_id: z
      .string()
      .regex(TASK_ID_PATTERN, "must be 1 to 128 of A-Z a-z 0-9 . _ : -")
      .refine((id) => parseGeneratedTaskId(id) === undefined, "must not have the form of a generated id")
      .optional()
      .describe(
        "Makes the submission idempotent: a repetition adds no task. A different task with the same id is rejected with 409.",
      ),
    delay_ms: z.int().min(0).max(MAX_DELAY_MS).optional().describe("Delay until the earliest start, in milliseconds."),
  })
  .meta({
    id: "Task",
    examples: [{ type: "reasoning", payload: { prompt: "Why is the sky blue?" }, priority: 15 }],
  });

export const batchSchema = z.strictObject({ tasks: z.array(taskSchema).min(1).max(MAX_BATCH_TASKS) }).meta({
  id: "Batch",
  examples: [
    {
      tasks: [
        { type: "codegen", payload: { prompt: "Reverse a linked list in Go" } },
        { type: "ml", payload: { symbol: "BTCUSDT", interval: "60" }, priority: 12, task_id: "btc-hourly-1" },
      ],
    },
  ],
});

export const receiptSchema = z
  .object({
    task_id: z.string(),
    type: z.string(),
    lane: z.enum(LANES),
    status: z.enum(["queued", "delayed", "running", "retrying", "completed", "failed"]),
    duplicate: z.boolean().describe("True if the task exists already; nothing was enqueued."),
  })
  .meta({
    id: "Receipt",
    examples: [{ task_id: EXAMPLE_TASK_ID, type: "reasoning", lane: "express", status: "queued", duplicate: false }],
  });

export const acceptedSchema = z
  .object({
    accepted: z.int().describe("Number of enqueued tasks, without duplicates."),
    tasks: z.array(receiptSchema),
  })
  .meta({ id: "Accepted" });

const timeMs = z.number().describe("Epoch milliseconds.");

export const taskViewSchema = z
  .object({
    ...receiptSchema.omit({ duplicate: true }).shape,
    attempts: z.int(),
    enqueued_at_ms: timeMs,
    started_at_ms: timeMs.optional(),
    finished_at_ms: timeMs.optional(),
    latency_ms: z.number().optional(),
    due_at_ms: timeMs.optional().describe("When a delayed or retrying task is due."),
    worker: z.string().optional(),
    result: z.unknown().optional(),
    result_dropped: z
      .literal(true)
      .optional()
      .describe("The task completed, but its result was dropped because Redis was over its memory limit."),
    error: z.object({ reason: z.enum(FAILURE_REASONS), code: z.string(), message: z.string() }).optional(),
    dead_letter_id: z.string().optional(),
  })
  .meta({
    id: "TaskState",
    examples: [
      {
        task_id: EXAMPLE_TASK_ID,
        type: "reasoning",
        lane: "express",
        status: "completed",
        attempts: 1,
        enqueued_at_ms: 1717171717171,
        started_at_ms: 1717171717173,
        finished_at_ms: 1717171717204,
        latency_ms: 33,
        worker: "express_reasoning_0",
        result: { content: "Rayleigh scattering ...", model: "sonar" },
      },
    ],
  });

export const explanationSchema = z
  .object({
    task: taskViewSchema,
    summary: z.string().describe("Why the task does not run, or what it does."),
    ahead: z
      .object({ count: z.int(), at_least: z.boolean().describe("The count reached its limit; there may be more.") })
      .optional()
      .describe("Entries that are delivered before this one."),
    owner: z
      .object({
        consumer: z.string(),
        idle_ms: z.number(),
        deliveries: z.int(),
        heartbeat_age_ms: z.number().optional().describe("Absent if the consumer has sent no heartbeat."),
      })
      .optional()
      .describe("The consumer that has the task."),
    paused: z.boolean().describe("True while an operator has paused the type."),
  })
  .meta({ id: "Explanation" });
