"""Drives the server through alibabacloud_smartag20180313 and alibabacloud_cbn20170912, as python1.py does with the older ones."""

import importlib
import json
import re
import sys

from alibabacloud_tea_openapi.models import Config
from darabonba.runtime import RuntimeOptions

endpoint, key, secret = sys.argv[1:4]
packages = {"smartag": "alibabacloud_smartag20180313", "cbn": "alibabacloud_cbn20170912"}


def start(package):
    config = Config(access_key_id=key, access_key_secret=secret, endpoint=endpoint, protocol="HTTPS", region_id="cn-shanghai")
    client = importlib.import_module(package + ".client").Client(config)
    return client, importlib.import_module(package + ".models")


clients = {product: start(package) for product, package in packages.items()}


def snake(name):
    """DescribeCens is describe_cens, CreateACL is create_acl."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def method_of(client, action):
    """The generator has its own way with initialisms: DescribeACLs is describe_acls."""
    wanted = action.lower() + "withoptions"
    return next(getattr(client, name) for name in dir(client) if name.replace("_", "") == wanted)


def call(asked):
    client, models = clients[asked["product"]]
    request_class = getattr(models, asked["action"] + "Request")
    request = request_class().from_map(asked["fields"])
    lost = set(asked["fields"]) - set(request.to_map())
    if lost:
        raise ValueError("%s does not know %s" % (request_class.__name__, ", ".join(sorted(lost))))
    return method_of(client, asked["action"])(request, RuntimeOptions(autoretry=False)).body.to_map()


for line in sys.stdin:
    try:
        answer = {"body": call(json.loads(line)), "typed": True}
    except Exception as error:
        code = getattr(error, "code", None)
        status = getattr(error, "status_code", None) or (getattr(error, "data", None) or {}).get("statusCode", 0)
        answer = {"code": code, "status": status} if code else {"code": "Client", "status": 0, "text": repr(error)}
    print(json.dumps(answer), flush=True)
