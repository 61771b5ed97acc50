/** Descriptions of the quotas, by "quota_" and the name of the quota. */
export const quotas = {
  "quota_instances-per-account": "SAG instances of one account",
  "quota_ccns-per-account": "Cloud Connect Networks of one account, besides its default one",
  "quota_cens-per-account": "Cloud Enterprise Networks of one account, besides its default one",
  "quota_users-per-instance": "client accounts that an instance can be bought for",
  "quota_cidrs-per-instance": "private CIDR blocks of one instance",
  "quota_acls-per-account": "access control lists of one account",
  "quota_rules-per-acl": "rules of one access control list",
  "quota_qos-per-account": "QoS policies of one account",
  "quota_cars-per-qos": "throttling rules of one QoS policy",
  "quota_policies-per-qos-priority": "classification rules of one priority of a QoS policy",
  "quota_flow-logs-per-account": "flow logs of one account",
  "quota_users-per-flow-query": "users of one DescribeUserFlowStatistics",
  "quota_bandwidth-per-user": "Kbit/s of one client account",
  "quota_codes-per-account": "enterprise codes of one account",
  "quota_networks-per-account": "cloud networks of one account",
};
