"""Certificates for tests, made by openssl."""

import datetime
import pathlib
import typing

import promshm_testing as testing

_CONFIG = """
[ca]
default_ca = authority
[authority]
database = index.txt
serial = serial.txt
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
"""


class Identity(typing.NamedTuple):
    """Paths of a certificate and its key."""

    certificate: pathlib.Path
    key: pathlib.Path


class Authority:
    """An authority with a folder of its own, which makes certificates."""

    def __init__(self, folder):
        self._folder = folder
        self.certificate = folder / "ca.crt"
        folder.mkdir()
        (folder / "openssl.cnf").write_text(_CONFIG)
        (folder / "index.txt").touch()
        (folder / "serial.txt").write_text("1000\n")
        self._make_key("ca.key")
        self._openssl("req", "-new", "-x509", "-config", "openssl.cnf",
                      "-key", "ca.key", "-out", "ca.crt", "-days", "2",
                      "-subj", f"/CN={folder.name}", "-extensions", "root")

    def issue(self, name, names=(), days=(-1, 1), purpose=None):
        """A certificate with `names` as openssl writes them: DNS:a, IP:::1.

        `days` from today, first and last. `purpose` is clientAuth or
        serverAuth.
        """
        extensions = ["basicConstraints = CA:false",
                      "subjectKeyIdentifier = hash",
                      "authorityKeyIdentifier = keyid"]
        if names:
            extensions.append("subjectAltName = " + ",".join(names))
        if purpose is not None:
            extensions.append(f"extendedKeyUsage = {purpose}")
        (self._folder / "extensions.cnf").write_text(
            "[extensions]\n" + "\n".join(extensions) + "\n")
        self._make_key(f"{name}.key")
        self._openssl("req", "-new", "-config", "openssl.cnf",
                      "-key", f"{name}.key", "-out", f"{name}.csr",
                      "-subj", f"/CN={name}")
        begin, end = (_time_in(count) for count in days)
        self._openssl("ca", "-batch", "-config", "openssl.cnf", "-notext",
                      "-in", f"{name}.csr", "-out", f"{name}.crt",
                      "-startdate", begin, "-enddate", end,
                      "-extfile", "extensions.cnf",
                      "-extensions", "extensions")
        return Identity(self._folder / f"{name}.crt",
                        self._folder / f"{name}.key")

    def _make_key(self, name):
        self._openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-out", name)

    def _openssl(self, *arguments):
        result = testing.run(["openssl", *arguments], cwd=self._folder)
        if result.returncode != 0:
            raise AssertionError(f"openssl {arguments}: {result.stderr}")


def _time_in(days):
    moment = (datetime.datetime.now(datetime.timezone.utc)
              + datetime.timedelta(days=days))
    return moment.strftime("%Y%m%d%H%M%SZ")
