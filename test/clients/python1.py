"""Drives the server through the classes of aliyun-python-sdk-smartag: one JSON request per line in, one JSON answer out."""

import importlib
import json
import sys

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

endpoint, key, secret, authority = sys.argv[1:5]
client = AcsClient(key, secret, "cn-shanghai", verify=authority, auto_retry=False)


def classed(asked):
    """A request of the generated class, or None where the class does not know a field or an operation."""
    try:
        module = importlib.import_module("aliyunsdksmartag.request.v20180313.%sRequest" % asked["action"])
    except ImportError:
        return None
    request = getattr(module, asked["action"] + "Request")()
    for name, value in asked["fields"].items():
        setter = getattr(request, "set_" + name, None)
        if setter is None:
            return None
        setter(value)
    return request


def flat(name, value):
    if isinstance(value, list):
        pairs = [("%s.%d" % (name, i + 1), item) for i, item in enumerate(value)]
    elif isinstance(value, dict):
        pairs = [("%s.%s" % (name, key), item) for key, item in value.items()]
    else:
        return {name: value}
    return {key: text for pair in pairs for key, text in flat(*pair).items()}


def common(asked):
    request = CommonRequest(version=asked["version"], action_name=asked["action"])
    for name, value in asked["fields"].items():
        for key, text in flat(name, value).items():
            request.add_query_param(key, text)
    return request


for line in sys.stdin:
    asked = json.loads(line)
    typed = classed(asked) if asked["product"] == "smartag" else None
    request = typed or common(asked)
    request.set_endpoint(endpoint)
    request.set_protocol_type("https")
    request.set_method("POST")
    try:
        answer = {"body": json.loads(client.do_action_with_exception(request)), "typed": typed is not None}
    except ServerException as error:
        answer = {"code": error.get_error_code(), "status": error.get_http_status()}
    except Exception as error:  # Reported as it is: not an answer of the server.
        answer = {"code": "Client", "status": 0, "text": repr(error)}
    print(json.dumps(answer), flush=True)
