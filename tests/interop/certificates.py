"""Certificates made for a test: an authority, and who it signs for."""

import subprocess

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """Files ca.crt and, of each that is signed, NAME.crt and NAME.key."""

    def __init__(self, folder):
        self.folder = folder
        self.openssl("req", "-x509", *KEY, "-keyout", "ca.key", "-subj",
                     "/CN=authority", "-days", "2", "-out", "ca.crt")

    def sign(self, name, names):
        """`names` as openssl writes subjectAltName: "DNS:a,IP:127.0.0.1"."""
        (self.folder / "names").write_text(f"subjectAltName={names}\n")
        self.openssl("req", *KEY, "-keyout", f"{name}.key", "-subj",
                     f"/CN={name}", "-out", "csr")
        self.openssl("x509", "-req", "-in", "csr", "-CA", "ca.crt", "-CAkey",
                     "ca.key", "-CAcreateserial", "-days", "2", "-extfile",
                     "names", "-out", f"{name}.crt")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True,
                       capture_output=True)
