import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { NotFoundError } from "../../errors.ts";
import { batchBodyBytes, singleBodyBytes } from "../limits.ts";
import { problems } from "../openapi.ts";
import type { HttpPorts, HttpSettings } from "../ports.ts";
import { TaskRequests } from "./taskRequests.ts";
import {
  acceptedSchema,
  batchSchema,
  EXAMPLE_TASK_ID,
  explanationSchema,
  receiptSchema,
  taskSchema,
  taskViewSchema,
} from "./taskSchemas.ts";
import { explanationJson, receiptView, sendJson, taskJson } from "./views.ts";

const idParams = z.object({ id: z.string().meta({ examples: [EXAMPLE_TASK_ID] }) });
/** Disables the validation of submissions: the handler checks each task and reports all problems with their index. */
const checkedLater = () => (value: unknown) => ({ value });

/** Submission and lookup of tasks. */
export function taskRoutes(server: FastifyInstance, ports: HttpPorts, settings: HttpSettings): void {
  const typed = server.withTypeProvider<ZodTypeProvider>();
  const { submission } = ports;
  const requests = new TaskRequests({ ...ports, maxPayloadBytes: settings.maxPayloadBytes });

  server.post(
    "/api/v1/tasks",
    {
      bodyLimit: singleBodyBytes(settings.maxPayloadBytes),
      validatorCompiler: checkedLater,
      schema: {
        tags: ["tasks"],
        operationId: "submitTask",
        summary: "Submit a task",
        body: taskSchema,
        response: {
          200: receiptSchema.describe("The task exists already: nothing was enqueued."),
          202: receiptSchema,
          ...problems(400, 409, 413, 415, 422, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const [receipt] = await submission.submit([requests.single(request.body, request.bodyText)], request.receivedMs);
      if (receipt === undefined) throw new Error("a submission of one task gave no receipt");
      reply.code(receipt.duplicate ? 200 : 202);
      reply.header("location", `/api/v1/tasks/${receipt.taskId}`);
      return receiptView(receipt);
    },
  );

  server.post(
    "/api/v1/tasks/batch",
    {
      bodyLimit: batchBodyBytes(settings.maxPayloadBytes),
      validatorCompiler: checkedLater,
      schema: {
        tags: ["tasks"],
        operationId: "submitTasks",
        summary: "Submit many tasks, all or none",
        body: batchSchema,
        response: { 202: acceptedSchema, ...problems(400, 409, 413, 415, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      const receipts = await submission.submit(requests.batch(request.body, request.bodyText), request.receivedMs);
      reply.code(202);
      const duplicates = receipts.reduce((sum, { duplicate }) => sum + Number(duplicate), 0);
      return { accepted: receipts.length - duplicates, tasks: receipts.map(receiptView) };
    },
  );

  typed.get(
    "/api/v1/tasks/:id",
    {
      schema: {
        tags: ["tasks"],
        operationId: "getTask",
        summary: "The state of a task, and its result or error",
        params: idParams,
        response: { 200: taskViewSchema, ...problems(404, 503) },
      },
    },
    async ({ params: { id } }, reply) => {
      const view = await ports.lookup.find(id);
      if (view === undefined) throw new NotFoundError("task", id);
      return sendJson(reply, taskJson(view));
    },
  );

  typed.get(
    "/api/v1/tasks/:id/explain",
    {
      schema: {
        tags: ["tasks"],
        operationId: "explainTask",
        summary: "Why a task does not run, or where it runs",
        params: idParams,
        response: { 200: explanationSchema, ...problems(404, 503) },
      },
    },
    async ({ params: { id } }, reply) => {
      const explanation = await ports.lookup.explain(id);
      if (explanation === undefined) throw new NotFoundError("task", id);
      return sendJson(reply, explanationJson(explanation));
    },
  );
}
