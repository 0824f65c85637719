import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from torchvision.datasets.utils import download_url

from vsearch.data.download import fetch_if_missing
from vsearch.data.verify import PublishedFiles
from vsearch.errors import DataError
from vsearch.spec.datasets import DATASETS

CONTENT = b"the images of a data set"
MD5 = hashlib.md5(CONTENT).hexdigest()
FILES = PublishedFiles(DATASETS["svhn"], "", {"images": MD5})


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A web server of this machine, with the published file; its address."""
    monkeypatch.setenv("no_proxy", "*")
    published = tmp_path / "published"
    published.mkdir()
    (published / "images").write_bytes(CONTENT)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(published))) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_address[1]}"
        serving.shutdown()
        thread.join()


def test_missing_file_is_fetched_into_a_new_folder(tmp_path: Path, server: str) -> None:
    root = tmp_path / "new" / "root"
    fetch_if_missing(FILES, root, lambda: download_url(f"{server}/images", root, "images", MD5))
    assert (root / "images").read_bytes() == CONTENT
    FILES.verify(root)


def test_damaged_file_is_fetched_again(tmp_path: Path, server: str) -> None:
    (tmp_path / "images").write_bytes(CONTENT[:5])
    fetch_if_missing(FILES, tmp_path, lambda: download_url(f"{server}/images", tmp_path, "images", MD5))
    FILES.verify(tmp_path)


def test_intact_files_are_not_fetched_nor_is_anything_written(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(CONTENT)
    fetch_if_missing(FILES, tmp_path, lambda: pytest.fail("fetched"))
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


def test_server_that_sends_another_content_is_one_line(tmp_path: Path, server: str) -> None:
    (tmp_path / "published" / "images").write_bytes(b"404 not the images")
    with pytest.raises(DataError, match=r"^cannot download SVHN to .*: .*corrupted.*; try again"):
        fetch_if_missing(FILES, tmp_path, lambda: download_url(f"{server}/images", tmp_path, "images", MD5))


def test_server_without_the_file_is_one_line(tmp_path: Path, server: str) -> None:
    with pytest.raises(DataError, match=r"^cannot download SVHN to .*: HTTP Error 404.*; try again"):
        fetch_if_missing(FILES, tmp_path, lambda: download_url(f"{server}/none", tmp_path, "images", MD5))


def test_no_network_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(DataError, match=r"^cannot download SVHN to .*refused.*; try again"):
        fetch_if_missing(FILES, tmp_path, lambda: download_url("http://127.0.0.1:9/x", tmp_path, "images", MD5))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_full_disk_is_told_with_the_room_it_needs(tmp_path: Path, server: str) -> None:
    (tmp_path / "images").symlink_to("/dev/full")

    def fetch() -> None:
        # Not by download_url, which first reads what is there: /dev/full never ends.
        with (tmp_path / "images").open("wb") as file:
            file.write(CONTENT)

    files = PublishedFiles(DATASETS["svhn"], "folder", {"images": MD5})
    with pytest.raises(DataError, match=r"^cannot download SVHN to .*: the disk is full; free about 364 MB"):
        fetch_if_missing(files, tmp_path, fetch)


def test_root_below_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match=r"^cannot download SVHN to .*Not a directory"):
        fetch_if_missing(FILES, tmp_path / "file" / "root", lambda: None)


def test_two_that_download_at_once_fetch_once(tmp_path: Path) -> None:
    fetched = []

    def fetch() -> None:
        fetched.append(1)
        (tmp_path / "images").write_bytes(CONTENT)

    threads = [threading.Thread(target=fetch_if_missing, args=(FILES, tmp_path, fetch)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 1
