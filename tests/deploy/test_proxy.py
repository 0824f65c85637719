"""dashboards/nginx.conf in a real nginx before a real dashboard: who gets through, with which name and password."""

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

PATIENCE_SECONDS = 200
DASHBOARD_PASSWORD, ADAS_PASSWORD = "c4nary of the dashboard", "c4nary of ada: ü"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx here: apt-get install nginx-light")


class Answer(NamedTuple):
    """What came back through the proxy."""

    status: int
    body: str
    headers: dict[str, str]


class Proxy(NamedTuple):
    """nginx with its folder."""

    folder: Path
    port: int
    dashboard_port: int

    def ask(
        self, path: str, password: str | None = None, method: str = "GET", *, tls: bool = False, **headers: str
    ) -> Answer:
        """Send it a request as the user ada; `Host=` replaces the name that it is called by."""
        if password is not None:
            headers["Authorization"] = "Basic " + b64encode(f"ada:{password}".encode()).decode()
        connection: http.client.HTTPConnection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        if tls:
            trusted = ssl.create_default_context(cafile=self.folder / "dashboard" / "fullchain.pem")
            connection = http.client.HTTPSConnection("localhost", self.port, timeout=60, context=trusted)
        try:
            connection.request(method, path, None, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode(errors="replace"), dict(answer.getheaders()))
        finally:
            connection.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def dashboard_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a dashboard with a password, which may be called `vsearch.example.org`."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("VSEARCH_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "vsearch", "dashboard", "--port", "0", "--allow-host", "vsearch.example.org"],
        env=plain
        | {
            "VSEARCH_HOME": str(tmp_path_factory.mktemp("home")),
            "VSEARCH_DASHBOARD_PASSWORD": DASHBOARD_PASSWORD,
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stderr.readline())
    assert found is not None
    yield int(found[1])
    process.terminate()
    process.communicate(timeout=PATIENCE_SECONDS)


@pytest.fixture
def proxy(root: Path, tmp_path: Path, dashboard_port: int) -> Proxy:
    """A folder as nginx's own, with our file, its two secrets and a certificate of its own; nothing runs yet."""
    found = Proxy(tmp_path, free_port(), dashboard_port)
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "default.conf").write_text(
        served_here((root / "dashboards" / "nginx.conf").read_text(), found)
    )
    paths = "".join(
        f"  {kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off;\npid {tmp_path}/pid;\nworker_processes 1;\n{'user root;' if os.geteuid() == 0 else ''}\n"
        f"events {{}}\nhttp {{\n  access_log off;\n{paths}  include conf.d/*.conf;\n}}\n"
    )
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "dashboard_password").write_text(f"{DASHBOARD_PASSWORD}\n")
    login = re.search(
        r"^#   (printf .*\\)\n#     (.*)$", (root / "dashboards" / "nginx.conf").read_text(), re.MULTILINE
    )
    assert login is not None
    shell(f"{login[1]}\n{login[2]}", tmp_path)  # as the head of the file says
    hashed = shell("openssl passwd -6 -stdin", tmp_path, ADAS_PASSWORD)
    (secrets / "dashboard_people").write_text(f"ada:{hashed}")
    (tmp_path / "dashboard").mkdir()
    for name in ("login", "people"):
        (secrets / f"dashboard_{name}").rename(tmp_path / "dashboard" / name)
    return found


def served_here(text: str, proxy: Proxy) -> str:
    """The file with the two addresses that cannot be the test's own; all else is as users have it."""
    for theirs, ours in (
        ("server dashboard:8080;", f"server 127.0.0.1:{proxy.dashboard_port};"),
        ("\n    listen 8443;", f"\n    listen 127.0.0.1:{proxy.port};"),
    ):
        assert text.count(theirs) == 1
        text = text.replace(theirs, ours)
    return text


def shell(command: str, folder: Path, given: str = "") -> str:
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, input=given, capture_output=True, text=True, check=True
    ).stdout


Begin = Callable[[], None]


@pytest.fixture
def begin(proxy: Proxy) -> Iterator[Begin]:
    """Starts nginx and waits until it answers."""
    processes: list[subprocess.Popen[str]] = []

    def begin() -> None:
        assert NGINX is not None
        command = [NGINX, "-p", str(proxy.folder), "-e", "stderr", "-c", str(proxy.folder / "nginx.conf")]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        end = time.monotonic() + PATIENCE_SECONDS
        while not _is_there(proxy.port):
            assert processes[0].poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)

    yield begin
    for process in processes:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


def _is_there(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def test_people_get_through_with_their_own_password_and_nobody_else(proxy: Proxy, begin: Begin) -> None:
    begin()
    for path in ("/", "/dashboard", "/api/studies", "/vsearch/", "/static/bundle.js"):
        for password in (None, "wrong", DASHBOARD_PASSWORD):
            assert proxy.ask(path, password).status == 401
        assert proxy.ask(path, ADAS_PASSWORD).status in (200, 302)
    assert json.loads(proxy.ask("/api/studies", ADAS_PASSWORD).body) == {"study_summaries": []}
    assert "c4nary" not in str([proxy.ask(path, ADAS_PASSWORD) for path in ("/", "/api/meta", "/nothing")])


def test_the_dashboards_own_checks_see_what_the_browser_sent(proxy: Proxy, begin: Begin) -> None:
    begin()
    assert proxy.ask("/api/studies", ADAS_PASSWORD, Host="vsearch.example.org").status == 200
    refused = proxy.ask("/api/studies", ADAS_PASSWORD, Host="evil.example")
    assert (refused.status, "--allow-host" in refused.body) == (403, True)
    changed = proxy.ask("/api/studies/1", ADAS_PASSWORD, "DELETE")
    assert (changed.status, "--writable" in changed.body) == (403, True)
    headers = proxy.ask("/vsearch/", ADAS_PASSWORD).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_only_the_sign_of_life_needs_no_password(proxy: Proxy, begin: Begin) -> None:
    begin()
    assert proxy.ask("/vsearch/health")[:2] == (200, "ok\n")
    for path in ("/vsearch/health/", "/vsearch/health/../", "/vsearch/healthy", "/vsearch/health%2f..%2f"):
        assert proxy.ask(path).status == 401


def test_large_answers_are_compressed(proxy: Proxy, begin: Begin) -> None:
    begin()
    for path in ("/vsearch/static/plotly.min.js", "/vsearch/static/vsearch.css"):
        assert proxy.ask(path, ADAS_PASSWORD, Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"


def test_the_lines_for_tls_work_when_they_are_taken_in(proxy: Proxy, begin: Begin) -> None:
    file = proxy.folder / "conf.d" / "default.conf"
    text = file.read_text().replace(f"    listen 127.0.0.1:{proxy.port};\n", "")
    text = text.replace("# listen 8443 ssl;", f"listen 127.0.0.1:{proxy.port} ssl;")
    text, count = re.subn(r"# (ssl_\w+ +|add_header )(/etc/nginx/)?", r"\1", text)
    assert count == 3
    file.write_text(text)
    shell(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost "
        "-keyout dashboard/privkey.pem -out dashboard/fullchain.pem",
        proxy.folder,
    )
    begin()
    answer = proxy.ask("/api/studies", ADAS_PASSWORD, tls=True)
    assert answer.status == 200
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert proxy.ask("/api/studies", tls=True).status == 401
    assert proxy.ask("/api/studies", ADAS_PASSWORD).status == 400  # plain HTTP


def test_the_health_check_of_compose_passes_at_a_dashboard_with_a_password(root: Path, dashboard_port: int) -> None:
    services = yaml.safe_load((root / "docker-compose.yml").read_text())["services"]
    program = services["dashboard"]["healthcheck"]["test"][3].replace("8080", str(dashboard_port))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0
