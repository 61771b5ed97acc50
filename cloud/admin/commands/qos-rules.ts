import { z } from "zod";
import { textRules } from "../../domain/limits/text.ts";
import { carOf, createCar, deleteCar, modifyCar } from "../../domain/qos/cars.ts";
import { listCars, listPolicies, viewCar, viewPolicy } from "../../domain/qos/listing.ts";
import { createPolicy, deletePolicy, modifyPolicy, policyOf } from "../../domain/qos/policies.ts";
import { type AnyCommand, changing, reading } from "../command.ts";
import { textOf } from "./common.ts";
import { paged, readerOf, wishOf } from "./pages.ts";
import { oneQos, theQos } from "./qos.ts";
import {
  applications,
  protocol,
  qosBandwidth,
  qosLimitType,
  qosPercent,
  qosPercentSource,
  qosPriority,
  text,
} from "./values.ts";

const carValues = z.strictObject({
  name: textOf(textRules.qosCarName).optional(),
  description: textOf(textRules.qosCarDescription).optional(),
  priority: qosPriority.optional(),
  limitType: qosLimitType.optional(),
  minAbs: qosBandwidth.optional(),
  maxAbs: qosBandwidth.optional(),
  minPercent: qosPercent.optional(),
  maxPercent: qosPercent.optional(),
  percentSource: qosPercentSource.optional(),
});

const newCar = carValues.extend({ priority: qosPriority, limitType: qosLimitType });

const time = z.string().max(64);

const policyValues = z.strictObject({
  name: textOf(textRules.qosPolicyName),
  description: textOf(textRules.qosDescription),
  priority: qosPriority,
  protocol,
  sourceCidr: text,
  destCidr: text,
  sourcePorts: text,
  destPorts: text,
  dpiGroupIds: applications,
  dpiSignatureIds: applications,
  startTime: time,
  endTime: time,
});

/** What need not be said of a new classification rule. */
const newPolicy = policyValues.extend({
  name: policyValues.shape.name.default(""),
  description: policyValues.shape.description.default(""),
  dpiGroupIds: applications.default("[]"),
  dpiSignatureIds: applications.default("[]"),
  startTime: time.default(""),
  endTime: time.default(""),
});

export const qosCars = reading({
  name: "qos cars",
  access: "read",
  input: z.strictObject({
    ...oneQos,
    id: text.optional(),
    descriptionPart: text.optional(),
    order: z.enum(["asc", "desc"]).optional(),
    ...paged,
  }),
  async read(at, p) {
    const { id, descriptionPart, order = "asc" } = p;
    return listCars(at.db, readerOf(at), await theQos(at, p), { id, descriptionPart, order }, wishOf(p.page));
  },
});

export const qosAddCar = changing({
  name: "qos add-car",
  access: "write",
  input: z.strictObject({ ...oneQos, car: newCar }),
  handle: async (change, p) => viewCar(await createCar(change, await theQos(change, p), p.car)),
});

export const qosSetCar = changing({
  name: "qos set-car",
  access: "write",
  input: z.strictObject({ ...oneQos, id: text, car: carValues }),
  handle: async (change, p) => viewCar(await modifyCar(change, await theQos(change, p), p.id, p.car)),
});

export const qosRemoveCar = changing({
  name: "qos remove-car",
  access: "write",
  input: z.strictObject({ ...oneQos, id: text }),
  handle: async (change, p) => deleteCar(change, await carOf(change.tx, await theQos(change, p), p.id)),
});

export const qosPolicies = reading({
  name: "qos policies",
  access: "read",
  input: z.strictObject({
    ...oneQos,
    id: text.optional(),
    descriptionPart: text.optional(),
    priority: z.int().optional(),
    ...paged,
  }),
  async read(at, p) {
    const { id, descriptionPart, priority } = p;
    return listPolicies(at.db, readerOf(at), await theQos(at, p), { id, descriptionPart, priority }, wishOf(p.page));
  },
});

export const qosAddPolicy = changing({
  name: "qos add-policy",
  access: "write",
  input: z.strictObject({ ...oneQos, rule: newPolicy }),
  handle: async (change, p) => viewPolicy(await createPolicy(change, await theQos(change, p), p.rule)),
});

export const qosSetPolicy = changing({
  name: "qos set-policy",
  access: "write",
  input: z.strictObject({ ...oneQos, id: text, rule: policyValues.partial() }),
  async handle(change, p) {
    const given = Object.entries(p.rule).filter(([, value]) => value !== undefined);
    return viewPolicy(await modifyPolicy(change, await theQos(change, p), p.id, Object.fromEntries(given)));
  },
});

export const qosRemovePolicy = changing({
  name: "qos remove-policy",
  access: "write",
  input: z.strictObject({ ...oneQos, id: text }),
  handle: async (change, p) => deletePolicy(change, await policyOf(change.tx, await theQos(change, p), p.id)),
});

export const qosRuleCommands: readonly AnyCommand[] = [
  qosCars,
  qosAddCar,
  qosSetCar,
  qosRemoveCar,
  qosPolicies,
  qosAddPolicy,
  qosSetPolicy,
  qosRemovePolicy,
];
