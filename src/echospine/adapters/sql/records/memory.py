"""The in-memory twin of the entries in a database."""

from __future__ import annotations

import threading

from echospine.adapters.sql.records.rules import by_day, no_entry, no_plan
from echospine.adapters.sql.rules import require_storable, taken
from echospine.domain.trends import Entry, Kept, Mark, Score, SiteError, StudyPlan, StudyReading, Withdrawal


class MemoryRecords:
    """PatientRecords that forget everything when the process ends."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._withdrawn: dict[str, Withdrawal] = {}
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Keep an entry; raises Conflict when its id or place is taken, NotFound for a reading without its plan."""
        require_storable(entry)
        with self._lock:
            same = [one for one in self._entries if isinstance(one, type(entry))]
            if isinstance(entry, StudyReading) and entry.plan_id not in {plan.id for plan in self.plans()}:
                raise no_plan(entry.plan_id)
            if any(one.id == entry.id or _place(one) == _place(entry) for one in same):
                raise taken("the store in memory")
            self._entries.append(entry)

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Let an entry no longer count; raises NotFound, and Conflict when it was withdrawn before."""
        require_storable(withdrawal)
        with self._lock:
            known = {one.id for one in self._entries if isinstance(one, Mark | Score | SiteError)}
            if withdrawal.entry_id not in known:
                raise no_entry(withdrawal.entry_id)
            if withdrawal.entry_id in self._withdrawn:
                raise taken("the store in memory")
            self._withdrawn[withdrawal.entry_id] = withdrawal

    def of_patient(self, patient: str) -> tuple[Kept, ...]:
        """Return marks and questionnaires of a patient, by day, withdrawn ones too."""
        found = [one for one in self._entries if isinstance(one, Mark | Score) and one.patient == patient]
        return by_day(found, tuple(self._withdrawn.values()))

    def site_errors(self) -> tuple[Kept, ...]:
        """Return this site's reliability studies, in the order in which they were kept, withdrawn ones too."""
        found = [one for one in self._entries if isinstance(one, SiteError)]
        return tuple(Kept(one, self._withdrawn.get(one.id)) for one in found)

    def plans(self) -> tuple[StudyPlan, ...]:
        """Return the plans of reliability studies, in the order in which they were made."""
        return tuple(one for one in self._entries if isinstance(one, StudyPlan))

    def readings(self, plan_id: str) -> tuple[StudyReading, ...]:
        """Return what raters have read so far, in the order in which they did."""
        return tuple(one for one in self._entries if isinstance(one, StudyReading) and one.plan_id == plan_id)


def _place(entry: Entry) -> object:
    """Return what no two entries of a kind may share beside their ids."""
    return (entry.plan_id, entry.rater, entry.place) if isinstance(entry, StudyReading) else entry.id
