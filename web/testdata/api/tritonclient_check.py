"""Checks /v2 of a running snowman with Triton's own client: python tritonclient_check.py HOST:PORT"""

import json
import sys
import urllib.request

import numpy
import tritonclient.http

TEXTS = ["zis32msdi3.com", "github.com", "bücher.de", "bad:host"]


def main(address):
    client = tritonclient.http.InferenceServerClient(address)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("snowman")
    assert client.get_server_metadata()["name"] == "snowman"
    metadata = client.get_model_metadata("snowman")
    assert [tensor["name"] for tensor in metadata["outputs"]] == ["score", "level", "kind", "error"], metadata
    assert client.is_model_ready("snowman", metadata["versions"][0])

    verdicts = json.load(urllib.request.urlopen(urllib.request.Request(
        f"http://{address}/v1/score", json.dumps({"texts": TEXTS}).encode(), {"Content-Type": "application/json"})))["verdicts"]
    for shape in ([len(TEXTS)], [len(TEXTS), 1]):
        text = tritonclient.http.InferInput("text", shape, "BYTES")
        text.set_data_from_numpy(numpy.array(TEXTS, dtype=object).reshape(shape), binary_data=False)
        outputs = [tritonclient.http.InferRequestedOutput(name, binary_data=False) for name in ("score", "level", "kind", "error")]
        answer = client.infer("snowman", [text], request_id="7", outputs=outputs)
        assert answer.get_response()["id"] == "7"
        columns = {name: answer.as_numpy(name).reshape(-1) for name in ("score", "level", "kind", "error")}
        assert answer.as_numpy("score").shape == tuple(shape)
        for i, verdict in enumerate(verdicts):
            assert columns["score"][i] == numpy.float32(verdict.get("score", -1)), (columns, verdict)
            for name in ("level", "kind", "error"):
                assert columns[name][i] == verdict.get(name, ""), (columns, verdict)

    text = tritonclient.http.InferInput("text", [1], "BYTES")
    text.set_data_from_numpy(numpy.array(["q.com"], dtype=object))  # as a binary tensor
    try:
        client.infer("snowman", [text])
    except tritonclient.http.InferenceServerException as error:
        assert "binary_data=False" in str(error), error
    else:
        raise AssertionError("a binary tensor is taken")
    try:
        client.get_model_metadata("other")
    except tritonclient.http.InferenceServerException as error:
        assert 'there is no model \\"other\\"' in str(error) or 'there is no model "other"' in str(error), error
    else:
        raise AssertionError("another model is found")
    print(f"tritonclient agrees with /v1/score on {len(TEXTS)} texts")


main(sys.argv[1])
