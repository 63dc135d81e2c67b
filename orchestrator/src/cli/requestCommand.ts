import { Argument, type Command } from "commander";
import { exitCodeOf } from "./apiClient.ts";
import { CliError } from "./exitCodes.ts";
import { jsonText } from "./options.ts";
import type { Io } from "./output.ts";
import type { Session } from "./taskCommands.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE"];

/** Sends a request to any endpoint, with the address and token of the other commands. For scripts and runbooks. */
export function requestCommand(program: Command, session: () => Session, io: Io): void {
  program
    .command("request")
    .description("send a request to any endpoint and print the answer, also of errors")
    .addArgument(new Argument("<method>").choices(METHODS))
    .argument("<path>", "such as /api/v1/queues")
    .argument("[body]", "JSON", jsonText)
    .action(async (method: string, path: string, body: string | undefined) => {
      const { status, ok, text } = await session().api.exchange(method, path, body);
      io.out(text.endsWith("\n") || text === "" ? text : `${text}\n`);
      if (!ok) throw new CliError(exitCodeOf(status), `The service answered ${status}.`);
    });
}
