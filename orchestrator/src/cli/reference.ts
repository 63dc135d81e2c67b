import type { Command, Option } from "commander";
import { EXIT } from "./exitCodes.ts";
import { createProgram } from "./run.ts";

const SILENT = {
  out: () => undefined,
  err: () => undefined,
  readInput: async () => "",
  terminal: false,
  pause: async () => undefined,
};

const INTRODUCTION = `# Command line

Generated from the definitions of the commands by \`npm run generate\`.

In a checkout after \`npm ci\`: \`npm run --silent cli -- COMMAND\` (without \`--silent\`, npm prints a banner first). In a container:

\`\`\`sh
docker compose exec orchestrator node orchestrator/src/cli.ts COMMAND
\`\`\`

| Variable | Meaning |
|---|---|
| \`MCP_ORCHESTRATOR_URL\` | Address of the service. |
| \`MCP_ORCHESTRATOR_TOKEN\` | The admin token. |
| \`MCP_ORCHESTRATOR_TOKEN_FILE\` | File with the admin token. Takes precedence over the token itself. |

These need the admin token: \`rate-limit\`, \`express-bypass\`, \`scale\`, \`write-off\`, \`pause\`, \`resume\`, \`log-level\`, \`dlq retry\`,
\`dlq discard\` and their \`-all\`.

| Exit status | |
|---|---|
| ${EXIT.ok} | success |
| ${EXIT.failure} | the service rejected the request, or the task failed |
| ${EXIT.usage} | the command line is invalid |
| ${EXIT.notFound} | not found |
| ${EXIT.unavailable} | the service is unreachable, or asks to retry later |

For completion in bash: \`source <(mcp-orchestrator completion bash)\`, with \`node_modules/.bin\` on the PATH; zsh, fish and PowerShell
alike.

With \`--json\`, the output is exactly the answer of the API. Without a terminal, tables are tab-separated lines.
Each command has \`--help\`.
`;

/** Renders docs/reference/cli.md: the help of each command that has arguments or options; the list has the others. */
export function commandReference(): string {
  return `${[INTRODUCTION, ...sections(createProgram(SILENT))].join("\n")}`;
}

/** Without --help, which every command has. */
function visibleOptions({ options }: Command): Option[] {
  return options.filter(({ hidden }) => !hidden);
}

function sections(command: Command, parents = ""): string[] {
  const name = `${parents}${command.name()}`;
  const help = command.configureHelp({ helpWidth: 110, visibleOptions }).helpInformation().trimEnd();
  const shown = command.createHelp().visibleCommands(command);
  const own = `## ${name}\n\n\`\`\`text\n${help}\n\`\`\`\n`;
  const withMore = shown.filter(
    (child) => child.options.length + child.registeredArguments.length + child.commands.length,
  );
  return [own, ...withMore.filter((child) => child.name() !== "help").flatMap((child) => sections(child, `${name} `))];
}
