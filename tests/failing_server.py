"""A web server on this machine that fails on demand, so that tests of downloads need no network."""

import hashlib
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = b"smiles,target\nCCO,-0.3\n" * 5000  # more than one chunk
CHECKSUM = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Answers by path; counts what it was asked in `server.asked`."""

    def do_GET(self):
        self.server.asked.append(self.path)
        getattr(self, "answer_" + self.path.strip("/"))()

    def send(self, body, status=200, length=None, **headers):
        self.send_response(status)
        if length != "none":
            self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def answer_good(self):
        assert self.headers["Accept-Encoding"] == "identity"
        self.send(CONTENT)

    def answer_other(self):
        self.send(b"<html>a page that says sorry</html>")

    def answer_long(self):
        self.send(CONTENT + b"x")

    def answer_cut(self):
        self.send(CONTENT[:1000], length=len(CONTENT))

    def answer_cut_silently(self):
        self.send(CONTENT[:1000], length="none")

    def answer_busy(self):
        self.send(b"busy", status=503)

    def answer_recovers(self):
        self.send(*((b"error", 500) if self.server.asked.count(self.path) < 2 else (CONTENT,)))

    def answer_absent(self):
        self.send(b"no", status=404)

    def answer_hang(self):
        self.server.over.wait(10)

    def answer_drip(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        while not self.server.over.wait(0.05):
            try:
                self.wfile.write(b"x")
            except OSError:
                return

    def answer_moved(self):
        self.send(b"", status=302, Location="/good")

    def answer_downgraded(self):
        self.send(b"", status=302, Location="http://example.org/good")

    def answer_circle(self):
        self.send(b"", status=302, Location="/circle")

    def log_message(self, *args):
        pass


@contextmanager
def serving():
    """The server; its `url`, and in `asked` the paths it was asked for."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked, server.over, server.daemon_threads = [], threading.Event(), True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.over.set()
        server.shutdown()
        thread.join()
