"""Starts a portriskd of its own for a test, on a free port and a new store."""

import pathlib
import signal
import subprocess
import tempfile
import time

START_S_MAX = 60


class Server:
    """A context: the server runs inside, and must stop cleanly at its end."""

    def __init__(self, binary, *flags):
        self.binary = binary
        self.flags = flags or ("--development",)

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="portrisk-interop-")
        folder = pathlib.Path(self.folder.name)
        self.log = folder / "log"
        port_file = folder / "address"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [self.binary, "--store", folder / "store", *self.flags,
                 "--listen", "127.0.0.1:0", "--port-file", port_file],
                stdout=log, stderr=subprocess.STDOUT)
        end = time.monotonic() + START_S_MAX
        while not (port_file.exists() and port_file.read_text().strip()):
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise RuntimeError("portriskd did not start: " +
                                   self.log.read_text(errors="replace"))
            time.sleep(0.05)
        self.address = port_file.read_text().strip()
        return self

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        log = self.log.read_text(errors="replace")
        self.folder.cleanup()
        if code != 0 and kind is None:
            raise RuntimeError(f"portriskd ended with {code}: {log}")
