import type { Command } from "commander";
import { createProgram } from "./run.ts";

const SILENT = {
  out: () => undefined,
  err: () => undefined,
  readInput: async () => "",
  terminal: false,
};

const INTRODUCTION = `# Command line

Generated from the definitions of the commands by \`npm run generate\`.

\`npm run --silent cli -- COMMAND\` runs it in a checkout; without \`--silent\` npm prints a banner before the answer. The
program is \`mcp-orchestrator\`, the \`bin\` of the package \`orchestrator\`: \`npx mcp-orchestrator COMMAND\`.

| Variable | Meaning |
|---|---|
| \`MCP_ORCHESTRATOR_URL\` | Address of the service. |
| \`MCP_ORCHESTRATOR_TOKEN\` | The admin token. |
| \`MCP_ORCHESTRATOR_TOKEN_FILE\` | File with the admin token; used where both are given. |

With \`--json\` the output is the answer of the API and nothing else. Without a terminal, tables are lines with tabs.
`;

/** The page docs/cli.md: the help of every command. */
export function commandReference(): string {
  return `${[INTRODUCTION, ...sections(createProgram(SILENT))].join("\n")}`;
}

function sections(command: Command, parents = ""): string[] {
  const name = `${parents}${command.name()}`;
  const help = command.configureHelp({ helpWidth: 110 }).helpInformation().trimEnd();
  const own = `## ${name}\n\n\`\`\`text\n${help}\n\`\`\`\n`;
  return [own, ...command.commands.flatMap((child) => sections(child, `${name} `))];
}
