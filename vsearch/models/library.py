"""Finding the functions that are compiled when vsearch is installed."""

import ctypes
import importlib.util
import logging

log = logging.getLogger(__name__)


def open_library(module: str, version_function: str, expected: int) -> ctypes.CDLL | None:
    """The compiled functions of a module; None if no compiler was there, or this processor is not worth calling them.

    Args:
        version_function: gives their version, 0 where they should not be called.
        expected: the version of the C source beside this program. Functions of another one take other arguments.
    """
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        log.debug("no %s: vsearch was installed without a C compiler", module)
        return None
    try:
        library = ctypes.CDLL(found.origin)
        version = int(library[version_function]())
    except (OSError, AttributeError) as error:
        log.warning("the compiled functions cannot be used (%s); training is slower", error)
        return None
    if version not in (0, expected):
        log.warning(
            "the compiled functions in %s are of version %d, and this is version %d: training is slower; compile them "
            "with: pip install -e . (in the source tree), or install vsearch anew",
            found.origin,
            version,
            expected,
        )
        return None
    return library if version else None
