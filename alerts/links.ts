/** Where the links of a notification lead. Set these to your own addresses and run `npm run generate`. */
export const LINKS = {
  /** Grafana's address; dashboards are found under their uid. */
  grafanaUrl: "http://localhost:3000",
  /** Folder of the generated runbooks; `/<AlertName>.md` is appended. The bundled inbox serves them here. */
  runbooksUrl: "http://localhost:8090/runbooks",
} as const;
