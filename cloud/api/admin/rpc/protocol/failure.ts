import type { CauseCode } from "../../../../base/cause.ts";
import type { Message } from "../../../../base/say.ts";

/** HTTP statuses of published error codes; the default is 400. */
const statuses: Record<string, number> = {
  "InvalidAction.NotFound": 404,
  "InvalidApi.NotFound": 404,
  "InvalidAccessKeyId.NotFound": 404,
  "SAG.InstanceNoFound": 404,
  "InvalidInstanceId.NotFound": 404,
  CcnNotExist: 404,
  ParameterBwpInstanceId: 404,
  ParameterCcnInstanceId: 404,
  ParameterCenInstanceId: 404,
  ParameterInstanceId: 404,
  ParameterSagACLId: 404,
  ParameterSagACLRuleId: 404,
  ParameterSagClientId: 404,
  ParameterSagQosCarId: 404,
  ParameterSagQosId: 404,
  ParameterSagQosPolicyId: 404,
  SagQosCarNotExist: 404,
  SagQosPolicyNotExist: 404,
  SagAclRuleNotExist: 404,
  "Forbidden.RAM": 403,
  NoPermission: 403,
  "AlreadyBound.CEN": 403,
  SmartAccessGatewayNotBind: 403,
  AclAmountLimit: 403,
  AclPerSmartagAmountLimit: 403,
  AcrPerAclAmountLimit: 403,
  InvalidPortRange: 403,
  UnsupportedHTTPMethod: 405,
  "InvalidOperation.BwpForGeoSpanAlreadyAssociated": 409,
  "Throttling.User": 429,
  InternalError: 500,
  ServiceUnavailable: 503,
};

/** An expected failure with its published error code. */
export class ApiFailure extends Error {
  readonly code: string;
  readonly status: number;
  readonly said: Message;
  /** What the caller should do; "" = no advice. */
  readonly recommend: string;
  /** The cause for our own clients; undefined = derived from the status. */
  override readonly cause: CauseCode | undefined;

  constructor(code: string, said: Message, recommend = "", cause?: CauseCode) {
    super(said.text);
    this.name = "ApiFailure";
    this.code = code;
    this.said = said;
    this.status = statuses[code] ?? 400;
    this.recommend = recommend;
    this.cause = cause;
  }
}
