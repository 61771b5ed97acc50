/** How a server was verified. */
export interface Identity {
  /** authority: certificate valid by the system's authorities. pin: from a link or an earlier connection. person: confirmed by a person. */
  by: "authority" | "pin" | "person";
  /** SHA-256 of the certificate's SubjectPublicKeyInfo, 64 lower-case hexadecimal digits. */
  fingerprint: string;
}
