/** Statuses of the published codes; all others are 400. */
const statuses: Record<string, number> = {
  "InvalidAction.NotFound": 404,
  "InvalidApi.NotFound": 404,
  "InvalidAccessKeyId.NotFound": 404,
  "SAG.InstanceNoFound": 404,
  ParameterCenInstanceId: 404,
  "Forbidden.RAM": 403,
  NoPermission: 403,
  "AlreadyBound.CEN": 403,
  SmartAccessGatewayNotBind: 403,
  AclAmountLimit: 403,
  AclPerSmartagAmountLimit: 403,
  AcrPerAclAmountLimit: 403,
  UnsupportedHTTPMethod: 405,
  "InvalidOperation.BwpForGeoSpanAlreadyAssociated": 409,
  "Throttling.User": 429,
  InternalError: 500,
  ServiceUnavailable: 503,
};

/** An expected "no" in the words of the published API. */
export class ApiFailure extends Error {
  readonly code: string;
  readonly status: number;
  /** What to do about it; "" = nothing more to say. */
  readonly recommend: string;

  constructor(code: string, message: string, recommend = "") {
    super(message);
    this.name = "ApiFailure";
    this.code = code;
    this.status = statuses[code] ?? 400;
    this.recommend = recommend;
  }
}
