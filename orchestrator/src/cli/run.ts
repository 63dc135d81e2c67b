import { Command, CommanderError, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { messageOf } from "../errors.ts";
import { adminCommands } from "./adminCommands.ts";
import { ApiClient } from "./apiClient.ts";
import { CliError, EXIT } from "./exitCodes.ts";
import { type Io, Output } from "./output.ts";
import { requestCommand } from "./requestCommand.ts";
import { stateCommands } from "./stateCommands.ts";
import { type Session, taskCommands } from "./taskCommands.ts";

const DEFAULT_URL = "http://127.0.0.1:8000";

/**
 * Runs one command line.
 *
 * @param args without the program's name
 * @returns the exit code
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const program = new Command("mcp-orchestrator")
    .description("Submit tasks to an mcp-orchestrator, follow them, and operate it.")
    .version(packageJson.version)
    .addOption(new Option("--url <url>", "address of the service").env("MCP_ORCHESTRATOR_URL").default(DEFAULT_URL))
    .addOption(new Option("--token-file <path>", "file with the admin token").env("MCP_ORCHESTRATOR_TOKEN_FILE"))
    .option("--json", "print JSON")
    .helpCommand(false)
    .showHelpAfterError("(--help tells more)")
    .addHelpText("after", "\nExit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 unavailable")
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err });
  const session = (): Session => {
    const { url, tokenFile, json = false } = program.opts<{ url: string; tokenFile?: string; json?: boolean }>();
    return { api: new ApiClient({ url, tokenFile }), output: new Output(io, json) };
  };
  taskCommands(program, session, io);
  stateCommands(program, session);
  adminCommands(program, session);
  requestCommand(program, session, io);
  try {
    await program.parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    // Commander has printed its message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    io.err(`${messageOf(error)}\n`);
    return error instanceof CliError ? error.exitCode : EXIT.failure;
  }
}
