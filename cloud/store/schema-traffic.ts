/** Tables of QoS policies and flow logs. Conventions as in schema.ts. */
export interface TrafficSchema {
  qos: QosTable;
  qos_car: QosCarTable;
  qos_policy: QosPolicyTable;
  /** An instance has at most one QoS policy. */
  qos_instance: { instance_id: string; qos_id: string };
  flow_log: FlowLogTable;
  /** An instance has at most one flow log. */
  flow_log_instance: { instance_id: string; flow_log_id: string };
}

export interface QosTable {
  id: string;
  tenant_id: string;
  region: string;
  name: string;
  description: string;
  created_at: number;
}

/** A throttling rule of a QoS policy: the bandwidth of one class. */
export interface QosCarTable {
  id: string;
  qos_id: string;
  name: string;
  description: string;
  /** 1-7; the lowest comes first. */
  priority: number;
  /** Absolute | Percent; the two values of the other type are null. */
  limit_type: string;
  /** Mbit/s. */
  min_abs: number | null;
  max_abs: number | null;
  /** 1-100. */
  min_percent: number | null;
  max_percent: number | null;
  /** What the percentages are of: CcnBandwidth | InternetUpBandwidth. */
  percent_source: string;
  created_at: number;
}

/** A classification rule (5-tuple) of a QoS policy. It belongs to the throttling rule with the same priority. */
export interface QosPolicyTable {
  id: string;
  qos_id: string;
  name: string;
  description: string;
  /** 1-7, that of its throttling rule. */
  priority: number;
  protocol: string;
  source_cidr: string;
  dest_cidr: string;
  source_ports: string;
  dest_ports: string;
  /** JSON arrays. */
  dpi_group_ids: string;
  dpi_signature_ids: string;
  /** ISO 8601 as the administrator wrote it; "" = no bound. */
  start_time: string;
  end_time: string;
  created_at: number;
}

export interface FlowLogTable {
  id: string;
  tenant_id: string;
  region: string;
  name: string;
  description: string;
  active: number;
  /** sls | netflow | all. */
  output_type: string;
  /** Seconds after which a flow that goes on is reported. */
  active_aging: number;
  /** Seconds without a packet after which a flow is reported. */
  inactive_aging: number;
  /** "" = not set. */
  netflow_server_ip: string;
  netflow_server_port: number;
  /** V5 | V9 | V10. */
  netflow_version: string;
  /** "" = not set. */
  sls_region: string;
  project_name: string;
  logstore_name: string;
  created_at: number;
}
