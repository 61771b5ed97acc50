import type { Role } from "../../../../admin/command.ts";
import { instanceLock, instanceRenew, instanceUnlock } from "../../../../admin/commands/instances.ts";
import {
  keyCreate,
  keyDelete,
  keyDisable,
  keyEnable,
  keyList,
  quotaList,
  quotaSet,
  tenantCreate,
  tenantList,
} from "../../../../admin/commands/tenants.ts";
import { roles } from "../../../../admin/run.ts";
import { say } from "../../../../base/say.ts";
import { textRules } from "../../../../domain/limits/text.ts";
import { ranges } from "../../../../domain/limits/values.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import { bool, isoTime, required, sagId, text, whole } from "./common.ts";

const mapped = mapping("sag", "operating");

const ofTenant = { Tenant: text({ max: 64, rule: say("form_tenant") }) };
const key = { KeyId: required(text({ max: 64 })) };

export const operatingOperations: Operation[] = [
  mapped("CreateTenant", {
    command: tenantCreate,
    parameters: { Name: required(text(textRules.tenantName)) },
    input: (v) => ({ name: v.Name }),
    answer: (tenant) => ({ TenantId: tenant.id, Name: tenant.name, Uid: tenant.uid }),
  }),
  mapped("DescribeTenants", {
    command: tenantList,
    parameters: {},
    input: () => ({}),
    answer: (all) => ({
      Tenants: {
        Tenant: all.map(({ id, name, uid, isDefault }) => ({
          TenantId: id,
          Name: name,
          Uid: uid,
          IsDefault: isDefault,
        })),
      },
    }),
  }),
  mapped("CreateAccessKey", {
    command: keyCreate,
    parameters: { ...ofTenant, Role: required(text({ oneOf: roles })) },
    input: (v) => ({ tenant: v.Tenant, role: v.Role as Role }),
    answer: (key) => ({
      AccessKeyId: key.accessKeyId,
      AccessKeySecret: key.accessKeySecret,
      Role: key.role,
      Tenant: key.tenant,
      Uid: key.uid,
    }),
  }),
  mapped("DescribeAccessKeys", {
    command: keyList,
    parameters: ofTenant,
    input: (v) => ({ tenant: v.Tenant }),
    answer: (all) => ({
      AccessKeys: {
        AccessKey: all.map(({ accessKeyId, role, active, createdAt }) => ({
          AccessKeyId: accessKeyId,
          Role: role,
          Active: active,
          CreateTime: isoTime(createdAt),
        })),
      },
    }),
  }),
  mapped("UpdateAccessKey", {
    command: keyEnable,
    parameters: { ...ofTenant, ...key, Active: required(bool()) },
    otherwise: (v) => (v.Active ? undefined : keyDisable),
    input: (v) => ({ tenant: v.Tenant, id: v.KeyId }),
  }),
  mapped("DeleteAccessKey", {
    command: keyDelete,
    parameters: { ...ofTenant, ...key },
    input: (v) => ({ tenant: v.Tenant, id: v.KeyId }),
  }),
  mapped("DescribeQuotas", {
    command: quotaList,
    parameters: ofTenant,
    input: (v) => ({ tenant: v.Tenant }),
    answer: (all) => ({
      Quotas: {
        Quota: all.map(({ name, what, whatWords, value, standard }) => ({
          Name: name,
          Value: value,
          Standard: standard,
          What: what,
          WhatWords: whatWords,
        })),
      },
    }),
  }),
  mapped("SetQuota", {
    command: quotaSet,
    parameters: { ...ofTenant, Name: required(text({ max: 64 })), Value: required(whole({ min: 1 })) },
    input: (v) => ({ tenant: v.Tenant, name: v.Name, value: v.Value }),
  }),
  mapped("RenewInstance", {
    command: instanceRenew,
    parameters: { SmartAGId: required(sagId), Period: required(whole(ranges.renewalMonths)) },
    input: (v) => ({ instance: v.SmartAGId, months: v.Period }),
    answer: ({ endTime }) => ({ EndTime: endTime }),
  }),
  mapped("SetInstanceLock", {
    command: instanceLock,
    otherwise: (v) => (v.Locked ? undefined : instanceUnlock),
    parameters: { SmartAGId: required(sagId), Locked: required(bool()) },
    input: (v) => ({ instance: v.SmartAGId }),
  }),
];
