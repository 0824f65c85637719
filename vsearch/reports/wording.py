"""Numbers and foreign texts as people read them, in terminals, pages and tables."""


def plain(text: str, keep: str = "") -> str:
    """`text` with what a terminal would obey or hide shown as `\\x1b`: escapes, line ends, changes of direction.

    Names, reasons and log lines come from a database that others write to. Characters of `keep` stay.

    >>> plain("a\\x1b[2Jb\\n")
    'a\\\\x1b[2Jb\\\\n'
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def percent(accuracy: float | None) -> str:
    """An accuracy as people read it: `97.92 %`."""
    return "-" if accuracy is None else f"{100 * accuracy:.2f} %"


def points(difference: float | None) -> str:
    """A difference in percentage points: `+1.39`."""
    return "-" if difference is None else f"{round(difference, 2) + 0.0:+.2f}"  # no minus before a zero


def duration(seconds: float) -> str:
    """`45 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def counted(number: int, noun: str) -> str:
    """`1 trial`, `2 trials`, `no trials`."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def capitalised(sentence: str) -> str:
    """A sentence that begins with a capital; unlike `str.capitalize` it leaves the rest as it is.

    >>> capitalised("not shown: ResNet")
    'Not shown: ResNet'
    """
    return sentence[:1].upper() + sentence[1:]
