import { Command, InvalidArgumentError } from "commander";
import { startPreview } from "./server.ts";

const command = new Command("dashboards:preview")
  .description("Shows the generated dashboards against a Prometheus, without a Grafana. Loopback only.")
  .option("--prometheus <url>", "Prometheus to ask", parseUrl, "http://127.0.0.1:9090")
  .option("--port <number>", "port to listen on", parsePort, 3001)
  .addHelpText("after", "\nExample:\n  npm run dashboards:preview -- --prometheus http://127.0.0.1:9090 --port 3001")
  .parse();

const { prometheus, port } = command.opts<{ prometheus: string; port: number }>();

try {
  const preview = await startPreview({ prometheusUrl: prometheus, port });
  console.log(`Dashboards:  ${preview.url}\nPrometheus:  ${prometheus}\nCtrl-C ends it.`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void preview.close());
  }
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
  command.error(`Port ${port} is taken. Choose another one with --port.`);
}

function parseUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError("It must be an http or https address.");
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a number from 0 to 65535.");
}
