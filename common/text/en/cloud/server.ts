import type { P } from "../../types.ts";

/** Messages of the server about requests, its readiness, and its start. */
export const server = {
  request_unknown_call: "This server has no such call.",
  request_nothing_here: "There is nothing at this address.",
  request_needs_token: "This call needs a token (Authorization: Bearer …).",
  request_too_many: "Too many requests from this address.",
  request_late: ({ seconds }: P<"seconds">) => `The request did not arrive within ${seconds} s.`,
  request_head_late: "The header of the request did not arrive in time.",
  request_head_too_large:
    "The request line and the headers are larger than 16 KiB. Send the parameters in the body of a POST.",
  request_not_http: "The request is not valid HTTP.",
  request_without_tls: "This port accepts only HTTPS. Use https:// instead of http://.",
  request_failed: "The cloud instance failed unexpectedly.",
  request_failed_with_id: ({ id }: P<"id">) => `The cloud instance failed unexpectedly (request ${id}).`,
  not_ready_stopping: "The server is stopping.",
  not_ready_certificate: "The certificate has expired.",
  not_ready_disk: "The disk is full.",
  not_ready_store: "The database does not answer.",
  not_ready_data: "The data directory does not answer.",
  request_no_host: "The Host or :authority header of the request is not a valid host name.",
  request_content_type: "Send application/json or application/proto, or their streaming forms.",
  request_not_post: "Calls are POST requests.",
  request_breaks_rule: ({ field, reason }: P<"field" | "reason">) => `${field}: ${reason}`,
  request_not_valid: "The message is not valid.",
  request_too_large: "The message is larger than 256 KiB.",
  request_unreadable: "The message cannot be read.",
  request_unreadable_because: ({ reason }: P<"reason">) => `The message cannot be read: ${reason}`,
  address_or_prefix_invalid: ({ text }: P<"text">) => `${text} is not an address or a prefix.`,
  listen_not_host_port: ({ text }: P<"text">) => `${text} is not HOST:PORT.`,
  listen_port_taken: ({ port, host }: P<"host" | "port">) => `Port ${port} on ${host} is in use by another process.`,
  listen_not_permitted: ({ port }: P<"port">) => `This user is not allowed to listen on port ${port}.`,
  listen_no_ipv6: "This computer has no IPv6: listen on 127.0.0.1 instead of [::1].",
  tls_files_together: "--tls-cert and --tls-key must be used together.",
  tls_next_key_alone: "--tls-next-key requires --tls-cert.",
  tls_certificate_unusable: ({ reason }: P<"reason">) => `The certificate cannot be used: ${reason}.`,
  tls_file_damaged: ({ file }: P<"file">) => `${file} is damaged: it contains no key.`,
  public_url_invalid: ({ text }: P<"text">) => `${text} is not https://HOST or https://HOST:PORT.`,
  log_file_unusable: ({ reason }: P<"reason">) => `The log file cannot be opened: ${reason}.`,
  listen_not_here: ({ host, any, url }: P<"any" | "host" | "url">) =>
    `${host} is not an address of this computer. Behind NAT, listen on ${any} and use --public-url ${url}.`,
  certificate_expired: ({ date }: P<"date">) => `The certificate expired at ${date}.`,
  certificate_early: ({ date }: P<"date">) => `The certificate is valid from ${date} only.`,
  certificate_untrusted: ({ error }: P<"error">) =>
    `The certificate is not trusted by this computer's certificate authorities (${error}).`,
  certificate_incomplete: ({ issuer }: P<"issuer">) =>
    `The certificate file has no certificate of "${issuer}", and this computer does not trust that authority. If it is an intermediate authority, append its certificate to the file (ACME clients call this fullchain.pem), because clients do not download it.`,
};
