"""The socket that the dashboard is served on: which it gets, how it is shown, and why it is refused."""

import socket
from pathlib import Path

import pytest

from vsearch.errors import InputError
from vsearch.reports.server.dashboard import address_of, bound_socket, is_loopback


@pytest.mark.parametrize(
    ("host", "shown", "is_private"),
    [("127.0.0.1", "127.0.0.1", True), ("localhost", "127.0.0.1", True), ("0.0.0.0", "127.0.0.1", False)],
)
def test_an_address_is_shown_as_a_browser_of_this_machine_reaches_it(host: str, shown: str, is_private: bool) -> None:
    with bound_socket(host, 0, has_password=True) as listener:
        assert address_of(listener) == f"http://{shown}:{listener.getsockname()[1]}/"
        assert is_loopback(listener) is is_private


def test_a_port_in_use_is_refused_with_its_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} of 127.0.0.1 is in use"):
            bound_socket("127.0.0.1", port)


def test_a_port_of_the_system_is_refused_to_an_ordinary_user(as_stranger: None) -> None:
    first_free = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if first_free <= 1:  # this system keeps no ports to itself
        bound_socket("127.0.0.1", 1).close()
        return
    with pytest.raises(InputError, match=f"port {first_free - 1} is for the system alone"):
        bound_socket("127.0.0.1", first_free - 1)


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid", "a" * 300, "x..y"])
def test_a_host_that_is_not_this_machines_is_refused(host: str) -> None:
    with pytest.raises(InputError, match=r"127\.0\.0\.1"):
        bound_socket(host, 0, has_password=True)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "::ffff:192.0.2.1", "0"])
def test_where_others_reach_it_there_must_be_a_password(host: str) -> None:
    with pytest.raises(InputError, match="needs a password: give --password-file FILE, or stay on 127") as caught:
        bound_socket(host, 0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost"])
def test_on_the_loopback_there_need_not(host: str) -> None:
    bound_socket(host, 0).close()
