"""The wide estate: a second account with something good and something bad of every service that moto can hold. Run it
with the address of moto."""

import apps
import data
import databases
import front
import network
import people
import watch

ESTATE = {}
for part in (
    people.build,
    data.keys,
    data.stores,
    network.build,
    network.machines,
    databases.build,
    data.files,
    data.channels,
    front.build,
    apps.build,
    watch.build,
):
    part(ESTATE)
