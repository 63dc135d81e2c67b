/** Tag of all dashboards of the product; the links between them find each other by it. */
export const TAG = "mcp-orchestrator";
