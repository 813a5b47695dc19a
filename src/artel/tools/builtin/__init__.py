"""Tools that need nothing outside this process."""

from artel.tools.builtin.current_time import CURRENT_TIME

__all__ = ["CURRENT_TIME"]
