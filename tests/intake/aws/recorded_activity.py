"""Step Functions' answers to GetActivityTask, as recorded; a question without a task is held, as there."""
import http.server
import json
import threading


class RecordedActivity:
    def __init__(self, tasks, hold=60):
        self.tasks, self.failed, self.questions = list(tasks), [], 0
        activity, lock, ended = self, threading.Lock(), threading.Event()
        self.ended = ended

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    answer = self.act(body)
                if answer is None:
                    ended.wait(hold)
                    answer = {"taskToken": None, "input": None}
                text = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(text)))
                try:
                    self.end_headers()
                    self.wfile.write(text)
                except BrokenPipeError:  # the broker has hung up
                    self.close_connection = True

            def act(self, body):
                if self.headers["X-Amz-Target"].endswith(".SendTaskFailure"):
                    activity.failed.append(body)
                    return {}
                activity.questions += 1
                return activity.tasks.pop(0) if activity.tasks else None

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()
