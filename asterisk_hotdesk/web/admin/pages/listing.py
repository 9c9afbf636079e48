"""Lists that are searched, filtered, sorted and turned over, all by their address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from asterisk_hotdesk.store import desk_list, user_list
from asterisk_hotdesk.web.admin.pages import asking
from asterisk_hotdesk.web.admin.routes import Visit

PER_PAGE = 50
_HIGHEST_PAGE = 100_000

W = TypeVar("W", desk_list.Wanted, user_list.Wanted)


@dataclass(frozen=True)
class View(Generic[W]):
    """What the address of a list says, and the addresses of lists like it."""

    path: str
    wanted: W
    usual: W
    """What is not said in the address."""

    @classmethod
    def of(cls, visit: Visit, path: str, usual: W) -> View[W]:
        """Return what *visit* asks for; what makes no sense is passed over."""
        page = asking.number(visit.http.query.get("page", ""), 1)
        wanted = replace(
            usual,
            only=asking.one_of(visit, "only", usual.only),
            text=asking.text(visit),
            order=asking.one_of(visit, "by", usual.order),
            descending=visit.http.query.get("down") == "1",
            page=min(max(page, 1), _HIGHEST_PAGE),
        )
        return cls(path, wanted, usual)

    @property
    def here(self) -> str:
        """Return the address of this list."""
        return self._address(self.wanted)

    def filtered(self, only: str) -> str:
        """Return the address of the first page with another filter."""
        kind = type(self.wanted.only)
        return self._address(replace(self.wanted, only=kind(only), page=1))

    def on_page(self, number: int) -> str:
        """Return the address of another page."""
        return self._address(replace(self.wanted, page=number))

    def sorted(self, order: str) -> str:
        """Return the address sorted by *order*, or the other way round if it is."""
        by = type(self.wanted.order)(order)
        descending = by is self.wanted.order and not self.wanted.descending
        return self._address(
            replace(self.wanted, order=by, descending=descending, page=1)
        )

    def sorting(self, order: str) -> str:
        """Return what `aria-sort` of a column is."""
        if order != self.wanted.order:
            return "none"
        return "descending" if self.wanted.descending else "ascending"

    def _address(self, wanted: W) -> str:
        return asking.address(
            self.path,
            only="" if wanted.only is self.usual.only else wanted.only,
            q=wanted.text,
            by="" if wanted.order is self.usual.order else wanted.order,
            down="1" if wanted.descending else "",
            page="" if wanted.page == 1 else str(wanted.page),
        )


def pages(found: int) -> int:
    """Return how many pages *found* rows take; never none."""
    return max(1, -(-found // PER_PAGE))
