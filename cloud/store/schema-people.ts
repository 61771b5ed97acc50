/** Tables of what people use themselves. Conventions as in schema.ts. */
export interface PeopleSchema {
  resource: ResourceTable;
  second_factor: SecondFactorTable;
  password_code: PasswordCodeTable;
}

/** A published resource. */
export interface ResourceTable {
  instance_id: string;
  name: string;
  kind: string;
  address: string;
  position: number;
}

/** TOTP second factors (RFC 6238). The secrets are stored as base32, because checking a code requires them. */
export interface SecondFactorTable {
  account_id: string;
  /** null = no second factor in force. */
  secret: string | null;
  /** The latest accepted time step; its code and earlier ones are not accepted again. */
  last_step: number;
  /** The secret of an unconfirmed enrolment; null = none. */
  pending_secret: string | null;
  /** Epoch ms. */
  pending_until: number;
}

/** A one-time code for a forgotten password. There are also rows for names that do not exist. */
export interface PasswordCodeTable {
  /** Upper case. */
  enterprise_code: string;
  user_name: string;
  device_id: string;
  code_hash: string;
  tries_left: number;
  made_at: number;
  expires_at: number;
}
