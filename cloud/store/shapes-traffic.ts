import { type Shaped, shape } from "./shape.ts";

// QoS policies and flow logs, as shapes.ts has the other objects.

export const qos = shape("qos", {
  id: "id",
  tenantId: "tenant_id",
  region: "region",
  name: "name",
  description: "description",
  createdAt: "created_at",
});
export type Qos = Shaped<typeof qos>;

export const qosCar = shape("qos_car", {
  id: "id",
  qosId: "qos_id",
  name: "name",
  description: "description",
  priority: "priority",
  limitType: "limit_type",
  minAbs: "min_abs",
  maxAbs: "max_abs",
  minPercent: "min_percent",
  maxPercent: "max_percent",
  percentSource: "percent_source",
  createdAt: "created_at",
});
export type QosCar = Shaped<typeof qosCar>;

export const qosPolicy = shape("qos_policy", {
  id: "id",
  qosId: "qos_id",
  name: "name",
  description: "description",
  priority: "priority",
  protocol: "protocol",
  sourceCidr: "source_cidr",
  destCidr: "dest_cidr",
  sourcePorts: "source_ports",
  destPorts: "dest_ports",
  dpiGroupIds: "dpi_group_ids",
  dpiSignatureIds: "dpi_signature_ids",
  startTime: "start_time",
  endTime: "end_time",
  createdAt: "created_at",
});
export type QosPolicy = Shaped<typeof qosPolicy>;

export const flowLog = shape("flow_log", {
  id: "id",
  tenantId: "tenant_id",
  region: "region",
  name: "name",
  description: "description",
  active: "active",
  outputType: "output_type",
  activeAging: "active_aging",
  inactiveAging: "inactive_aging",
  netflowServerIp: "netflow_server_ip",
  netflowServerPort: "netflow_server_port",
  netflowVersion: "netflow_version",
  slsRegion: "sls_region",
  projectName: "project_name",
  logstoreName: "logstore_name",
  createdAt: "created_at",
});
export type FlowLog = Shaped<typeof flowLog>;
