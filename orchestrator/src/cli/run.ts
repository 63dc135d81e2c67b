import tab from "@bomb.sh/tab/commander";
import { Command, CommanderError, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { messageOf } from "../errors.ts";
import { adminCommands } from "./adminCommands.ts";
import { ApiClient, type ApiOptions } from "./apiClient.ts";
import { CliError, EXIT } from "./exitCodes.ts";
import { type Io, Output } from "./output.ts";
import { requestCommand } from "./requestCommand.ts";
import { stateCommands } from "./stateCommands.ts";
import { type Session, taskCommands } from "./taskCommands.ts";

const DEFAULT_URL = "http://127.0.0.1:8000";

/**
 * Runs one command line.
 *
 * @param args without the program name
 * @returns the exit code
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const program = createProgram(io);
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

/** Defines all commands, with their arguments and options. docs/reference/cli.md is generated from it. */
export function createProgram(io: Io): Command {
  const program = new Command("mcp-orchestrator")
    .description("Submit and follow tasks, and operate the service.")
    .version(packageJson.version)
    .addOption(new Option("--url <url>", "address of the service").env("MCP_ORCHESTRATOR_URL").default(DEFAULT_URL))
    // Hidden, because every user of the machine can read command lines.
    .addOption(new Option("--token <token>").env("MCP_ORCHESTRATOR_TOKEN").hideHelp())
    .addOption(new Option("--token-file <path>", "file with the admin token").env("MCP_ORCHESTRATOR_TOKEN_FILE"))
    .option("--json", "print JSON")
    .helpCommand(false)
    .showHelpAfterError("(see --help)")
    .addHelpText(
      "after",
      "\nMCP_ORCHESTRATOR_TOKEN contains the admin token itself.\nExit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 unavailable",
    )
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err });
  const session = (): Session => {
    const { json = false, ...options } = program.opts<ApiOptions & { json?: boolean }>();
    if (program.getOptionValueSource("token") === "cli") {
      throw new CliError(EXIT.usage, "Give the token in MCP_ORCHESTRATOR_TOKEN, or a file with --token-file.");
    }
    // A token file takes precedence.
    const token = options.tokenFile === undefined ? options.token : undefined;
    return { api: new ApiClient({ ...options, token }), output: new Output(io, json) };
  };
  taskCommands(program, session, io);
  stateCommands(program, session, io);
  adminCommands(program, session);
  requestCommand(program, session, io);
  tab(program, { completionCommandName: "completion" });
  return program;
}
