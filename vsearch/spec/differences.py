"""What differs between two specs, in words."""

from vsearch.spec.study import StudySpec


def differences(stored: StudySpec, wanted: StudySpec) -> list[str]:
    """What differs between two specs, one line each, in words: `epochs: stored 16, asked for 8`."""
    lines = []
    old, new = stored.to_dict(), wanted.to_dict()
    for table in ("recipe", "knobs"):
        old |= {f"{table}.{key}": value for key, value in old.pop(table).items()}
        new |= {f"{table}.{key}": value for key, value in new.pop(table).items()}
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            lines.append(f"{key}: stored {_plain(old.get(key))}, asked for {_plain(new.get(key))}")
    return lines


def _plain(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return str(value.get("label", value))
    return ", ".join(map(_plain, value)) if isinstance(value, (list, tuple)) else str(value)
