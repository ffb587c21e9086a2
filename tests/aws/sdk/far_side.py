"""A Step Functions behind the broker, for calls that the broker passes on: answers as the token says, and remembers."""
import http.server
import json
import threading

BROKER_KEY = "AKIDOFTHEBROKER"
PREFIX = "AQCEAAAAKgAAAAMAAAAAfarside/"
STATUSES = {"InternalFailure": 500, "ServiceUnavailableException": 503, "TooManyRequestsException": 429}


def token_for(answer):
    """A token that is answered with this error; with success, if it is empty."""
    return PREFIX + answer


def text_of(error):
    return f"the far side says {error}: caf\u00e9"


class FarSide:
    """Runs until stop()."""

    def __init__(self):
        self.calls = []
        far_side = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = far_side.answer(self.headers, json.loads(body))
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("x-amzn-RequestId", "far-side")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, headers, request):
        operation = headers["X-Amz-Target"].removeprefix("AWSStepFunctions.")
        error = request["taskToken"].removeprefix(PREFIX)
        if f"Credential={BROKER_KEY}/" not in headers["Authorization"]:
            error = "UnrecognizedClientException"
        self.calls.append((operation, request))
        if not error:
            return 200, b"{}"
        body = {"__type": "com.amazonaws.swf.service.v2.model#" + error, "message": text_of(error)}
        return STATUSES.get(error, 400), json.dumps(body).encode()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
