/** Tables of what people see and do for themselves. Same conventions as in schema.ts. */
export interface PeopleSchema {
  resource: ResourceTable;
  second_factor: SecondFactorTable;
  password_code: PasswordCodeTable;
}

/** Something inside that an administrator publishes. */
export interface ResourceTable {
  instance_id: string;
  name: string;
  kind: string;
  address: string;
  position: number;
}

/** RFC 6238. The secrets are base32: they have to be known to be checked. */
export interface SecondFactorTable {
  account_id: string;
  /** null = none in force. */
  secret: string | null;
  /** The latest time step whose code was taken: neither it nor an earlier one is taken again. */
  last_step: number;
  /** Made but not confirmed; null = none. */
  pending_secret: string | null;
  /** Epoch ms. */
  pending_until: number;
}

/** A one-time code for a forgotten password, or its like for a name that does not exist. */
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
