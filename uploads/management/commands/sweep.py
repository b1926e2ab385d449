"""``manage.py sweep``: once what ``serve`` does every minute."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from uploads import lifecycle


class Command(BaseCommand):
    help = "Finish confirmations and deletions that stopped half-way; remove expired drafts and stray files."

    def handle(self, **_: Any) -> None:
        swept = asdict(lifecycle.sweep())
        self.stdout.write(", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in swept.items()))
