"""Keeping large uploads off the disk: what is beyond the limit is thrown away while it arrives."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler

MOST_FILES_OF_A_REQUEST = 10
"""So many files of the largest size may come at once; more of them only if they are smaller."""


class Bounded(FileUploadHandler):
    """Passes on each file up to one byte beyond the limit, which `evidence.keep` then refuses by its name."""

    def __init__(self, request: Any = None) -> None:  # noqa: ANN401 (Django's own)
        """Begin with nothing received."""
        super().__init__(request)
        self._of_all = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Return as much of the chunk as is within the limit; None for the rest."""
        most = int(settings.CONFIGURATION.largest_upload) * 1024 * 1024 + 1
        kept = raw_data[: max(0, min(most - start, MOST_FILES_OF_A_REQUEST * most - self._of_all))]
        self._of_all += len(kept)
        return kept or None

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handlers behind this one."""
