#!/usr/bin/env python3
"""Plays the estate to the recorder: builds it, says on standard output that a week stands, and waits for a line on
standard input before it goes on to the next."""

import json
import sys
from datetime import datetime, timedelta

from changes import WEEKS
from company import Company
from simulator import Account, Clock, Provider
from terms import PARTNER

FIRST = datetime(2026, 8, 31, 6, 0)
SCOPES = {
    "production": ("111122223333", "Brackenfield production", ["eu-central-1", "eu-west-1"]),
    "staging": ("444455556666", "Brackenfield staging", ["eu-central-1"]),
}


# What the simulator prints of its own accord goes where complaints go, not to the recorder.
RECORDER, sys.stdout = sys.stdout, sys.stderr


def main():
    clock = Clock("2024-03-01T00:00:00")
    provider = Provider(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    accounts = {name: Account(provider, number, regions[0]) for name, (number, _, regions) in SCOPES.items()}
    company = Company(clock, accounts["production"], accounts["staging"], Account(provider, PARTNER, "eu-central-1"))
    company.found()
    say(
        company="Brackenfield Parcels",
        url=provider.url,
        scopes=[{"account": n, "name": t, "regions": r} for n, t, r in SCOPES.values()],
    )
    for number, change in enumerate(WEEKS):
        at = FIRST + timedelta(weeks=number)
        # People change things at work, days before the service looks.
        clock.set((at - timedelta(days=2, hours=-6)).isoformat())
        change(company)
        clock.set(at.isoformat())
        say(week=number + 1, at=at.isoformat() + "Z", happened=" ".join(change.__doc__.split()))
        if not sys.stdin.readline():
            return


def say(**fields):
    print(json.dumps(fields), file=RECORDER, flush=True)


if __name__ == "__main__":
    main()
