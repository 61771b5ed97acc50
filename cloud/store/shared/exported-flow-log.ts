/** A flow log as access points get it. */
export interface ExportedFlowLog {
  id: string;
  /** A NetFlow collector; null = none. `version` is V5, V9 or V10. */
  collector: { address: string; port: number; version: string } | null;
  /** What the records are labelled with that a log service reads; null = no such records. */
  logService: { project: string; logstore: string } | null;
  /** Seconds. */
  activeTimeout: number;
  inactiveTimeout: number;
}
