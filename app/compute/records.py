"""The last few Results as records: what a page shows of one is derived from it right after it has been computed."""

import threading
from collections import OrderedDict

from ..results import Result

KEPT = 2  # a large one takes a hundred megabytes


class Records:
    """By key; for any number of threads."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, Result] = OrderedDict()
        self._changing = threading.Lock()

    def keep(self, key: str, record: Result) -> None:
        with self._changing:
            self._records[key] = record
            self._records.move_to_end(key)
            while len(self._records) > KEPT:
                self._records.popitem(last=False)

    def of(self, key: str, model: type[Result], body: bytes) -> Result:
        """The Result of this key, which reads so as JSON."""
        with self._changing:
            record = self._records.get(key)
        if record is None:
            record = model.model_validate_json(body)
        self.keep(key, record)
        return record
