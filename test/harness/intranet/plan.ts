/** The small intranet of trial and tests: which address has what, for connected clients. */
export const domain = "trial.internal";

/** Reached only through the tunnel: no network with these addresses exists on the machine. */
export const network = "10.77.0.0/24";
export const addresses = {
  portal: "10.77.0.80",
  names: "10.77.0.53",
  echo: "10.77.0.7",
} as const;

export const records: Record<string, string> = {
  [`portal.${domain}`]: addresses.portal,
  [`files.${domain}`]: addresses.portal,
  [`dns.${domain}`]: addresses.names,
  [`echo.${domain}`]: addresses.echo,
};

export const portalUrl = `http://portal.${domain}/`;

/** What only connected clients can read. */
export const portalText = "You are inside the intranet.";

/** bytes. */
export const fileSize = 64 * 1024 * 1024;
export const filePath = "/64MB.bin";
export const uploadPath = "/upload";
