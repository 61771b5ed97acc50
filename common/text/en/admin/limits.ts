import type { P } from "../../types.ts";

/** Messages about values that administrators may not set, except those that break a rule of the published API. */
export const limits = {
  text_length: ({ field, min, max, length }: P<"field" | "length" | "max" | "min">) =>
    `The ${field} must have ${min} to ${max} characters; it has ${length}.`,
  text_one_line: ({ field }: P<"field">) => `The ${field} must be one line without control characters.`,
  text_blank: ({ field }: P<"field">) => `The ${field} must not be blank.`,
  text_form: ({ field, form }: P<"field" | "form">) => `The ${field} must be ${form}.`,
  code_form: "An enterprise code has exactly five letters or digits.",
  domain_form: ({ domain }: P<"domain">) => `${domain} is not a domain name.`,
  policy_number: ({ word, min, max }: P<"max" | "min" | "word">) =>
    `${word} must be a whole number from ${min} to ${max}.`,
  policy_duration: ({ word, min, max }: P<"max" | "min" | "word">) =>
    `${word} must be a duration from ${min} to ${max}.`,
  route_form: ({ route }: P<"route">) => `${route} is not a prefix such as 10.0.0.0/16 (no bits set beyond the mask).`,
  route_everything: ({ route }: P<"route">) => `${route} is everything: set the full-tunnel policy instead.`,
  route_never_inside: ({ route, block }: P<"block" | "route">) =>
    `${route} overlaps ${block}, which is never inside an intranet.`,
  route_default: ({ route }: P<"route">) =>
    `${route} is as good as a default route: set the full-tunnel policy instead.`,
  routes_default: ({ version }: P<"version">) =>
    `Together the IPv${version} routes are as good as a default route: set the full-tunnel policy instead.`,
  resource_kind_unknown: ({ kind, known }: P<"kind" | "known">) => `${kind} is none of ${known}.`,
  resource_url_form: ({ kind }: P<"kind">) =>
    `The address of a resource of the kind ${kind} is an http or https URL without a user name, with at most 512 characters.`,
  resource_address_form: ({ kind }: P<"kind">) =>
    `The address of a resource of the kind ${kind} is HOST or HOST:PORT, with at most 512 characters.`,
};
