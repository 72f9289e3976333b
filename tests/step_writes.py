"""How a small program that is a step writes to S3 and reads from it: Spark and `hadoop fs` take a second to start. Source code, to be put before the program's own."""

from __future__ import annotations

# It signs as a cluster's nodes do, with a signature that emr_local does not check.
PUT = """
import os, urllib.request

def signed(place, method, data=None):
    url = os.environ["AWS_ENDPOINT_URL"] + "/" + place.removeprefix("s3://")
    scope = "Credential=" + os.environ["AWS_ACCESS_KEY_ID"] + "/20260101/us-east-1/s3/aws4_request"
    request = urllib.request.Request(url, data=data, method=method)
    request.add_header("Authorization", f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0")
    return request

def put(output, name, data=b"x"):
    request = signed(output + "/" + name, "PUT", data)
    request.add_header("Content-Type", "application/octet-stream")
    urllib.request.urlopen(request).close()

def get(place):
    return urllib.request.urlopen(signed(place, "GET")).read()
"""
