import { z } from "zod";
import { invalid, Refusal } from "../../base/cause.ts";
import { say } from "../../base/say.ts";
import { cenAreas, regionIds } from "../../domain/areas/regions.ts";
import { requireCode } from "../../domain/limits/instance.ts";
import { textFault } from "../../domain/limits/text.ts";
import {
  choices,
  dataPlans,
  orderMonths,
  type Range,
  ranges,
  ruleApplications,
  ruleProtocol,
} from "../../domain/limits/values.ts";

// The published API checks the same rules; here they also apply to sagctl.

const whole = ({ min, max }: Range) => z.int().min(min).max(max);
const oneOf = (words: readonly string[]) => z.enum(words);

/** An id, a name or a part of one, or a list of prefixes, as a caller gives it. The domain says what is wrong with it. */
export const text = z.string().max(512);

/** The range depends on the account's quota, so the domain checks it. */
export const userCount = z.int();
export const dataPlan = z.literal(dataPlans);
/** Term of an order, months. */
export const term = z.literal(orderMonths);
export const renewalMonths = whole(ranges.renewalMonths);
export const securityLockThreshold = whole(ranges.securityLockThreshold);
export const rulePriority = whole(ranges.rulePriority);
export const packageBandwidth = whole(ranges.packageBandwidth);
export const regionBandwidth = whole(ranges.regionBandwidth);
/** Number of a product account or of an access point. */
export const number = z.int().min(1);

export const aclType = oneOf(choices.aclType);
export const ruleDirection = oneOf(choices.ruleDirection);
export const rulePolicy = oneOf(choices.rulePolicy);
export const ruleType = oneOf(choices.ruleType);
export const routingStrategy = oneOf(choices.routingStrategy);
export const protectionLevel = oneOf(choices.protectionLevel);
export const chargeType = oneOf(choices.chargeType);
export const cenArea = oneOf(cenAreas);
export const qosPriority = whole(ranges.qosPriority);
export const qosBandwidth = whole(ranges.qosBandwidth);
export const qosPercent = whole(ranges.qosPercent);
export const qosLimitType = oneOf(choices.qosLimitType);
export const qosPercentSource = oneOf(choices.qosPercentSource);
export const flowActiveAging = whole(ranges.flowActiveAging);
export const flowInactiveAging = whole(ranges.flowInactiveAging);
export const port = whole(ranges.port);
export const flowLogOutput = oneOf(choices.flowLogOutput);
export const netflowVersion = oneOf(choices.netflowVersion);
export const region = oneOf(regionIds);
/** A region as the CEN API writes it: the region of a CCN has the prefix "ccn-". */
export const cenRegion = oneOf([...regionIds, ...regionIds.map((id) => `ccn-${id}`)]);

export const protocol = z.string().superRefine((text, context) => {
  if (ruleProtocol.pattern.test(text)) return;
  // A custom issue carries no path, so the field is named here; rules are the only input with a protocol.
  const field = "rule.protocol";
  const refusal = invalid(field, say("input_one_of", { field, values: ruleProtocol.known.join(", ") }));
  context.addIssue({ code: "custom", message: refusal.message, params: { refusal } });
});

/** A code for `code create`. */
export const newCode = z.string().superRefine((text, context) => {
  try {
    requireCode(text);
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    context.addIssue({ code: "custom", message: refusal.message, params: { refusal } });
  }
});

/** Application ids in the form in which they are stored: a JSON array of strings. */
export const applications = z.string().max(2_000).refine(isListOfIds);

function isListOfIds(json: string): boolean {
  let ids: unknown;
  try {
    ids = JSON.parse(json);
  } catch {
    return false;
  }
  const rule = { field: "id", min: 1, max: ruleApplications.length };
  return (
    Array.isArray(ids) &&
    ids.length <= ruleApplications.count &&
    ids.every((id) => typeof id === "string" && textFault(rule, id) === undefined)
  );
}
