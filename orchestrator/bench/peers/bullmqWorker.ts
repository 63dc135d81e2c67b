import { Worker } from "bullmq";
import { removeOnComplete } from "./bullmq.ts";
import { work } from "./handler.ts";
import { QUEUE, type WorkerOptions } from "./peer.ts";

const { url, concurrency, keepResults } = JSON.parse(process.argv[2] ?? "") as WorkerOptions;
const worker = new Worker(QUEUE, (job) => work(job.data), {
  connection: { url, maxRetriesPerRequest: null },
  concurrency,
  removeOnComplete: removeOnComplete(keepResults),
});
worker.on("error", (error) => console.error(error));
process.once("SIGTERM", () => void worker.close(true).then(() => process.exit(0)));
