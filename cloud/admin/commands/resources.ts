import { z } from "zod";
import { textRules } from "../../domain/limits/text.ts";
import { addResource, removeResource, setResource } from "../../domain/resources/resources.ts";
import { type AnyCommand, changing } from "../command.ts";
import { instanceRef, textOf } from "./common.ts";
import { changingOne } from "./instances.ts";

const one = { instance: instanceRef.optional(), name: z.string() };

export const resourceAdd = changing({
  name: "resource add",
  access: "write",
  input: z.strictObject({
    ...one,
    name: textOf(textRules.resourceName),
    kind: z.string().optional(),
    address: z.string(),
  }),
  handle: (change, { instance: ref, ...wish }) =>
    changingOne(change, ref, (instance) => addResource(change, instance.id, wish)),
});

export const resourceSet = changing({
  name: "resource set",
  access: "write",
  input: z.strictObject({
    ...one,
    newName: textOf(textRules.resourceName).optional(),
    kind: z.string().optional(),
    address: z.string().optional(),
  }),
  handle: (change, { instance: ref, name, ...wish }) =>
    changingOne(change, ref, (instance) => setResource(change, instance.id, name, wish)),
});

export const resourceRemove = changing({
  name: "resource remove",
  access: "write",
  input: z.strictObject(one),
  handle: (change, p) => changingOne(change, p.instance, (instance) => removeResource(change, instance.id, p.name)),
});

export const resourceCommands: readonly AnyCommand[] = [resourceAdd, resourceSet, resourceRemove];
