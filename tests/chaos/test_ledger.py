"""What the driver reads of its workers from their ledgers."""

from pathlib import Path

from chaos_parts.drive import scripted_spec
from chaos_parts.forms import SQLITE
from chaos_parts.ledger import Ledger, LedgerStorage, is_ready

from vsearch.search.stored import create_study, open_study


def test_a_worker_is_ready_once_it_is_entered_and_not_when_it_has_but_opened_the_study(tmp_path: Path) -> None:
    """An outage that begins in between ends it with the words that no database answers, and rightly."""
    storage = LedgerStorage(f"sqlite:///{tmp_path / 'vsearch.db'}", create=True, retry_seconds=1.0)
    storage.ledger = Ledger(tmp_path / "w0001.ledger", "host-1")
    create_study(storage, scripted_spec(SQLITE))
    open_study(storage, "chaos")
    assert not is_ready(tmp_path, "w0001")
    storage.enter_worker("host-1", "host", 1, "cpu")
    assert is_ready(tmp_path, "w0001")
    storage.close()
