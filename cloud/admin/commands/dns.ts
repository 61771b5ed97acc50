import { z } from "zod";
import { setDns } from "../../domain/instances/dns.ts";
import { dnsOf } from "../../store/queries/dns.ts";
import { type AnyCommand, changing, reading } from "../command.ts";
import { instanceRef, theInstance } from "./common.ts";
import { changingOne, many } from "./instances.ts";

export const dnsSet = changing({
  name: "dns set",
  access: "write",
  input: z.strictObject({
    instance: instanceRef.optional(),
    servers: many,
    domains: many.optional(),
    search: many.optional(),
    recovered: many.optional(),
  }),
  handle: (change, { instance: ref, ...settings }) =>
    changingOne(change, ref, (instance) => setDns(change, instance.id, settings)),
});

export const dnsShow = reading({
  name: "dns show",
  access: "read",
  input: z.strictObject({ instance: instanceRef.optional() }),
  read: async (at, p) => dnsOf(at.db, (await theInstance(at, p.instance)).id),
});

export const dnsCommands: readonly AnyCommand[] = [dnsSet, dnsShow];
