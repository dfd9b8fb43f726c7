"""A process that writes to the store as people do; started several times at once by a test.

Prints a line after each write. Anything but a conflict that its writer is told of ends it with an
error.
"""

import random
import sys
from pathlib import Path

from dnsinv.actions.acting import Actor
from dnsinv.actions.annotate import annotate, annotation_of
from dnsinv.actions.assign import Mode, assign_domains
from dnsinv.actions.configure import change_settings
from dnsinv.actions.installation import Installation, open_with
from dnsinv.actions.people import create_user, update_user, user_of
from dnsinv.errors import Conflict
from dnsinv.settings import Settings

COUNTER = "counter.example"
NAMES = [f"d{number}.example" for number in range(20)]
ME = Actor("writer", "service")


def main(root: str, url: str, seed: int, writes: int) -> None:
    installation = open_with(Settings(db_path=Path(root), database_url=url, _env_file=None))
    chance = random.Random(seed)
    create_user(installation, ME, {"name": f"W{seed}"})
    for number in range(writes):
        kind = chance.choices(
            ("count", "user", "department", "assign", "setting"), (4, 2, 2, 3, 1)
        )[0]
        write(installation, chance, kind, f"{seed}-{number}")
        sys.stdout.write(f"{kind}\n")
        sys.stdout.flush()
    installation.close()


def write(installation: Installation, chance: random.Random, kind: str, label: str) -> None:
    """One write; a count is one more than before, whoever else counts meanwhile."""
    seed = label.partition("-")[0]
    if kind == "count":
        count(installation)
    elif kind == "user":
        create_user(installation, ME, {"name": f"U{label}"})
    elif kind == "department":
        ada = user_of(installation, ME, f"W{seed}").user
        update_user(installation, ME, ada.id, {"department": label}, ada.changed_in)
    elif kind == "assign":
        some = chance.sample(NAMES, 5)
        mode = chance.choice(list(Mode))
        assign_domains(installation, ME, some, [f"W{seed}"], mode)
    else:
        change_settings(installation, ME, {"data_collection_interval": chance.randrange(1, 100)})


def count(installation: Installation) -> None:
    while True:
        said = annotation_of(installation, ME, COUNTER)
        try:
            annotate(
                installation,
                ME,
                COUNTER,
                note=str(int(said.note or 0) + 1),
                expected=said.changed_in,
            )
        except Conflict:
            continue
        return


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
