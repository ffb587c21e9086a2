#!/usr/bin/env python3
"""Writes botocore_vectors.json: requests as botocore signs them, for botocore_test.cc.

    python3 -m venv venv && venv/bin/pip install botocore && venv/bin/python tests/aws/botocore_vectors.py

Each vector has what came over the wire, and the canonical request that botocore made of it. Bodies of one repeated piece are
written as that piece and a count.
"""
import datetime
import json
import pathlib

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2026, 11, 20, 18, 16, 6, tzinfo=datetime.timezone.utc)
KEY, SECRET = "AKIDVECTORS", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SESSION = "FwoGZXIvYXdzEBc/+=very==long//session+token" * 8
TARGET = {"X-Amz-Target": "AWSStepFunctions.SendTaskSuccess", "Content-Type": "application/x-amz-json-1.0"}


class Recorded:
    """Keeps what the signer made on its way."""

    def canonical_request(self, request):
        self.canonical = super().canonical_request(request)
        return self.canonical


class HeaderSigner(Recorded, botocore.auth.SigV4Auth):
    pass


class QuerySigner(Recorded, botocore.auth.SigV4QueryAuth):
    pass


def freeze_time():
    if hasattr(botocore.auth, "get_current_datetime"):
        botocore.auth.get_current_datetime = lambda remove_tzinfo=True: NOW.replace(tzinfo=None) if remove_tzinfo else NOW
        return

    class Frozen(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return NOW.replace(tzinfo=None)

    botocore.auth.datetime.datetime = Frozen


def sign(name, *, method="POST", url="http://127.0.0.1:8433/", params=None, headers=TARGET, body=b"{}", piece=None,
         count=1, session=None, presigned=False, region="us-east-1"):
    if piece is not None:
        body = piece.encode() * count
    request = AWSRequest(method=method, url=url, params=params or {}, data=body, headers=dict(headers))
    credentials = Credentials(KEY, SECRET, session)
    signer = (QuerySigner if presigned else HeaderSigner)(credentials, "states", region)
    signer.add_auth(request)
    wire = request.prepare()
    scheme, rest = wire.url.split("://", 1)
    host, _, target = rest.partition("/")
    # Python's HTTP client leaves out the default port.
    host = host.removesuffix({"http": ":80", "https": ":443"}[scheme])
    path, _, query = ("/" + target).partition("?")
    sent = [["Host", host]] + [[k, v if isinstance(v, str) else v.decode()] for k, v in wire.headers.items()
                               if k.lower() != "host"]
    # A presigned request has the body's members in its query, and no body.
    text = piece if piece is not None else (wire.body or b"").decode()
    return {"name": name, "method": method, "path": path, "query": query, "headers": sent, "body": text,
            "body_count": count, "session_token": session or "", "canonical": signer.canonical}


def vectors():
    body = json.dumps({"taskToken": "T", "output": "{\"a\":1}"}).encode()
    yield sign("as the client sends it", body=body)
    yield sign("empty body", body=b"")
    yield sign("empty object")
    yield sign("UTF-8 in the body", body='{"output":"\\"caf\u00e9 \u4e2d\u6587 \U0001f600 \u0000\\""}'.encode())
    yield sign("all ASCII in the body", body="".join(map(chr, range(1, 128))).encode())
    yield sign("256 KiB", piece="0123456789abcdef", count=16384)
    yield sign("1 MiB", piece="\u00e9", count=524288)
    yield sign("session token", body=body, session=SESSION)
    yield sign("another region", body=body, region="eu-central-1")
    yield sign("host with the default port", url="http://localhost:80/")
    yield sign("host by name", url="https://states.us-east-1.amazonaws.com/")
    yield sign("host of IPv6", url="http://[::1]:8433/")
    yield sign("blanks in headers", headers={**TARGET, "X-Amz-Meta": "  a   b \t c  ", "Zeta": "z", "alpha": "A,  B"})
    yield sign("empty header", headers={**TARGET, "X-Empty": ""})
    yield sign("UTF-8 path", url="http://h/caf%C3%A9/%E4%B8%AD")
    yield sign("path with blanks and signs", url="http://h/a%20b/c+d/e~f/(g)/%7B%7D/h%2Fi")
    yield sign("path with dots and slashes", url="http://h//a/./b/../c//d/")
    yield sign("path above the root", url="http://h/../../x")
    yield sign("path of dots alone", url="http://h/./")
    yield sign("query", params={"b": "2", "a": "1", "A": "0"})
    yield sign("odd query", params={"k\u00e9y": "v\u00e4lue/ +&=?", "empty": "", "tilde~": "-_.~", "%41": "%"})
    yield sign("query with equal names", url="http://h/?x=b&x=a&x=&x=B")
    yield sign("query without values", url="http://h/?flag&other=")
    yield sign("GET", method="GET", body=b"", headers={})
    yield sign("presigned", presigned=True, body=body)
    yield sign("presigned with session token", presigned=True, body=body, session=SESSION)
    yield sign("presigned GET with a query", presigned=True, method="GET", body=b"", headers={},
               params={"z z": "\u00fc", "Action": "x"})


def main():
    freeze_time()
    out = {"key": KEY, "secret": SECRET, "now": int(NOW.timestamp() * 1000), "botocore": botocore.__version__,
           "vectors": list(vectors())}
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(out, indent=1, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
