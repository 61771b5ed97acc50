import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, getCACertificates, rootCertificates } from "node:tls";
import { type Message, say } from "../base/say.ts";

/** Whether clients with this host's certificate authorities trust the server's certificate. */
export interface Vouching {
  /** Whether the certificate is trusted and valid for this name. */
  for(host: string): boolean;
  /** What an administrator should fix; undefined = nothing. */
  warning: string | undefined;
}

const selfMade: Vouching = { for: () => false, warning: undefined };

/**
 * Connects to the server's own listener like a client and verifies the certificate. `chain` is the administrator's certificate file;
 * undefined for a self-signed certificate, which clients trust by its pin.
 */
export async function vouching(port: number, host: string, chain: string | undefined): Promise<Vouching> {
  if (chain === undefined) return selfMade;
  const leaf = new X509Certificate(chain);
  const error = await handshakeError(port, host);
  if (error === undefined) {
    return {
      for: (name) => (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name)) !== undefined,
      warning: undefined,
    };
  }
  return { for: () => false, warning: reasonOf(error, chain, leaf).text };
}

/** OpenSSL's verification error; undefined = this host trusts the chain. */
function handshakeError(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const system = getCACertificates("system");
    const socket = connect({
      port,
      host,
      ca: [...(system.length > 0 ? system : rootCertificates), ...getCACertificates("extra")],
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
      // The name is checked later, because this connects to an address.
      checkServerIdentity: () => undefined,
    });
    const done = (error: string | undefined) => {
      socket.destroy();
      resolve(error);
    };
    socket.setTimeout(5_000, () => done("timeout"));
    socket.on("error", (error) => done(String(error)));
    socket.on("secureConnect", () => {
      const error = socket.authorizationError as unknown;
      done(socket.authorized ? undefined : ((error as { code?: string } | null)?.code ?? String(error)));
    });
  });
}

const incomplete = [
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
];

function reasonOf(error: string, chain: string, leaf: X509Certificate): Message {
  if (error === "CERT_HAS_EXPIRED") return say("certificate_expired", { date: leaf.validTo });
  if (error === "CERT_NOT_YET_VALID") return say("certificate_early", { date: leaf.validFrom });
  if (!incomplete.includes(error)) return say("certificate_untrusted", { error });
  const certificates = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const last = new X509Certificate(certificates.at(-1) ?? chain);
  const issuer = last.issuer.replaceAll("\n", ", ");
  return say("certificate_incomplete", { issuer });
}
